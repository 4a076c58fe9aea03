"""What an account may have been changed by, and when: the imports that this traffic sent."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_proxy.judging.seen import Seen, SeenQuota

_REMEMBERED = 200
_CARRIED_OUT_WITHIN = 3600.0  # seconds


class Window:
    """The imports of an account that may have changed it, the last few of them.

    ``forgotten_until`` is a time before which not all are remembered.
    """

    def __init__(self) -> None:
        self._writes: deque[Seen] = deque(maxlen=_REMEMBERED)
        self._lost: deque[Seen] = deque(maxlen=_REMEMBERED)  # whose response was lost
        self._over: Sequence[Seen] = ()
        self._refused: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.forgotten_until = 0.0
        self.quota: SeenQuota | None = None  # as it was read last

    def move_to(self, seen: Seen, over: Sequence[Seen]) -> None:
        """Take the next exchange, and those that overlap it and end later."""
        self._over = [each for each in over if each.may_write]
        if seen.may_write:
            self.note(seen)
        elif seen.operation == UPLOAD:
            self._refused.append(seen)

    def note(self, seen: Seen) -> None:
        """Note an import that may have changed the account."""
        kept = self._writes if seen.status else self._lost
        if len(kept) == _REMEMBERED:
            self.forgotten_until = max(self.forgotten_until, _effective_until(kept[0]))
        kept.append(seen)

    def writes(self, since: float, until: float) -> list[Seen]:
        """Return the imports that may have changed something between two times."""
        known = [*self._writes, *self._lost, *self._over]
        return [each for each in known if each.began < until and _effective_until(each) > since]

    def refused(self, since: float, until: float) -> list[Seen]:
        """Return the imports that were refused wholly between two times."""
        return [each for each in self._refused if each.began >= since and each.ended <= until]

    def is_known(self, since: float) -> bool:
        """Return whether all imports after a time are remembered."""
        return since >= self.forgotten_until


def _effective_until(write: Seen) -> float:
    """Return until when an import may be carried out: long after it was sent, if its response was lost."""
    return write.ended if write.status else write.ended + _CARRIED_OUT_WITHIN
