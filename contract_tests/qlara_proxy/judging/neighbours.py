"""Keys that may be of one account: what is imported with one of them may have changed what another shows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from qlara_contract.promises import UPLOAD
from qlara_proxy.judging.limits import ACCOUNTS, Kept
from qlara_proxy.judging.seen import Seen, SeenQuota

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAIRS = 16 * ACCOUNTS
_IMPORTS = 200
_UNKNOWN_END = 500


class Neighbours:
    """The imports of all keys. Two keys are of two accounts once they have shown two quotas at one time.

    *longest*: seconds after an import in which its quota may still move.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._imports: deque[Seen] = deque(maxlen=_IMPORTS)
        self._quotas: Kept[int, SeenQuota] = Kept(ACCOUNTS)
        self._apart: Kept[frozenset[int], None] = Kept(_PAIRS)

    def take(self, seen: Seen) -> None:
        """Note an exchange of any key."""
        if seen.may_write:
            self._imports.append(seen)
        elif isinstance(seen, SeenQuota):
            self._compare(seen)
            self._quotas.keep(seen.account, seen)

    def may_be_one(self, account: int, other: int) -> bool:
        """Return whether two keys may be of one account."""
        return frozenset({account, other}) not in self._apart

    def imports_beside(self, account: int) -> Iterator[Seen]:
        """Yield the last imports of other keys that may be of the same account, as `elsewhere` has them."""
        for each in self._imports:
            if each.account != account and self.may_be_one(account, each.account):
                yield elsewhere(each)

    def _compare(self, seen: SeenQuota) -> None:
        for account, quota in self._quotas.items():
            if account == seen.account or (quota.used, quota.total) == (seen.used, seen.total):
                continue
            since = quota.began - self._longest
            if not any(each.ended > since or each.status == 0 for each in self._imports):
                self._apart.keep(frozenset({account, seen.account}), None)


def elsewhere(seen: Seen) -> Seen:
    """Return an import with another key: its times, and nothing of what it did."""
    status = _UNKNOWN_END if seen.status else 0
    return Seen(seen.number, seen.account, seen.began, seen.ended, UPLOAD, status, None)
