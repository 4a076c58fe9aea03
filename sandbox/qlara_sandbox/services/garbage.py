"""Python's collection of garbage, kept out of large imports: it stops every thread while it looks at new objects."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# So many large imports leave some megabytes at most that only a full collection can free.
_FULL_EVERY = 100


class PausedGarbage:
    """Pauses the collection while large imports run. For a process of our own, as it concerns all that runs there.

    A file of 10 MB leaves 150 000 objects, none of which is part of a cycle. The collection would look at each of
    them twice, for up to 100 ms at a time. So cycles that are garbage, such as those of closed connections, are
    collected before an import, and what there is after it is left out of later collections. It is freed all the
    same once nobody refers to it.
    """

    def __init__(self, full_every: int = _FULL_EVERY) -> None:
        self._full_every = full_every
        self._running = 0
        self._count = 0

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Collect nothing until the block ends, and until every other such block has ended."""
        if not self._running:
            self._collect()
        self._running += 1
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            self._running -= 1
            if not self._running:
                gc.enable()

    def _collect(self) -> None:
        self._count += 1
        if self._count % self._full_every:
            gc.collect(1)  # of what has come since the last import
        else:
            gc.unfreeze()
            gc.collect()
