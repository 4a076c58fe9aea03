"""A run as a badge: JSON for an endpoint badge of shields.io, and a picture that needs no service."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_contract.promises import Severity
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome

LABEL = "Qlara contract"
# In the picture, white text can be read on each of them (WCAG 2.2, 1.4.3).
_COLOURS = {
    "brightgreen": "#1a7f37",
    "yellow": "#8a6100",
    "orange": "#b04a00",
    "red": "#b42318",
    "lightgrey": "#57606a",
}
_OF_SEVERITY = {Severity.CRITICAL: "red", Severity.MAJOR: "orange", Severity.MINOR: "yellow"}
# Of 11 pixel Verdana, which shields.io uses, or what stands in for it; `textLength` makes the text fit.
_CHARACTER = 6.1
_PADDING = 10


class Badge(NamedTuple):
    """What a badge says, and its colour by the name that shields.io gives it."""

    message: str
    colour: str


def badge(outcome: Outcome) -> Badge:
    """Return the badge of a run: the worst that it found, in a few words."""
    if outcome.failures or outcome.stopped:
        return Badge("stopped early", "lightgrey")
    broken = outcome.in_state(PromiseState.BROKEN)
    if broken:
        worst = min((each.promise.severity for each in broken), key=list(Severity).index)
        return Badge(f"{_promises(len(broken))} broken", _OF_SEVERITY[worst])
    kept = len(outcome.in_state(PromiseState.KEPT))
    differing = len(outcome.differing)
    if differing and outcome.settings.strict:
        return Badge(
            f"{_promises(differing)} {'differs' if differing == 1 else 'differ'}", "yellow"
        )
    known = len(outcome.in_state(PromiseState.DEVIATION))
    if known:
        deviations = "deviation" if known == 1 else "deviations"
        return Badge(f"{kept} kept, {known} known {deviations}", "brightgreen")
    if not kept and not differing:
        return Badge("nothing judged", "lightgrey")
    return Badge(f"{_promises(kept)} kept", "brightgreen")


def as_endpoint(shown: Badge) -> dict[str, Any]:
    """Return the badge for https://img.shields.io/endpoint?url=…, its schema version 1."""
    return {
        "schemaVersion": 1,
        "label": LABEL,
        "message": shown.message,
        "color": shown.colour,
        "isError": shown.colour not in {"brightgreen", "lightgrey"},
    }


def as_svg(shown: Badge) -> str:
    """Return the badge as a picture."""
    left, right = _width(LABEL), _width(shown.message)
    name = escape(f"{LABEL}: {shown.message}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{name}">',
        f"<title>{name}</title>",
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="3"/></clipPath>',
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#424a53"/>',
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[shown.colour]}"/></g>',
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" '
        'text-rendering="geometricPrecision">',
        _text(LABEL, 0, left),
        _text(shown.message, left, right),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER) + _PADDING


def _text(text: str, start: int, width: int) -> str:
    half = _PADDING // 2
    return f'<text x="{start + half}" y="14" textLength="{width - _PADDING}">{escape(text)}</text>'


def _promises(count: int) -> str:
    return f"{count} {'promise' if count == 1 else 'promises'}"
