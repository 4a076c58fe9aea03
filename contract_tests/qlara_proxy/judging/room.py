"""Imports right after the quota was read: an exhausted one refuses what it must, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.seen import SeenImport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.known import KnownContacts
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import Seen
    from qlara_proxy.judging.window import Window

_CONFLICT = 409
_FIGURES = re.compile(r"(\d+)/(\d+)")
_FOR_OTHER_REASONS = frozenset({0, 401, 404, 409, 413, 429})
_PASSES: dict[str, PromiseId] = {
    "SKIP": "upload.duplicates-pass-at-full-quota",
    "UPDATE": "upload.updates-pass-at-full-quota",
}


def _created(write: Seen) -> int | None:
    """Return how many contacts an import has created; ``None`` where its report does not tell."""
    if not isinstance(write, SeenImport) or not write.is_accepted or write.goes_on:
        return None
    if write.strategy == "UPDATE" and write.summary:
        return max(0, write.summary["imported"] - write.summary["duplicates"])
    return write.created


def _is_of_contacts(seen: SeenImport) -> bool:
    """Return whether a refusal names the field of the quota, or no field."""
    data = seen.exchange.response.value("data") if seen.exchange is not None else None
    return isinstance(data, dict) and set(data) <= {"contacts"}


def _names_a_list(seen: SeenImport) -> bool:
    """Return whether a refusal is for the list: there may be one of that name already."""
    data = seen.exchange.response.value("data") if seen.exchange is not None else None
    return isinstance(data, dict) and bool(set(data) & {"listId", "listName"})


class RoomChecks:
    """Judges imports by how much room the quota has."""

    def __init__(self, ledger: TrafficLedger, known: KnownContacts, window: Window) -> None:
        self._ledger = ledger
        self._known = known
        self._window = window

    def imported(self, seen: SeenImport) -> None:
        """Judge an import if the quota was read right before it."""
        quota = self._window.quota
        if quota is None or seen.exchange is None or seen.file is None or not seen.file.is_sure:
            return
        since = self._window.writes(quota.began, seen.began)
        created = [_created(each) for each in since]
        if quota.ended > seen.began or None in created:
            return
        used = quota.used + sum(each or 0 for each in created)
        self._figures(seen, f"{used}/{quota.total}")
        if not all(each.has_sure_number for each in seen.file.cards):
            return
        numbers = [each.number for each in seen.file.cards if not each.fault]
        if numbers and used < quota.total:
            self._with_room(seen, quota.total - used, numbers)
        elif numbers and all(each in self._known for each in numbers):
            self._of_duplicates(seen)
        elif numbers and not any(each in self._known for each in numbers):
            self._of_new_ones(seen)

    def _figures(self, seen: SeenImport, due: str) -> None:
        """Judge the numbers of a refusal by the quota that was read right before it."""
        data = seen.exchange.response.value("data") if seen.exchange is not None else None
        message = data.get("contacts") if isinstance(data, dict) else None
        found = _FIGURES.search(message) if isinstance(message, str) else None
        if seen.status != _CONFLICT or found is None:
            return
        got = f"{found[1]}/{found[2]}"
        if got != due:
            what = "The figures of a 409 are not those of the quota."
            self._doubt("upload.quota-exceeded-text", what, due, got, seen)

    def _of_new_ones(self, seen: SeenImport) -> None:
        """Judge an import of contacts that the account is not known to have, at a full quota."""
        if seen.status not in _FOR_OTHER_REASONS and not seen.summary.get("duplicates", 0):
            if not seen.is_accepted and not _is_of_contacts(seen):
                return
            what = "The quota is exhausted, and an import of new contacts is not refused with 409."
            self._doubt("upload.quota-exceeded", what, "409", str(seen.status), seen)

    def _of_duplicates(self, seen: SeenImport) -> None:
        """Judge an import of contacts that the account has, at a full quota."""
        if seen.strategy in _PASSES and seen.is_accepted:
            self._ledger.kept(_PASSES[seen.strategy])
        elif seen.strategy in _PASSES and seen.status == _CONFLICT:
            what = f"With an exhausted quota, a file of duplicates is refused with {seen.strategy}."
            self._doubt(_PASSES[seen.strategy], what, "a report", "409", seen, "quota.full")
        elif seen.strategy == "DUPLICATE" and seen.status == _CONFLICT:
            self._ledger.kept("upload.copies-need-quota")
        elif seen.strategy == "DUPLICATE" and seen.is_accepted:
            what = "The quota is exhausted, and copies are not refused."
            self._doubt("upload.copies-need-quota", what, "409", str(seen.status), seen)

    def _with_room(self, seen: SeenImport, room: int, numbers: Sequence[int]) -> None:
        """Judge an import right after a reading of the quota that shows some room."""
        if _names_a_list(seen):
            return
        if seen.status == _CONFLICT and len(numbers) <= room:
            what = (
                f"An import of {len(numbers)} cards is refused, although there is room for {room}."
            )
            self._doubt("upload.quota-exceeded", what, "a report", "409", seen)
            if seen.strategy == "SKIP" and all(each in self._known for each in numbers):
                what = "An import of contacts that the account has is refused."
                self._doubt("duplicates.by-number", what, "a report", "409", seen)
        new = {each for each in numbers if each not in self._known}
        is_for_all = len(numbers) > room >= len(new) and seen.strategy == "SKIP"
        if seen.status == _CONFLICT and is_for_all:
            what = (
                f"There is room for the {len(new)} cards that are new, and the import is refused."
            )
            about: PromiseId = "upload.quota-all-or-nothing"
            self._doubt(about, what, "a report", "409", seen, "quota.partial")
        is_over = len(set(numbers)) > room and seen.strategy == "SKIP"
        if seen.is_accepted and is_over and seen.summary and not seen.summary["duplicates"]:
            what = f"There is room for {room} contacts, and an import of more is not refused."
            got = f"{seen.summary['imported']} imported"
            self._doubt("upload.quota-all-or-nothing", what, "409", got, seen, "quota.partial")

    def _doubt(
        self, about: PromiseId, what: str, expected: str, got: str, seen: SeenImport, by: str = ""
    ) -> None:
        assert seen.exchange is not None
        by_names = (by,) if by else ()
        self._ledger.doubtful(Difference(about, what, expected, got, seen.exchange, by=by_names))
