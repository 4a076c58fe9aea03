"""Tells of evicted worlds in the log: at most one line a minute, with the number of them."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("qlara_sandbox.web")
_QUIET_SECONDS = 60.0


class EvictionLog:
    """Counts evictions. The first is logged at once, those that follow within a minute with the next line."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._last: float | None = None
        self._count = 0

    def count(self) -> None:
        """Count one eviction."""
        self._count += 1
        now = self._now()
        if self._last is not None and now - self._last < _QUIET_SECONDS:
            return
        worlds = "1 world" if self._count == 1 else f"{self._count} worlds"
        log.warning(
            "evicted %s, least recently used first; their next request begins with a fresh one. "
            "To keep more, raise --worlds or --world-memory",
            worlds,
        )
        self._last, self._count = now, 0
