"""Imports that are carried out and do not show yet: what reads saw before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from qlara_sandbox.domain.contacts import Contact


class SettlingImport(NamedTuple):
    """One import, and what there was before it.

    It shows in the pages of ``list_id`` from ``in_lists`` on, in the quota from ``in_quota`` on. The list
    had ``members`` contacts; ``created`` is how many the import created, ``replaced`` holds those that it
    changed, as they were, by id.
    """

    in_lists: datetime
    in_quota: datetime
    list_id: str
    members: int
    created: int
    replaced: Mapping[str, Contact]


class Settling:
    """The imports of one world that do not show everywhere yet, in the order in which they came."""

    def __init__(self) -> None:
        self.imports: list[SettlingImport] = []

    def add(self, one: SettlingImport) -> None:
        """Add an import that is carried out now."""
        self.imports.append(one)

    def forget_settled(self, now: datetime) -> None:
        """Forget the imports that show everywhere at *now*."""
        self.imports = [one for one in self.imports if now < max(one.in_lists, one.in_quota)]

    def members(self, list_id: str, now: datetime) -> int | None:
        """Return how many contacts of the list show, None if all do."""
        hidden = (one.members for one in self._hidden(now) if one.list_id == list_id)
        return min(hidden, default=None)

    def replaced(self, now: datetime) -> dict[str, Contact]:
        """Return the contacts that show as they were before an import, by id."""
        replaced: dict[str, Contact] = {}
        for one in reversed(self._hidden(now)):  # of several imports, what was before the first
            replaced |= one.replaced
        return replaced

    def created(self, now: datetime) -> int:
        """Return how many contacts the quota does not count yet."""
        return sum(one.created for one in self.imports if now < one.in_quota)

    def _hidden(self, now: datetime) -> list[SettlingImport]:
        return [one for one in self.imports if now < one.in_lists]

    def __iter__(self) -> Iterator[SettlingImport]:
        return iter(self.imports)

    def __bool__(self) -> bool:
        return bool(self.imports)
