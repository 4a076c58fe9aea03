"""Torture files: few, within their budget, the most telling features first, with known lines."""

from __future__ import annotations

import random
from itertools import count

import pytest

from qlara_contract.torture import TortureBudget, TortureFile, assemble, draw
from qlara_contract.torture.catalogue import BY_ID, FEATURES, PLAIN
from qlara_contract.torture.feature import Place
from qlara_contract.torture.files import COUNTS, Writer, by_rank
from qlara_contract.torture.judge import judge
from tests.qlara_contract.torture.importers import imported, writer

EVERYTHING = TortureBudget(cards=10_000, files=100)
QUICK = TortureBudget(cards=350, files=7)


def _cards(files: list[TortureFile]) -> int:
    return sum(len(each.entries) for each in files)


def test_with_room_for_all_each_feature_is_in_one_file() -> None:
    files = assemble(writer(), EVERYTHING)
    found = [each for file in files for each in file.features]
    assert sorted(each.id for each in found) == sorted(each.id for each in FEATURES)
    assert len(files) < 20


@pytest.mark.parametrize(
    "budget", [QUICK, TortureBudget(100, 3), TortureBudget(40, 40), TortureBudget(10, 1)]
)
def test_a_budget_is_kept_and_used(budget: TortureBudget) -> None:
    files = assemble(writer(), budget, counts=COUNTS)
    assert len(files) <= budget.files
    assert budget.cards * 0.9 <= _cards(files) <= budget.cards


def test_a_small_budget_holds_some_of_every_documented_group() -> None:
    def groups(features: list[str]) -> set[str]:
        return {each.partition(".")[0] for each in features}

    held = [each.id for file in assemble(writer(), QUICK) for each in file.features]
    documented = [each.id for each in FEATURES if each.is_documented]
    assert groups(documented) <= groups(held)


def test_what_is_held_depends_on_the_budget_alone_and_its_order_on_the_seed() -> None:
    one, other = ([each.features for each in assemble(writer(seed), QUICK)] for seed in (1, 2))
    assert list(map(set, one)) == list(map(set, other))
    assert one != other


def test_documented_features_come_first() -> None:
    ranked = by_rank(FEATURES)
    assert all(each.is_documented for each in ranked[:100])


def test_large_files_are_added_where_there_is_room() -> None:
    files = assemble(writer(), EVERYTHING, counts=COUNTS)
    assert [len(each.entries) for each in files[-3:]] == list(COUNTS)
    assert all(set(each.features) == set(PLAIN) for each in files[-3:])


def test_the_sandbox_imports_every_file_as_computed() -> None:
    for seed in range(3):
        for file in assemble(writer(seed), EVERYTHING, counts=COUNTS):
            done = imported(file.content)
            assert done is not None
            assert judge(file, *done) == []


def test_each_card_begins_on_its_line() -> None:
    for file in assemble(writer(), EVERYTHING):
        lines = file.content.decode("latin-1").replace("\r\n", "\n").split("\n")
        if file.features[0].whole is None:
            begun = [lines[each.line - 1].lstrip("ï»¿").strip() for each in file.entries]
            assert {each.upper() for each in begun} == {"BEGIN:VCARD"}


def test_a_card_that_could_cost_a_neighbour_stands_between_plain_cards() -> None:
    for file in assemble(writer(), EVERYTHING):
        entries = file.entries
        for at, each in enumerate(entries):
            if each.feature.place is Place.BETWEEN_GUARDS:
                assert entries[at - 1].feature is BY_ID["plain.contact"]
                assert entries[at + 1].feature is BY_ID["plain.contact"]


def test_no_name_and_no_number_stands_on_two_cards() -> None:
    for file in assemble(writer(), EVERYTHING, counts=COUNTS):
        names = [each.card.outcome.name for each in file.entries]
        numbers = [number for each in file.entries for number in each.card.numbers]
        assert len(set(names)) == len(names)
        assert len(set(numbers)) == len(numbers)


def test_without_a_region_national_numbers_are_left_out() -> None:
    numbers = count(10_000)
    without = Writer(random.Random(1), lambda: f"+331990{next(numbers)}")
    found = {each.id for file in assemble(without, EVERYTHING) for each in file.features}
    assert {each.id for each in FEATURES} - found == {"number.national", "number.national-typed"}


def test_drawn_files_are_as_the_sandbox_decides() -> None:
    numbers = count(10_000)
    for seed in range(60):
        file = draw(random.Random(seed), lambda: f"+331990{next(numbers)}")
        done = imported(file.content)
        assert done is not None
        assert judge(file, *done) == []
        assert 1 <= len(file.features) <= 8 + 3


def test_only_documented_features_are_drawn_if_so_wanted() -> None:
    numbers = count(10_000)
    for seed in range(20):
        file = draw(random.Random(seed), lambda: f"+331990{next(numbers)}", documented=True)
        assert all(each.is_documented for each in file.features)
