"""Puts exchanges in the order of their ends, once all that began before an end are known."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_proxy.judging.seen import Seen


class Sequencer:
    """Hands exchanges on, each with those that overlap it and end later.

    Exchanges are numbered in the order in which they begin, and come in that in which they end. One is
    handed to *take* when no exchange can still come that began before it ended. When more than *most* wait,
    because one does not end, *lose_track* is told that the order is not known from there on.
    """

    def __init__(
        self,
        most: int,
        take: Callable[[Seen, Sequence[Seen]], None],
        lose_track: Callable[[], None],
    ) -> None:
        self._most, self._take, self._lose_track = most, take, lose_track
        self._waiting: list[tuple[float, int, Seen]] = []
        self._tie = count()
        self._began: dict[int, float] = {}
        self._next = 1
        self._known_until = 0.0  # whatever began before that time has come

    def add(self, number: int, seen: Seen) -> None:
        """Take an exchange that has ended."""
        heappush(self._waiting, (seen.ended, next(self._tie), seen))
        if number >= self._next:
            self._began[number] = seen.began
        while self._next in self._began:
            self._known_until = max(self._known_until, self._began.pop(self._next))
            self._next += 1
        if len(self._waiting) > self._most:
            self._give_up()
        self._release()

    def finish(self) -> None:
        """Hand on what waits."""
        self._known_until = float("inf")
        self._release()

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._known_until:
            _, _, seen = heappop(self._waiting)
            over = [each for _, _, each in self._waiting if each.began < seen.ended]
            self._take(seen, over)

    def _give_up(self) -> None:
        """Go on as if what is missing would never come."""
        self._known_until = float("inf")
        self._release()
        self._next = max(self._began, default=self._next - 1) + 1
        self._known_until = 0.0
        self._began.clear()
        self._lose_track()
