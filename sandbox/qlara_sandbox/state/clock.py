"""The time of a world: the real one, or one that moves only when told to."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable


# The years 1970 to 2999, wherever they begin and end on earth. What a clock shows and what is counted from
# it (a rate limit, the end of a fault) can be written as a date with four digits of the year.
FIRST_MOMENT = datetime(1969, 12, 31, tzinfo=UTC)
LAST_MOMENT = datetime(3000, 1, 1, 23, 59, 59, tzinfo=UTC)
YEARS = "from 1970 to 2999"
_WHOLE_MINUTES = len("2026-04-09T11:00:10+02:00")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}


def real_seconds() -> float:
    """Return the time of this machine in seconds since 1970, the cheapest way to note a moment."""
    return time.time()


def real_time(zone: ZoneInfo) -> datetime:
    """Return the time of this machine in *zone*."""
    return datetime.now(zone)


class Clock:
    """A clock in one time zone.

    Frozen at ``start``, or running with the real time if there is none. Moving a running clock
    shifts it by ``shift``. ``reset`` returns to how it began.
    """

    def __init__(
        self,
        timezone: str,
        start: datetime | None = None,
        real: Callable[[ZoneInfo], datetime] = real_time,
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.start = start
        self._real = real
        self.shift = timedelta()
        self._frozen_at = start.astimezone(self.zone) if start else None

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Return the time, with the zone's UTC offset."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._real(self.zone) + self.shift

    def after(self, work: timedelta) -> datetime:
        """Return the time once *work* is done: a frozen clock moves by it, a running one has moved.

        A frozen clock does not go past ``LAST_MOMENT``.
        """
        return self._later(self._frozen_at, work) if self._frozen_at is not None else self.now()

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock, now or at *at*."""
        self._frozen_at = (at or self.now()).astimezone(self.zone)

    def run(self) -> None:
        """Let a clock that stands still go on: with the real time, moved by ``shift``."""
        self._frozen_at = None

    def advance(self, by: timedelta) -> None:
        """Move the clock forward; a frozen one stays frozen, and does not go past ``LAST_MOMENT``."""
        if self._frozen_at is not None:
            self._frozen_at = self._later(self._frozen_at, by)
        else:
            self.shift += by

    def _later(self, moment: datetime, by: timedelta) -> datetime:
        # Through UTC: adding to local time would ignore a change to daylight saving time.
        start = moment.astimezone(UTC)
        return (start + min(by, max(LAST_MOMENT - start, timedelta()))).astimezone(self.zone)

    def reset(self) -> None:
        """Return to the start: frozen there if there was one, else the real time."""
        self.shift = timedelta()
        self._frozen_at = self.start.astimezone(self.zone) if self.start else None


def timestamp(moment: datetime) -> str:
    """Return *moment* as the API writes it: RFC 3339, whole seconds, with the UTC offset.

    RFC 3339 has no seconds in an offset (section 4.2): such a one, as Monrovia had until 1972, is rounded.
    """
    text = moment.isoformat(timespec="seconds")
    if len(text) == _WHOLE_MINUTES:
        return text
    offset = moment.utcoffset() or timedelta()
    rounded = timezone(timedelta(minutes=round(offset / timedelta(minutes=1))))
    return moment.astimezone(rounded).isoformat(timespec="seconds")


def in_utc(text: str) -> str:
    """Return a time that `timestamp` has written as UTC: ``2026-04-09T09:00:10Z``."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def is_shown(moment: datetime) -> bool:
    """Return whether a clock can show *moment*."""
    return FIRST_MOMENT <= moment <= LAST_MOMENT


def duration(text: str) -> timedelta:
    """Return the time that *text* names: ``250ms``, ``5s``, ``2m``, ``1h``."""
    number = text.rstrip("msh")
    return timedelta(**{_UNITS[text[len(number) :]]: int(number)})
