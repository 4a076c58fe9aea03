"""The figures of ``docs/performance.md``: tables and a chart of the last full run of ``make bench``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import chart, results, table
from benchmarks.comparisons import CONNECTIONS, UPLOADERS
from benchmarks.machine import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGE = Path(__file__).parents[1] / "performance.md"
CHART = PAGE.parent / "images" / "performance.svg"
_FIGURES = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def page(found: Mapping[str, Any] | None = None) -> str:
    """Return the page as it stands, with the figures of *found* between its markers.

    Without *found*, those of the last full run.
    """
    shown = results.last_full_run() if found is None else found

    def with_figures(marked: re.Match[str]) -> str:
        return f"{marked[1]}\n{FIGURES[marked[2]](shown)}\n\n{marked[3]}"

    return _FIGURES.sub(with_figures, PAGE.read_text(encoding="utf-8"))


def write() -> None:
    """Write the page and the chart anew."""
    PAGE.write_text(page(), encoding="utf-8")
    CHART.write_text(chart.svg(results.last_full_run()), encoding="utf-8")


def _machine(found: Mapping[str, Any]) -> str:
    lines = [
        f"Version {found['version']} of the sandbox. {in_words(found['machine'])}.",
        f"{found['rounds']} windows of {found['window']:g} s for each figure, {found['seconds'] / 60:.0f} minutes "
        "altogether.",
    ]
    lines += [f"{name} was left out: {why}." for name, why in found["skipped"].items()]
    return "\n\n".join(lines)


def _list(found: Mapping[str, Any]) -> str:
    parts = [
        f"{_connections(level)}:\n\n{table.as_markdown(table.load(measured))}"
        for level, measured in found["list"].items()
    ]
    return "\n\n".join(parts)


def _connections(level: str) -> str:
    return "One connection" if level == "1" else f"{level} connections"


FIGURES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "machine": _machine,
    "goals": lambda found: table.as_markdown(table.goals(found)),
    "list": _list,
    "quota": lambda found: table.as_markdown(table.load(found["quota"][CONNECTIONS])),
    "upload": lambda found: table.as_markdown(table.load(found["upload"][UPLOADERS])),
    "servers": lambda found: table.as_markdown(table.servers(found["servers"])),
    "alone": lambda found: table.as_markdown(table.others(found)),
}
