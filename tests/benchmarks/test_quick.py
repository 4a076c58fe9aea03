"""``make bench-quick`` puts its ratios beside those of the last full run."""

from __future__ import annotations

from benchmarks.candidates import BARE, LOGGED, QUIET
from benchmarks.quick import measure, table
from tests.benchmarks.figures import figures, results


def test_each_ratio_stands_beside_that_of_the_last_full_run() -> None:
    now = {"list": {"16": {BARE: figures(2000, 50), QUIET: figures(1020, 100)}}}

    lines = table(now, results())

    assert lines[:2] == [
        "list of ten bare Starlette              50.0 µs CPU    2000/s   p99 2.0 ms",
        "list of ten Qlara sandbox, quiet       100.0 µs CPU    1020/s   p99 2.0 ms",
    ]
    assert [line.split("  ")[0] for line in lines[4:]] == [
        "list, quiet: CPU time",
        "list, quiet: responses/s",
    ]
    assert lines[4].split()[4:] == ["0.50", "×", "(0.50–0.50)", "0.83", "×", "0.60", "×"]


def test_before_the_first_full_run_there_is_nothing_to_compare_with() -> None:
    now = {"list": {"16": {BARE: figures(2000, 50), LOGGED: figures(1000, 100)}}}

    assert [line.split()[-1] for line in table(now, {})[4:]] == ["–", "–"]


def test_a_tiny_run_has_all_that_was_asked_for() -> None:
    found = measure(("list", "import"), 0.1, 2)

    assert set(found["list"]["16"]) == {BARE, QUIET, LOGGED}
    assert all(cpu > 0 for cpu in found["cards"]["import"]["cpu"])
    assert len(found["cards"]["baseline"]["cpu"]) == 3
