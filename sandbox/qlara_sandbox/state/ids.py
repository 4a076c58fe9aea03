"""Identifiers that repeat in every run: the planned ones first, then seeded ones."""

from __future__ import annotations

import random
import secrets
import string
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 10
PREFIXES = {"import": "imp_", "list": "list_"}


class Ids:
    """Hands out ids of a kind (``import``, ``list``): ``imp_`` and ten letters or digits.

    The same *seed* gives the same ids; ``drawn`` counts those that were made from it.
    """

    def __init__(
        self, seed: str, planned: Mapping[str, Sequence[str]] | None = None, drawn: int = 0
    ) -> None:
        self.seed = seed
        self.drawn = drawn
        self._planned = {kind: deque(ids) for kind, ids in (planned or {}).items()}

    @property
    def planned(self) -> dict[str, list[str]]:
        """The planned ids that are left, by kind."""
        return {kind: list(ids) for kind, ids in self._planned.items()}

    def copy(self) -> Ids:
        """Return ids that go on as these would, without using these up."""
        return Ids(self.seed, self._planned, self.drawn)

    def next(self, kind: str) -> str:
        """Return the next id of *kind*."""
        planned = self._planned.get(kind)
        if planned:
            return planned.popleft()
        self.drawn += 1
        # A generator per id: the seed and a count are all there is to remember.
        chance = random.Random(f"{self.seed}:{self.drawn}")  # noqa: S311 - repeats, no secret
        return PREFIXES[kind] + "".join(chance.choices(_ALPHABET, k=_LENGTH))


def new_id() -> str:
    """Return an id that nobody else makes: 32 hexadecimal digits."""
    return secrets.token_hex(16)
