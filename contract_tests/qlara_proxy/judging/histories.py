"""What several exchanges show together, account by account, once their order is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.checks import contract_list_id
from qlara_contract.promises import LIST
from qlara_proxy.judging.contacts import ContactChecks
from qlara_proxy.judging.limits import ACCOUNTS, Kept
from qlara_proxy.judging.lists import ListChecks
from qlara_proxy.judging.neighbours import Neighbours, elsewhere
from qlara_proxy.judging.quotas import QuotaChecks
from qlara_proxy.judging.seen import SeenImport, SeenPage, SeenQuota
from qlara_proxy.judging.settling import Delays
from qlara_proxy.judging.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import Seen

_NOT_FOUND = 404
# Seconds that a run of the suite waits for an import to show.
LONGEST_OF_LISTS = 15.0
LONGEST_OF_QUOTAS = 5.0


class _History:
    """One account."""

    def __init__(
        self, ledger: TrafficLedger, conventions: Conventions, lists: Delays, quotas: Delays
    ) -> None:
        self.window = Window()
        self.contacts = ContactChecks(ledger, conventions, self.window, lists)
        self.lists = ListChecks(ledger, conventions, self.window, self.contacts)
        self.quotas = QuotaChecks(ledger, conventions, self.window, quotas)

    def note_elsewhere(self, seen: Seen) -> None:
        """Note an import with another key that may be of this account."""
        self.window.note(seen)
        self.contacts.lose_track()


class Histories:
    """Judges exchanges in the order of their ends, each with those that overlap it."""

    def __init__(self, ledger: TrafficLedger, conventions: Conventions) -> None:
        self._ledger = ledger
        self._conventions = conventions
        self._known: Kept[int, _History] = Kept(ACCOUNTS)
        self._lists = Delays(ledger, LONGEST_OF_LISTS)
        self._quotas = Delays(ledger, LONGEST_OF_QUOTAS)
        self._neighbours = Neighbours(LONGEST_OF_QUOTAS)
        self._lost = 0

    @property
    def accounts(self) -> int:
        """How many accounts have been seen."""
        return len(self._known) + self._known.evicted

    @property
    def overlooked(self) -> tuple[str, ...]:
        """What could not be judged for the bounds of what is remembered, in sentences."""
        told = []
        if self._known.evicted:
            told.append(f"{self._known.evicted} accounts were forgotten for newer ones.")
        if self._lost:
            told.append(f"The order of exchanges was lost {self._lost} times: one did not end.")
        skipped = self._ledger.skipped
        told += [f"{what} ({count} times)" for what, count in sorted(skipped.items())]
        return tuple(told)

    def take(self, seen: Seen, over: Sequence[Seen]) -> None:
        """Judge the next exchange; *over* are those that began before it ended, and end later."""
        history = self._known.find(seen.account)
        if history is None:
            history = self._known.keep(seen.account, self._begin(seen.account))
        self._tell_neighbours(seen)
        own = list(self._of_account(seen.account, over))
        history.window.move_to(seen, own)
        if isinstance(seen, SeenImport):
            history.quotas.imported(seen, is_known=history.contacts.known_duplicates(seen))
            history.contacts.imported(seen)
        elif isinstance(seen, SeenPage):
            history.lists.read(seen)
        elif seen.operation == LIST and seen.status == _NOT_FOUND and seen.exchange is not None:
            history.contacts.list_refused(seen, contract_list_id(seen.exchange))
        elif isinstance(seen, SeenQuota):
            history.quotas.read(seen)
            history.window.quota = seen

    def _begin(self, account: int) -> _History:
        history = _History(self._ledger, self._conventions, self._lists, self._quotas)
        for each in self._neighbours.imports_beside(account):
            history.note_elsewhere(each)
        return history

    def _tell_neighbours(self, seen: Seen) -> None:
        self._neighbours.take(seen)
        if not seen.may_write:
            return
        told = elsewhere(seen)
        for account, each in self._known.items():
            if account != seen.account and self._neighbours.may_be_one(account, seen.account):
                each.note_elsewhere(told)

    def _of_account(self, account: int, over: Sequence[Seen]) -> Iterator[Seen]:
        for each in over:
            if each.account == account:
                yield each
            elif each.may_write and self._neighbours.may_be_one(account, each.account):
                yield elsewhere(each)

    def lose_track(self) -> None:
        """Forget what came before: what happened in between is not known."""
        self._lost += 1
        self._known.clear()
