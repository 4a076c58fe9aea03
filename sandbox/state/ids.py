"""Identifiers that repeat in every run: the planned ones first, then seeded ones."""

from __future__ import annotations

import random
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

    The same *seed* gives the same ids.
    """

    def __init__(self, seed: str, planned: Mapping[str, Sequence[str]] | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids that repeat, not secrets
        self._planned = {kind: deque(ids) for kind, ids in (planned or {}).items()}

    def next(self, kind: str) -> str:
        """Return the next id of *kind*."""
        planned = self._planned.get(kind)
        if planned:
            return planned.popleft()
        return PREFIXES[kind] + "".join(self._random.choices(_ALPHABET, k=_LENGTH))
