"""Numbers of nobody: usable to any importer, handed out once, the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import phonenumbers
import pytest

from qlara_contract.numbers import AMERICAN, BLOCK, Numbers, NumbersUsedUp, block

if TYPE_CHECKING:
    from collections.abc import Callable


def _always_new(_: str) -> bool:
    return True


def _noting(marks: list[str]) -> Callable[[str], bool]:
    def claim(number: str) -> bool:
        marks.append(number)
        return True

    return claim


def test_every_number_is_valid_and_of_a_kind_that_a_person_answers() -> None:
    numbers = Numbers(0, _always_new)
    handed_out = [numbers.take() for _ in range(300)] + [numbers.take_mobile() for _ in range(50)]
    usable = {
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    kinds = {
        phonenumbers.number_type(phonenumbers.parse(each)) for each in [*handed_out, *AMERICAN]
    }
    assert kinds <= usable


def test_a_national_number_is_an_italian_mobile() -> None:
    number = phonenumbers.parse(Numbers(0, _always_new).take_national(), "IT")
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_no_number_is_handed_out_twice_and_marks_never() -> None:
    marks: list[str] = []
    numbers = Numbers(3, _noting(marks))
    handed_out = [numbers.take() for _ in range(2 * BLOCK)]
    assert len({*handed_out, *marks}) == len(handed_out) + len(marks)


def test_the_same_seed_hands_out_the_same_numbers() -> None:
    first, second, other = (Numbers(seed, _always_new) for seed in (5, 5, 6))
    assert [first.take() for _ in range(9)] == [second.take() for _ in range(9)]
    assert first.take() != other.take()


def test_a_block_that_an_earlier_run_has_marked_is_left_alone() -> None:
    taken = {next(block(index)) for index in range(200) if index % 2}
    numbers = Numbers(1, lambda number: number not in taken)
    assert numbers.take() not in {each for index in range(1, 200, 2) for each in block(index)}


def test_an_account_that_holds_all_of_them_is_told_apart() -> None:
    with pytest.raises(NumbersUsedUp):
        Numbers(0, lambda _: False).take()


def test_reserved_numbers_need_no_mark() -> None:
    marks: list[str] = []
    numbers = Numbers(0, _noting(marks))
    numbers.take()
    for _ in range(30):
        numbers.reserve(20)
        before = len(marks)
        for _ in range(20):
            numbers.take()
        assert len(marks) == before
