"""Numbers become fictional ones of their country and type, written as they were."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings, strategies as st

from qlara_proxy.fictional.numbers import FictionalNumbers
from qlara_proxy.fictional.words import Words, shares_a_part
from qlara_proxy.sandbox import phone_normaliser, phone_of_value

# Of the Vatican and of Guernsey, whose numbers all begin with the same five digits.
_ENCLAVES = {"(+39) 06 6988 3475", "07911 123456"}


def numbers(region: str = "IT") -> FictionalNumbers:
    words = Words(b"secret")
    words.is_learning = False
    return FictionalNumbers(words, region)


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("347 123 4567", "IT"),
        ("+39-347-1234567", "IT"),
        ("0039 347 1234567", "IT"),
        ("(+39) 06 6988 3475", "IT"),
        ("tel:+39-347-123-4567;ext=12", "IT"),
        ("tel:3471234567;phone-context=+39", "IT"),
        ("+39 347 1234567 int. 12", "IT"),
        ("347-CALL-NOW", "IT"),
        ("３４７１２３４５６７", "IT"),
        ("٣٤٧١٢٣٤٥٦٧", "IT"),
        ("https://wa.me/393471234567", "IT"),
        ("+44 (0)20 7946 0018", "GB"),
        ("07911 123456", "GB"),
        ("(202) 456-1414 x5", "US"),
        ("0171 1234567", "DE"),
        ("06 12 34 56 78", "FR"),
        ("011 15-2345-6789", "AR"),
        ("8 (912) 345-67-89", "RU"),
        ("090-1234-5678", "JP"),
        ("138 1234 5678", "CN"),
    ],
)
def test_a_number_stays_in_its_country_of_its_type_and_as_it_was_written(
    typed: str, region: str
) -> None:
    normalise = phone_normaliser(region)
    known = numbers(region)

    new = "".join(known.typed(typed))

    before, after = (normalise(each.removeprefix("https://wa.me/")) for each in (typed, new))
    if typed.startswith("https"):
        before, after = "+393471234567", f"+{new.rpartition('/')[2]}"
    assert before is not None
    assert after == known.fictional(before)
    one, two = map(phonenumbers.parse, (before, after))
    assert phonenumbers.number_type(one) == phonenumbers.number_type(two)
    assert one.country_code == two.country_code
    if typed not in _ENCLAVES:
        assert phonenumbers.region_code_for_number(one) == phonenumbers.region_code_for_number(two)
    national = str(phonenumbers.national_significant_number(one))
    assert not shares_a_part(national, str(phonenumbers.national_significant_number(two)))
    if region != "AR":
        assert (len(new), [not each.isalnum() for each in new]) == (
            len(typed),
            [not each.isalnum() for each in typed],
        )


@pytest.mark.parametrize(
    "typed",
    [
        "118",
        "n/d",
        "4898989",
        "+39 3",
        "347 12",
        "347 1234567 / 348 7654321",
        "",
        "  ",
        "899 123456",
        "+393471234567890123",
    ],
)
def test_what_is_no_number_stays_none(typed: str) -> None:
    known = numbers()

    new = "".join(known.typed(typed))

    assert (known.judge(new), len(new)) == (None, len(typed))


def test_a_range_for_fiction_is_used_where_it_counts_as_valid() -> None:
    known = numbers("GB")

    assert known.fictional("+12126647665").startswith("+121255501")
    assert known.fictional("+442079250918")[3:].startswith(
        ("2079460", "1134960", "1214960", "1614960")
    )


def test_notations_of_one_number_become_notations_of_one_number() -> None:
    known = numbers()
    texts = ("347 123 4567", "+393471234567", "tel:+39-347-123-4567", "0039/347.1234567")

    assert len({known.judge("".join(known.typed(each))) for each in texts}) == 1


@settings(max_examples=150, deadline=None)
@example("010000\\N")
@example("nNx-9x３72xt426(6.-(#466")
@given(st.text("+0123456789 ()-./;,xextp#٣３AN\\n", max_size=24))
def test_whatever_is_typed_is_a_number_afterwards_if_it_was_one(typed: str) -> None:
    known = numbers()

    before, after = phone_of_value(typed), phone_of_value("".join(known.typed(typed)))

    assert (known.judge(before) is None) == (known.judge(after) is None)
