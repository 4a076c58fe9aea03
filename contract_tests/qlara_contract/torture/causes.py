"""Finds the features that make a deployment refuse a whole file, by sending halves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_contract.torture.feature import Feature


def culprits(
    features: Sequence[Feature], works: Callable[[Sequence[Feature]], bool], requests: int
) -> list[Feature]:
    """Return the features that a file fails with, of *features* that fail together.

    *works* sends a file of some features and returns whether it was accepted; it is called at most
    *requests* times. What is not found by then is left out, and so is a failure that has no one cause.
    """
    search = _Search(works, requests)
    return search.within(list(features), fails=True)


class _Search:
    def __init__(self, works: Callable[[Sequence[Feature]], bool], requests: int) -> None:
        self._works = works
        self._left = requests

    def within(self, features: list[Feature], *, fails: bool = False) -> list[Feature]:
        """Return the culprits among *features*; *fails* says that they are known to hold one."""
        is_one = len(features) == 1
        if not features or ((is_one or not fails) and self._accepts(features)):
            return []
        if is_one:
            return features
        half = len(features) // 2
        found = self.within(features[:half])
        # If the first half is sound, the other one is not, and need not be sent as a whole.
        return found + self.within(features[half:], fails=not found)

    def _accepts(self, features: list[Feature]) -> bool:
        """Send these; with no request left, nothing is known against them."""
        self._left -= 1
        return self._left < 0 or self._works(features)
