from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.email_address import bare, doubt
from qlara_sandbox.domain.vcard import read_cards


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "anna@example.it",
            "mailto:anna@example.it",
            "MAILTO: anna@example.it",
            "<anna@example.it>",
        ),
        *(
            "Anna Neri <anna@example.it>",
            '"Neri, Anna" <anna@example.it>',
            "<mailto:anna@example.it>",
        ),
        *("mailto:anna%40example.it?subject=Ciao", "SMTP:anna@example.it", "smtp:anna@example.it"),
        *(
            "anna@example.it (Anna Neri)",
            "'anna@example.it'",
            '"anna@example.it"',
            "Anna<anna@example.it>",
        ),
        *("mailto:Anna%20Neri%20%3Canna@example.it%3E", "anna@example.it (ufficio)"),
    ],
)
def test_an_address_is_what_mail_can_be_sent_to(typed: str) -> None:
    assert bare(typed) == "anna@example.it"


@pytest.mark.parametrize(
    "typed",
    [
        "/o=Ex/ou=x/cn=ub",
        "c=it;a= ;p=Org;s=Neri;g=Anna",
        "n/d",
        "Anna Neri",
        "",
        "Notes: CN=Anna/O=Org",
    ],
)
def test_what_is_no_address_is_kept_as_it_is(typed: str) -> None:
    assert bare(typed) == typed


def email(*lines: str) -> str:
    text = "\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])
    (card,) = read_cards(text.encode())
    return card.email


@pytest.mark.parametrize(
    "first",
    [
        *(
            "/o=Ex/ou=x/cn=ub",
            "/O=EXCH/OU=FIRST/CN=RECIPIENTS/CN=ANNA",
            "X400:c=it;a= ;p=Org;s=Neri",
        ),
        *("EX:/o=Ex/cn=ub", "Anna Neri/Org", "anna", "IMCEAEX-_O=EX_OU=X_CN=ANNA@example.it"),
        *(
            "c=IT\\;a= \\;p=Org\\;dda:SMTP=anna(a)example.it",
            "SMTP:",
            "n/d",
            "@",
            "anna@@example.it",
        ),
    ],
)
@pytest.mark.parametrize("types", ["", ";TYPE=EX", ";TYPE=X400", ";TYPE=PREF", ";PREF=1"])
def test_an_address_comes_before_what_is_none(first: str, types: str) -> None:
    assert (
        email(f"EMAIL{types}:{first}", "EMAIL;TYPE=INTERNET:anna@example.it") == "anna@example.it"
    )


def test_of_several_addresses_the_preferred_or_first_one_is_the_best() -> None:
    assert email("EMAIL:a@example.it", "EMAIL:<b@example.it>") == "a@example.it"
    assert email("EMAIL:a@example.it", "EMAIL;TYPE=PREF:B <b@example.it>") == "b@example.it"


def test_what_is_no_address_is_better_than_nothing() -> None:
    assert email("EMAIL:/o=Ex/ou=x/cn=ub") == "/o=Ex/ou=x/cn=ub"


@settings(deadline=None)
@given(st.text(), st.text("<>@:() \"'mailto?%", max_size=20))
def test_any_text_is_read_and_none_becomes_empty(text: str, marks: str) -> None:
    for typed in (text, marks, text + marks):
        assert bool(bare(typed)) == bool(typed)
        assert doubt(bare(typed)) in {0, 1, 2}
