"""What an account may have been changed by, and when: the imports that this traffic sent."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_proxy.judging.seen import Seen, SeenQuota

_REMEMBERED = 200


class Window:
    """The imports of an account that may have changed it, the last few of them.

    ``forgotten_until`` is a time before which not all are remembered.
    """

    def __init__(self) -> None:
        self._writes: deque[Seen] = deque(maxlen=_REMEMBERED)
        self._over: Sequence[Seen] = ()
        self._refused: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.forgotten_until = 0.0
        self.quota: SeenQuota | None = None  # as it was read last

    def move_to(self, seen: Seen, over: Sequence[Seen]) -> None:
        """Take the next exchange, and those that overlap it and end later."""
        self._over = [each for each in over if each.may_write]
        if seen.may_write:
            if len(self._writes) == _REMEMBERED:
                self.forgotten_until = self._writes[0].ended
            self._writes.append(seen)
        elif seen.operation == "uploadVCard":
            self._refused.append(seen)

    def writes(self, since: float, until: float) -> list[Seen]:
        """Return the imports that may have changed something between two times."""
        known = [*self._writes, *self._over]
        # One whose response was lost may be carried out at any time after it was sent.
        return [
            each
            for each in known
            if each.began < until and (each.ended > since or each.status == 0)
        ]

    def refused(self, since: float, until: float) -> list[Seen]:
        """Return the imports that were refused wholly between two times."""
        return [each for each in self._refused if each.began >= since and each.ended <= until]

    def is_known(self, since: float) -> bool:
        """Return whether all imports after a time are remembered."""
        return since >= self.forgotten_until
