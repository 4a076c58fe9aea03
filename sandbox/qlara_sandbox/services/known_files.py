"""What was read of the files that were imported last: who imports a file once, often imports it again.

A test suite sends the same few files hundreds of times, each into an account of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from sys import getsizeof
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qlara_sandbox.domain.contacts import Card

MOST_BYTES = 8 * 1024 * 1024
LONGEST_FILE = 256 * 1024
# What a card and each of its numbers cost beside the text that they have of the file, measured.
_CARD_BYTES = 500
_NUMBER_BYTES = 150
_FILE_BYTES = 1000


class FileKey(NamedTuple):
    """What is read of a file depends on its octets and on how it is read, and on nothing else."""

    digest: bytes
    how: tuple[object, ...]


class JudgedNumbers(dict[str, str | None]):
    """Numbers in E.164 by what was typed, None for what is none; each is judged once."""

    def __init__(self, normalise: Callable[[str], str | None]) -> None:
        super().__init__()
        self._normalise = normalise

    def __missing__(self, typed: str) -> str | None:
        number = self[typed] = self._normalise(typed)
        return number


class KnownFile(NamedTuple):
    """The cards of a file, and their numbers."""

    cards: tuple[Card, ...]
    numbers: JudgedNumbers


class KnownFiles:
    """The files that were read last, as many as fit into ``most_bytes``; none that is longer than ``longest_file``.

    Threads may ask and tell it at the same time.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, longest_file: int = LONGEST_FILE) -> None:
        self.most_bytes = most_bytes
        self.longest_file = longest_file
        self.bytes = 0
        self._lock = Lock()
        self._files: OrderedDict[FileKey, tuple[KnownFile, int]] = OrderedDict()

    def key(self, data: bytes, how: tuple[object, ...]) -> FileKey | None:
        """Return what names a file that is read in this way; None for one that is not kept."""
        if len(data) > self.longest_file:
            return None
        return FileKey(blake2b(data, digest_size=32).digest(), how)

    def find(self, key: FileKey) -> KnownFile | None:
        """Return the file of *key*, if it is there."""
        with self._lock:
            found = self._files.get(key)
            if found is None:
                return None
            self._files.move_to_end(key)
            return found[0]

    def keep(
        self,
        key: FileKey,
        size: int,
        cards: Iterable[Card],
        normalise: Callable[[str], str | None],
    ) -> None:
        """Keep what was read of a file of *size* octets."""
        known = KnownFile(tuple(cards), JudgedNumbers(normalise))
        weight = size + _FILE_BYTES + sum(map(_weight, known.cards))
        with self._lock:
            if weight > self.most_bytes or key in self._files:
                return
            self._files[key] = known, weight
            self.bytes += weight
            while self.bytes > self.most_bytes:
                _, (_, dropped) = self._files.popitem(last=False)
                self.bytes -= dropped

    def __len__(self) -> int:
        return len(self._files)


def _weight(card: Card) -> int:
    """Return what a card costs beside the text that it has of the file: of that, what takes more than an octet."""
    texts = (card.name, card.email, card.address, *(phone.text for phone in card.phones))
    wide = sum(getsizeof(text) for text in texts if not text.isascii())
    return _CARD_BYTES + _NUMBER_BYTES * len(card.phones) + wide
