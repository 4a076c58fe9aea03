"""A contract coverage as text: what was met and what never was, by operation."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from qlara_sandbox.testing.counting import counted
from qlara_sandbox.web.observers.coverage import (
    EXAMPLE,
    FIELD,
    OPERATION,
    PARAMETER,
    REASON,
    SCENARIO,
    STATUS,
    VALUE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_sandbox.web.observers.coverage import Coverage, CoverageItem

_LABELS = {
    STATUS: "statuses",
    PARAMETER: "parameters",
    FIELD: "fields",
    EXAMPLE: "error examples",
    REASON: "card errors",
    SCENARIO: "scenarios",
}
_LEAST_NAMES = 20
# Stands for a blank at which a line must not be broken.
_STAYS = "\N{NO-BREAK SPACE}"


def lines(found: Coverage, width: int, *, verbose: bool = False) -> list[str]:
    """Return the lines of a table of at most *width* columns, if they suffice; *verbose*: also what was met."""
    groups = list(_groups(found))
    label = max((len(name) for name, items in groups if items), default=0) + 2
    counts = max((len(_met_of(items)) for _, items in groups), default=0)
    told = []
    for name, items in groups:
        if not items:
            told.append(name)
            continue
        start = f"{name:{label}}{_met_of(items):>{counts}}  "
        never = _listed(_shown(item) for item, count in items.items() if not count)
        met = _listed(f"{_shown(item)} ({count})" for item, count in items.items() if count)
        said = [f"never: {never}"] if never else []
        said += [f"met: {met}"] if verbose and met else []
        told += _wrapped(start, said, max(width, len(start) + _LEAST_NAMES))
    return [*told, "", *_undocumented(found, width), summary(found)]


def summary(found: Coverage) -> str:
    """Return the whole in one sentence."""
    items = counted(len(found.items), "item")
    requests = counted(found.requests, "request")
    return f"Met {found.met} of {items} of the contract ({found.percent:g} %) in {requests}."


def _groups(found: Coverage) -> Iterator[tuple[str, dict[CoverageItem, int]]]:
    """Yield headings, which have no items, and rows."""
    operations = [item for item in found.items if item.kind == OPERATION]
    for operation in operations:
        count = found.items[operation]
        told = counted(count, "request") if count else "never called"
        yield f"{operation.name}: {told}", {}
        if count:
            for label, items in _rows(found, operation.operation):
                yield f"  {label}", items
    scenarios = {item: count for item, count in found.items.items() if item.kind == SCENARIO}
    if scenarios:
        yield _LABELS[SCENARIO], scenarios


def _rows(found: Coverage, operation: str | None) -> Iterator[tuple[str, dict[CoverageItem, int]]]:
    rows: dict[str, dict[CoverageItem, int]] = {}
    for item, count in found.items.items():
        if item.operation == operation and item.kind != OPERATION:
            label = item.name.partition("=")[0] if item.kind == VALUE else _LABELS[item.kind]
            rows.setdefault(label, {})[item] = count
    yield from rows.items()


def _met_of(items: Mapping[CoverageItem, int]) -> str:
    return f"{sum(count > 0 for count in items.values())} of {len(items)}" if items else ""


def _shown(item: CoverageItem) -> str:
    return item.name.partition("=")[2] if item.kind == VALUE else item.name


def _wrapped(start: str, said: list[str], width: int) -> list[str]:
    blank = " " * len(start)
    told = [line for each in said for line in _broken(each, width - len(start))]
    return [
        f"{start if number == 0 else blank}{line}".rstrip()
        for number, line in enumerate(told or [""])
    ]


def _undocumented(found: Coverage, width: int) -> list[str]:
    if not found.outcomes:
        return []
    said = _listed(f"{one.operation} {one.name} ({count})" for one, count in found.outcomes.items())
    start = "Not in the contract: "
    return [*_wrapped(start, [said], max(width, len(start) + _LEAST_NAMES)), ""]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name.replace(" ", _STAYS) for name in names)


def _broken(text: str, width: int) -> list[str]:
    broken = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_STAYS, " ") for line in broken]
