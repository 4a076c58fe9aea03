"""What scrapers read: what was counted, and what there is at this moment, of one sandbox or of several together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from qlara_sandbox.web.observers.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_sandbox.web.runtime import Runtime

_STARTED = "sandbox_start_time_seconds"
_KINDS = {
    "sandbox_worlds": ("gauge", "Worlds that are kept."),
    "sandbox_worlds_bytes": ("gauge", "About what they take."),
    "sandbox_worlds_expired_total": ("counter", "Worlds evicted."),
    "sandbox_worlds_rebuilt_total": (
        "counter",
        "Worlds that were asked for again after they were given up, and began anew.",
    ),
    "sandbox_journal_entries": ("gauge", "Entries of the journal."),
    "sandbox_journal_bytes": ("gauge", "About what they take."),
    "sandbox_journal_dropped_total": ("counter", "Entries dropped."),
    _STARTED: ("gauge", "When it started."),
}


class Readings(NamedTuple):
    """What was ``counted``; and what there is, ``now``: metric name to its kind, help and value."""

    counted: Metrics
    now: dict[str, tuple[str, str, float]]


def of_all(runtime: Runtime, answers: Iterable[bytes]) -> Readings:
    """Return what a sandbox reads, together with what others have answered."""
    others = [orjson.loads(answer) for answer in answers]
    mine = _of(runtime)
    counted = runtime.metrics
    if others:  # a sandbox on its own copies nothing
        counted = Metrics()
        counted.add(runtime.metrics.as_json())
    for other in others:
        counted.add(other["counted"])
    values = {name: [mine[name], *(other["now"][name] for other in others)] for name in mine}
    shown = {
        name: (*_KINDS[name], min(found) if name == _STARTED else sum(found))
        for name, found in values.items()
    }
    return Readings(counted, shown)


def as_json(runtime: Runtime) -> bytes:
    """Return what a sandbox reads, as its answer to another one that shares its worlds."""
    return orjson.dumps({"counted": runtime.metrics.as_json(), "now": _of(runtime)})


def _of(runtime: Runtime) -> dict[str, float]:
    worlds, journal = runtime.worlds, runtime.journal
    return {
        "sandbox_worlds": len(worlds),
        "sandbox_worlds_bytes": worlds.bytes,
        "sandbox_worlds_expired_total": worlds.evicted,
        "sandbox_worlds_rebuilt_total": worlds.rebuilt,
        "sandbox_journal_entries": len(journal),
        "sandbox_journal_bytes": journal.bytes,
        "sandbox_journal_dropped_total": journal.dropped,
        _STARTED: runtime.started_at,
    }
