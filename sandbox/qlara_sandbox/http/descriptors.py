"""A warning before the process has no file descriptor left for another connection."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

log = logging.getLogger("qlara_sandbox.http")

_WARN_EVERY_SECONDS = 60.0
_SHORT_AT = 0.9
# Counting them is not free: below this share of the limit, connections alone tell enough.
_COUNT_AT = 0.5
_OPEN = Path("/dev/fd")


class Descriptors:
    """Watches how many of the descriptors that the process may have are in use."""

    def __init__(self) -> None:
        self._warned_at: float | None = None

    def watch(self, connections: int, now: float) -> None:
        """Warn, at most once a minute, if few descriptors are left beside *connections*."""
        if self._warned_at is not None and now - self._warned_at < _WARN_EVERY_SECONDS:
            return
        limit = _limit()
        if limit is None or connections < limit * _COUNT_AT:
            return
        used = _used(connections)
        if used >= limit * _SHORT_AT:
            self._warned_at = now
            log.warning(
                "File descriptors run short: %d of %d in use, %d of them connections. New connections "
                "are closed at once when none is left. Raise the limit before the start: ulimit -n 4096",
                used,
                limit,
                connections,
            )


def _limit() -> int | None:
    if sys.platform == "win32":  # has no such limit
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _used(connections: int) -> int:
    try:
        return sum(1 for _ in _OPEN.iterdir())
    except OSError:  # no descriptor is left to count them with
        return max(connections, _limit() or 0)
