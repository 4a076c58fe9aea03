"""Numbers have the country and the type that the library says, whatever number it is."""

from __future__ import annotations

from random import Random

import phonenumbers
import pytest

from qlara_proxy.fictional.kinds import calling_code, kind_of


def of_the_library(code: int, national: str) -> tuple[str | None, int]:
    number = phonenumbers.PhoneNumber(
        country_code=code,
        national_number=int(national),
        italian_leading_zero=national.startswith("0") or None,
        number_of_leading_zeros=len(national) - len(national.lstrip("0")) or None,
    )
    return phonenumbers.region_code_for_number(number), phonenumbers.number_type(number)


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_a_number_is_of_the_country_and_type_that_the_library_says(code: int) -> None:
    chance = Random(code)
    found = (
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        for kind in range(11)
    )
    examples = {str(each.national_number) for each in found if each is not None}
    numbers = [f"{chance.randrange(1, 10**length)}" for length in (4, 7, 8, 9, 10, 11, 12)] * 3
    numbers += [f"{chance.randrange(0, 10**9):010}" for _ in range(3)]
    for example in sorted(examples):
        numbers += [
            example,
            *(
                example[:kept] + f"{chance.randrange(10**9):09}"[: len(example) - kept]
                for kept in (1, 2, 3, 4)
            ),
        ]

    assert [(each, tuple(kind_of(str(code), each))) for each in numbers] == [
        (each, of_the_library(code, each)) for each in numbers
    ]


def test_a_calling_code_is_found_at_the_beginning_of_a_number() -> None:
    numbers = ("+393471234567", "+12125550123", "+4420794600", "+3541234567", "+8001234567")

    assert [calling_code(each) for each in numbers] == ["39", "1", "44", "354", "800"]
    assert calling_code("+0123") == ""
