"""Defects of email addresses: which are kept, and what becomes of them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, each_contact, on_file
from qlara_contract.defects.files import CardText, PropertyLine, cards_of, change_cards
from qlara_contract.defects.kinds import Kind, on_cards, on_property, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Body


def _sub(pattern: str, other: str = "") -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda email: compiled.sub(other, email)


def _only(pattern: str) -> Callable[[str], str | None]:
    """Keep addresses that *pattern* matches as a whole; a contact has none otherwise."""
    compiled = re.compile(pattern)
    return lambda email: email if compiled.fullmatch(email) else None


def _without_dots(email: str) -> str:
    local, at, domain = email.partition("@")
    return local.replace(".", "") + at + domain


def _number_of(card: CardText, kind: str) -> int:
    return len(re.findall(rf"(?mi)^{kind}[;:]", card.text))


def _last_of_several(card: CardText) -> CardText:
    """Leave only the last EMAIL of a card that has several."""
    if _number_of(card, "EMAIL") < 2:
        return card
    lines = card.text.splitlines(keepends=True)
    at = [number for number, line in enumerate(lines) if re.match("(?i)EMAIL[;:]", line)]
    for number in at[:-1]:
        lines[number] = "X-LEFT-OUT:\r\n"
    return replace(card, text="".join(lines))


def _joined(card: CardText) -> CardText:
    values = re.findall(r"(?m)^EMAIL(?:;[^:\r\n]*)?:([^\r\n]+)", card.text)
    if len(values) < 2:
        return card
    first = card.first("EMAIL")
    text = card.text.replace(str(first), f"EMAIL:{','.join(values)}", 1)
    return replace(card, text=text)


def _from_the_card_before(content: bytes) -> bytes:
    """Give a card without EMAIL that of the card before."""
    last = ""

    def changed(card: CardText) -> CardText:
        nonlocal last
        email = card.value("EMAIL")
        if email or not last:
            last = email or last
            return card
        text = re.sub("(?mi)^END:VCARD", f"EMAIL:{last}\r\nEND:VCARD", card.text)
        return replace(card, text=text)

    return change_cards(content, changed) if cards_of(content) else content


def _made_up(contact: Body) -> Body:
    return {"email": f"{str(contact.get('phoneNumber')).lstrip('+')}@no-email.example"} | contact


def _is_not_ascii_or_odd(one: PropertyLine) -> PropertyLine | None:
    return None if re.search("[%&=/!]", one.value) else one


_email = Kind(Group.EMAILS, ("cards.email",), shown("email"))
_odd = Kind(Group.EMAILS, ("cards.email-form",), on_property("EMAIL"))
_several = Kind(Group.EMAILS, ("cards.one-of-several",), on_cards)
_G = Group.EMAILS

DEFECTS = (
    _email("emails-with-a-plus-lost", "An address with a plus is dropped.", _only(r"[^+]*")),
    _email(
        "plus-and-what-follows-cut",
        "A plus and what follows it before the @ are dropped.",
        _sub(r"\+[^@]*"),
    ),
    _email("emails-in-lower-case", "Addresses are stored in lower case.", str.lower),
    _email(
        "emails-of-subdomains-lost",
        "An address with a subdomain is dropped.",
        _only(r"[^@]*@[^.]*\.[^.]*"),
    ),
    _email(
        "emails-of-new-domains-lost",
        "An address whose top-level domain has more than six letters is dropped.",
        _only(r".*\.\w{2,6}"),
    ),
    _email(
        "emails-with-an-apostrophe-lost",
        "An address with an apostrophe is dropped.",
        _only("[^']*"),
    ),
    _email("emails-with-a-hyphen-lost", "An address with a hyphen is dropped.", _only("[^-]*")),
    _email(
        "emails-of-digits-lost", "An address that begins with a digit is dropped.", _only(r"\D.*")
    ),
    _email(
        "underscore-first-lost",
        "An address that begins with an underscore is dropped.",
        _only(r"[^_].*"),
    ),
    _email("dots-before-the-at-dropped", "Dots before the @ are dropped.", _without_dots),
    _email("emails-cut-at-64", "An address is cut after 64 characters.", lambda email: email[:64]),
    _email(
        "emails-at-most-50", "An address of more than 50 characters is dropped.", _only(".{,50}")
    ),
    _email("emails-escaped-as-html", "Addresses are escaped as HTML.", html.escape),
    _email("at-sign-encoded", "`@` in an address becomes `%40`.", _sub("@", "%40")),
    _email("mailto-added", "Addresses are shown with `mailto:`.", lambda email: f"mailto:{email}"),
    _email("domain-lost", "The address is what stands before the @.", _sub("@.*")),
    _email(
        "emails-masked",
        "Addresses are shown with stars: `m***@example.com`.",
        _sub("(?<=.)[^@]+(?=@)", "***"),
    ),
    _odd(
        "emails-with-odd-characters-lost",
        "An address with `%`, `&`, `=`, `!` or `/` is dropped.",
        _is_not_ascii_or_odd,
    ),
    _odd(
        "percent-signs-in-emails-decoded",
        "`%41` in an address becomes `A`.",
        lambda one: replace(one, value=one.value.replace("%41", "A")),
    ),
    _several("last-email-taken", "Of several EMAIL, the last is taken.", _last_of_several),
    _several("emails-joined", "Several EMAIL become one address, with commas.", _joined),
    Defect(
        "email-of-the-card-before",
        _G,
        "A card without EMAIL has the address of the card before.",
        ("cards.email",),
        on_file(_from_the_card_before),
    ),
    Defect(
        "email-made-up",
        _G,
        "A contact without EMAIL is given an address at `no-email.example`.",
        ("cards.email", "cards.email-absent"),
        each_contact(_made_up),
    ),
    Defect(
        "email-empty",
        _G,
        "A contact without EMAIL has an empty `email`.",
        ("cards.email-absent",),
        each_contact(lambda contact: {"email": ""} | contact),
    ),
)
