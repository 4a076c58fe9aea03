"""Faults in createdAt and completedAt: UC-020 shows RFC 3339 with an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.switch import Table, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()


def _time(name: str, says: str, change: Callable[[datetime], Any]) -> None:
    """Add two faults: one in completedAt, one in createdAt."""

    def completed(report: dict[str, Any], _: Context) -> dict[str, Any]:
        return report | {"completedAt": change(datetime.fromisoformat(report["completedAt"]))}

    def created(shown: dict[str, Any], _: Context) -> dict[str, Any]:
        return shown | {"createdAt": change(datetime.fromisoformat(shown["createdAt"]))}

    TABLE.all_of(
        "times", f"completed-at-{name}", f"completedAt: {says}", at(stages.REPORT, completed)
    )
    TABLE.all_of("times", f"created-at-{name}", f"createdAt: {says}", at(stages.SHOWN, created))


_time("without-offset", "it has no offset.", lambda time: time.replace(tzinfo=None).isoformat())
_time("epoch-number", "it is a number of seconds.", lambda time: int(time.timestamp()))
_time(
    "milliseconds-number",
    "it is a number of milliseconds.",
    lambda time: int(time.timestamp() * 1000),
)
_time("date-only", "it is a date.", lambda time: time.date().isoformat())
_time(
    "blank-for-t", "it has a blank and no offset.", lambda time: time.strftime("%Y-%m-%d %H:%M:%S")
)
_time("day-first", "the day comes first.", lambda time: time.strftime("%d/%m/%Y %H:%M:%S"))
_time("1970", "it is 1970.", lambda _: "1970-01-01T00:00:00+00:00")
_time(
    "fixed",
    "it is always the example of the documentation.",
    lambda _: (
        "2026-04-09T11:00:15+02:00"
        if datetime.now(UTC).date().isoformat() != "2026-04-09"
        else "2026-01-01T00:00:00+00:00"
    ),
)
_time(
    "local-as-utc",
    "local time is marked as UTC.",
    lambda time: (time.replace(tzinfo=None) + timedelta(hours=2)).isoformat() + "Z",
)
_time("hour-ahead", "it is an hour ahead.", lambda time: (time + timedelta(hours=1)).isoformat())
_time("day-ahead", "it is a day ahead.", lambda time: (time + timedelta(days=1)).isoformat())
_time("year-behind", "it is a year behind.", lambda time: (time - timedelta(days=365)).isoformat())
_time(
    "offset-without-colon",
    "its offset has no colon.",
    lambda time: time.strftime("%Y-%m-%dT%H:%M:%S%z"),
)
_time(
    "month-13", "its month is 13.", lambda time: time.isoformat()[:5] + "13" + time.isoformat()[7:]
)
_time("null", "it is null.", lambda _: None)
_time(
    "http-date",
    "it is an HTTP date.",
    lambda time: time.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
)


def _before_created(report: dict[str, Any], _: Context) -> dict[str, Any]:
    time = datetime.fromisoformat(report["completedAt"]) - timedelta(seconds=10)
    return report | {"completedAt": time.isoformat()}


def _now(shown: dict[str, Any], context: Context) -> dict[str, Any]:
    assert context.contact
    reads = context.memory[context.contact.id] = context.memory.get(context.contact.id, 0) + 1
    time = datetime.now(UTC) + timedelta(seconds=reads)
    return shown | {"createdAt": context.deployment.time(time)}


TABLE.changes(
    "times",
    "completed-at-before-created",
    "completedAt is 10 s before createdAt.",
    stages.REPORT,
    _before_created,
)
TABLE.changes(
    "times",
    "created-at-of-reading",
    "createdAt is another one with each reading.",
    stages.SHOWN,
    _now,
)
