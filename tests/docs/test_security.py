"""Every claim about security names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| claim ")
]
TESTS = sorted({name for row in ROWS for name in re.findall(r"`(tests/\S+::\w+)`", row[-1])})


def test_every_claim_names_a_test() -> None:
    assert len(ROWS) > 40
    assert [row[0] for row in ROWS if "::" not in row[-1]] == []


@pytest.mark.parametrize("name", TESTS)
def test_a_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")

    assert re.search(
        rf"^(?:async )?def {function}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE
    )


def test_everything_between_backticks_that_looks_like_a_test_is_one() -> None:
    mentioned = set(re.findall(r"[\w/]+\.py::\w+", PAGE.read_text(encoding="utf-8")))

    assert mentioned == set(TESTS)
