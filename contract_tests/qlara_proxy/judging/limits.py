"""How much of the traffic is remembered: counts and hashes, within these bounds however long it goes on."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

ACCOUNTS = 256
"""Accounts that are told apart at a time: an API key, and with a sandbox a session of it."""

LISTS = 64
"""Lists of an account whose pages are compared."""

IMPORTS = 32
"""Imports of an account whose contacts are looked for in its lists."""

CARDS = 2_000
"""Cards of an import that are remembered, as hashes; of a longer file, only how many there are."""

FILE_BYTES = 2 * 1024 * 1024
"""The largest file whose cards are read."""

CONTACTS = 20_000
"""Contacts of an account whose id and number are remembered, as hashes."""

IDS = 50_000
"""Ids of imports and contacts, of all accounts, that are remembered as hashes."""

WAITING = 1_000
"""Exchanges that wait until those before them have ended, so that their order is known."""

EVIDENCE = 6
"""Exchanges that are kept of one promise, as evidence against it."""

KEPT_BODY = 32 * 1024
"""Bytes of a body that are kept as evidence."""

FINDINGS = 50
"""Kinds of findings about clients that are told."""

K = TypeVar("K")
V = TypeVar("V")


class Kept(OrderedDict[K, V], Generic[K, V]):
    """A mapping that holds at most *most* entries: what was used longest ago is evicted."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.evicted = 0

    def keep(self, key: K, value: V) -> V:
        """Keep *value* as the newest entry, and return it."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
            self.evicted += 1
        return value

    def find(self, key: K) -> V | None:
        """Return the value of *key*, which is used now; ``None`` if there is none."""
        if key not in self:
            return None
        self.move_to_end(key)
        return self[key]
