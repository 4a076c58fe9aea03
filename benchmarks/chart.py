"""Results as bars in an SVG picture, for light pages and dark ones.

The picture is plain SVG with a style sheet of its own, so that it needs neither a library nor a font.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import BARE, OURS
from benchmarks.comparisons import CONNECTIONS, UPLOADERS
from benchmarks.table import in_order, microseconds, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_WIDTH = 880
_COLUMN = 440
_LABEL = 148
_BAR = 185
_ROW = 24
_HEIGHT = 15
_TITLE = 52
_GAP = 16
_STYLE = """
  svg { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-size: 13px }
  .page { fill: #ffffff } text { fill: #1f2328 } .note { fill: #59636e; font-size: 12px }
  .title { font-weight: 600; font-size: 14px }
  .ours { fill: #0b6bcb } .peer { fill: #9aa4af } .bare { fill: #d0d7de; stroke: #818b98 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }
    .ours { fill: #4ea1f3 } .peer { fill: #656c76 } .bare { fill: #2a313c; stroke: #656c76 }
  }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One measurement: a bar for each server; ``show`` writes a value at its end."""

    title: str
    note: str
    values: Mapping[str, float]
    show: Callable[[float], str]


def panels(found: Mapping[str, Any]) -> list[Panel]:
    """Return the panels that *found* has figures for."""
    listing = found.get("list", {}).get(CONNECTIONS, {})
    upload = found.get("upload", {}).get(UPLOADERS, {})
    servers = found.get("servers", {})
    canned = {name: it for name, it in upload.items() if name != BARE}
    all_panels = [
        Panel(
            "List of ten contacts: responses a second",
            f"{CONNECTIONS} connections; more is better",
            _medians(listing, "rate"),
            number,
        ),
        Panel(
            "List of ten contacts: CPU per request",
            "of the server and all its threads; less is better",
            _medians(listing, "cpu"),
            microseconds,
        ),
        Panel(
            "Import of 250 cards: responses a second",
            "peers do not read the file; more is better",
            _medians(canned, "rate"),
            number,
        ),
        Panel(
            "Import of 250 cards: CPU per request",
            "peers do not read the file; less is better",
            _medians(canned, "cpu"),
            microseconds,
        ),
        Panel(
            "Time to ready",
            "from the start to the first 200; less is better",
            _medians(servers, "ready"),
            lambda value: f"{value:.2f} s",
        ),
        Panel(
            "Memory, idle",
            "resident, of the whole process tree; less is better",
            _medians(servers, "idleMb"),
            lambda value: f"{value:.0f} MB",
        ),
    ]
    return [panel for panel in all_panels if panel.values]


def svg(found: Mapping[str, Any]) -> str:
    """Return the picture of the results."""
    shown = panels(found)
    rows = [shown[at : at + 2] for at in range(0, len(shown), 2)]
    parts: list[str] = []
    top = float(_GAP)
    for row in rows:
        for column, panel in enumerate(row):
            parts += _panel(panel, column * _COLUMN + _GAP, top)
        top += _TITLE + _ROW * max(len(panel.values) for panel in row) + _GAP
    height = round(top)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-label="The sandbox beside its peers">'
    )
    page = f'<rect class="page" width="{_WIDTH}" height="{height}"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", page, *parts, "</svg>"]) + "\n"


def _panel(panel: Panel, left: float, top: float) -> Iterator[str]:
    yield f'<text class="title" x="{left:g}" y="{top + 14:g}">{escape(panel.title)}</text>'
    yield f'<text class="note" x="{left:g}" y="{top + 32:g}">{escape(panel.note)}</text>'
    most = max(panel.values.values())
    for at, name in enumerate(in_order(panel.values)):
        value = panel.values[name]
        y = top + _TITLE - 8 + at * _ROW
        kind = "ours" if name in OURS else "bare" if name == BARE else "peer"
        length = max(value / most * _BAR, 1)
        bar = left + _LABEL
        yield f'<text x="{bar - 8:g}" y="{y + 12:g}" text-anchor="end">{escape(name)}</text>'
        yield (
            f'<rect class="{kind}" x="{bar:g}" y="{y:g}" width="{length:.1f}" height="{_HEIGHT}"'
            f' rx="2"/>'
        )
        shown = escape(panel.show(value))
        yield f'<text x="{bar + length + 6:.1f}" y="{y + 12:g}">{shown}</text>'


def _medians(measured: Mapping[str, Any], key: str) -> dict[str, float]:
    return {name: median(figures[key]) for name, figures in measured.items() if key in figures}
