"""The peak memory of this process, for targets that run the product in it."""

from __future__ import annotations

import resource
import sys

_BYTES = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss


def peak_mb() -> float:
    """Return the most resident memory that this process has had, in MB (10^6 bytes)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES / 1e6, 1)
