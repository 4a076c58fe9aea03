"""Pages of lists as they were sent: kept, with the verdict that they keep the contract, while nothing changes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

if TYPE_CHECKING:
    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.state.world import World

MOST_BYTES = 4 * 1024 * 1024
# What an entry costs beside the text of its page, measured.
_ENTRY_BYTES = 700
# A longer id of a list is of no list that many ask for.
_LONGEST_ID = 200


class PageKey(NamedTuple):
    """What a page depends on: the world and how often it has changed, the contract, and what was asked for."""

    world: ref[World]
    changes: int
    contract: ref[Contract]
    list_id: str
    number: int
    limit: int


class KeptPages:
    """The pages that were asked for last, as many as fit into ``most_bytes``.

    A page whose world has changed, or is gone, is found no more, and dropped as others are used.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pages: OrderedDict[PageKey, Response] = OrderedDict()

    def find(self, key: PageKey) -> Response | None:
        """Return the page of *key*, if it is there."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def keep(self, key: PageKey, page: Response) -> Response:
        """Return *page*, which has been held against the contract, as bytes; keep it if there is room."""
        # A copy: what orjson returns may occupy kilobytes more than its length says.
        page = page._replace(content=bytes(memoryview(page.body())))
        size = len(page.content) + _ENTRY_BYTES
        if len(key.list_id) <= _LONGEST_ID and size <= self.most_bytes and key not in self._pages:
            self._pages[key] = page
            self.bytes += size
            while self.bytes > self.most_bytes:
                _, dropped = self._pages.popitem(last=False)
                self.bytes -= len(dropped.content) + _ENTRY_BYTES
        return page

    def __len__(self) -> int:
        return len(self._pages)


def page_key(
    world: World, contract: Contract, list_id: str, number: int, limit: int
) -> PageKey | None:
    """Return what a page depends on; None: also on the time, as imports do not show at once."""
    if world.settling:
        return None
    return PageKey(ref(world), world.changes, ref(contract), list_id, number, limit)
