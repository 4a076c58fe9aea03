"""Text that a command prints, and the documented one: exactly, but for what nobody can know."""

from __future__ import annotations

import pytest

from qlara_examples.compare import Certainty
from qlara_examples.output_text import first_difference

EXACT = Certainty()
MOVING = Certainty(times=False, stated="list_crm_migration")
UNKNOWN = Certainty(values=False, times=False)


@pytest.mark.parametrize(
    ("page", "printed", "certainty"),
    [
        (["a", "b"], ["a", "b"], EXACT),
        (["  a  "], ["a"], EXACT),
        (["…"], [], EXACT),
        (["a", "...", "z"], ["a", "b", "c", "z"], EXACT),
        (["id: <id>, then …"], ["id: 7, then more"], EXACT),
        (["at 2026-01-01T00:00:00Z"], ["at 2030-05-05T10:10:10+02:00"], MOVING),
        (["imp_a1b2"], ["imp_c3d4"], EXACT),
        (["12 contacts"], ["9 contacts"], UNKNOWN),
        (["a.c"], ["a.c"], EXACT),
    ],
)
def test_what_agrees(page: list[str], printed: list[str], certainty: Certainty) -> None:
    assert first_difference(page, printed, certainty) is None


@pytest.mark.parametrize(
    ("page", "printed", "certainty", "difference"),
    [
        (["a", "b"], ["a", "c"], EXACT, (1, "c")),
        (["a", "b"], ["a"], EXACT, (1, None)),
        (["a"], ["a", "b"], EXACT, (1, "b")),
        (["a", "…", "z"], ["a", "b"], EXACT, (2, None)),
        (["2026-01-01T00:00:00Z"], ["2030-05-05T10:10:10Z"], EXACT, (0, "2030-05-05T10:10:10Z")),
        (["imp_a1b2"], ["list_c3d4"], EXACT, (0, "list_c3d4")),
        (["list_crm_migration"], ["list_x"], MOVING, (0, "list_x")),
        (["12 contacts"], ["12 lists"], UNKNOWN, (0, "12 lists")),
        (["a.c"], ["abc"], EXACT, (0, "abc")),
    ],
)
def test_what_differs(
    page: list[str],
    printed: list[str],
    certainty: Certainty,
    difference: tuple[int, str | None],
) -> None:
    assert first_difference(page, printed, certainty) == difference
