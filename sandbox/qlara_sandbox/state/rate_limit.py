"""A rate limit that counts: so many requests per window of the world's own time."""

from __future__ import annotations

from datetime import UTC
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import RateLimited

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Standing(NamedTuple):
    """How much of a limit is left, and when it is whole again."""

    limit: int
    remaining: int
    reset: datetime


class RateLimit:
    """``requests`` per window of ``per``; a window begins with its first request.

    The time is handed in with every call, so that a clock that stands still keeps the window open.
    """

    def __init__(self, requests: int, per: timedelta) -> None:
        self.requests = requests
        self.per = per
        self.began: datetime | None = None
        self.used = 0

    def standing(self, now: datetime) -> Standing:
        """Return how the limit stands, without counting."""
        now = now.astimezone(UTC)
        began = self._current(now)
        used = self.used if began is not None else 0
        return Standing(self.requests, max(self.requests - used, 0), (began or now) + self.per)

    def take(self, now: datetime) -> None:
        """Count a request.

        Raises:
            RateLimited: the window is used up; the request is not counted.
        """
        now = now.astimezone(UTC)  # in local time, a window would break when the clocks change
        if self._current(now) is None:
            self.began, self.used = now, 0
        if self.used >= self.requests:
            wait = self.standing(now).reset - now
            raise RateLimited(limit=self.requests, retry_after=max(ceil(wait.total_seconds()), 1))
        self.used += 1

    def _current(self, now: datetime) -> datetime | None:
        # A clock that was set back before the window leaves it, too.
        began = self.began
        if began is None or not began <= now < began + self.per:
            return None
        return began
