"""The import is compared with vobject and phonenumbers card by card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import import_speed, large_import
from benchmarks.requests import EXPORT

if TYPE_CHECKING:
    from pathlib import Path

OUTCOMES = [("Ann", "+39333"), ("Bea", "missing"), ("Cy", "duplicate +39333"), ("Di", "invalid")]
PLAN = {
    "created": [["Ann", "+39333"]],
    "errors": [["Bea", "Missing phone number"], ["Di", "Invalid phone number format"]],
    "total": 4,
}


def test_a_plan_that_says_the_same_of_each_card_does_not_differ() -> None:
    assert large_import.differences(OUTCOMES, PLAN) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"created": [["Ann", "+39334"]]},
        {"created": []},
        {"errors": [["Bea", "Missing phone number"]]},
        {"total": 5},
    ],
)
def test_every_difference_counts(change: dict[str, object]) -> None:
    assert large_import.differences(OUTCOMES, {**PLAN, **change}) == 1


def test_a_part_of_a_file_has_its_first_cards(tmp_path: Path) -> None:
    whole = tmp_path / "export.vcf"
    whole.write_bytes(EXPORT.read_bytes())

    part = large_import.write_part(whole, 20)

    data = part.read_bytes()
    assert data.count(b"BEGIN:VCARD") == data.count(b"END:VCARD") == 20
    assert whole.read_bytes().startswith(data)


def test_both_ways_come_to_the_same_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "export.vcf"
    path.write_bytes(EXPORT.read_bytes())

    found = large_import.compare(path, 2, large_import.write_part(path, 20))

    assert (found["cards"], found["comparedCards"], found["differences"]) == (250, 20, 0)
    assert {key: len(values) for key, values in found["import"].items()} == {
        "cpu": 2,
        "cpuSeconds": 2,
        "peakMb": 2,
    }
    assert import_speed.run("reading", path)["result"][0][0]
