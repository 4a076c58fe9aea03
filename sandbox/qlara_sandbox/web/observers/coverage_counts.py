"""What each account's requests have met, counted as they pass, within a bounded amount of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.web.observers.coverage import ItemsOf, Tally
from qlara_sandbox.web.observers.journal import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.web.observers.journal import JournalEntry

    Account = tuple[str, str | None]

# About 10 MB: a count takes some 100 bytes, an account as much as five of them.
MOST_COUNTS = 100_000
_AN_ACCOUNT = 5
# Longer keys have no account of their own (``ApiKey`` in control_openapi.yaml).
_LONGEST_KEY = 200
# What the console sends with its own requests: a person who tries things is no test run.
CONSOLE_HEADER = b"x-sandbox-console"


class CoverageCounts:
    """Counts per API key and session. Past the bound, those of the first accounts are only in the sum.

    ``since`` is when counting began; ``dropped`` the number of accounts that are only in the sum.
    """

    def __init__(
        self, contract_of: Callable[[str], Contract], most_counts: int = MOST_COUNTS
    ) -> None:
        """*contract_of* gives the contract of a scenario; that of ``""`` is the usual one."""
        self._contract_of = contract_of
        self._most_counts = most_counts
        self._items: WeakKeyDictionary[Contract, Mapping[str, ItemsOf]] = WeakKeyDictionary()
        self._begin()

    def _begin(self) -> None:
        self.since = instant(real_seconds())
        self.dropped = 0
        self._counts = 0
        self._others = Tally()
        self._accounts: dict[Account, Tally] = {}

    def observe(self, entry: JournalEntry) -> None:
        """Count a request to an operation of the API that is over, unless the console has sent it."""
        if entry.operation is None or CONSOLE_HEADER in dict(entry.headers):
            return
        items = self._items_of(entry.key.scenario if entry.key else "").get(entry.operation)
        if items is None:  # the contract has changed meanwhile
            return
        tally = self._tally_of(entry)
        before = tally.size
        items.meet(entry, tally)
        if tally is not self._others:
            self._counts += tally.size - before
            self._drop()

    def tally(self, api_key: str | None = None, session: str | None = None) -> Tally:
        """Return the sum of all accounts, or of those with this key, this session, or both."""
        found = Tally()
        if api_key is None and session is None:
            found.add(self._others)
        for account in self._named(api_key, session):
            found.add(self._accounts[account])
        return found

    def api_keys(self) -> set[str]:
        """Return the keys of the accounts that are counted apart."""
        return {api_key for api_key, _ in self._accounts}

    def clear(self, api_key: str | None = None, session: str | None = None) -> int:
        """Count anew, for all accounts or for those with this key, this session, or both.

        Return how many requests are forgotten.
        """
        forgotten = self.tally(api_key, session).requests
        if api_key is None and session is None:
            self._begin()
        for account in self._named(api_key, session):
            self._remove(account)
        return forgotten

    def _items_of(self, scenario: str) -> Mapping[str, ItemsOf]:
        contract = self._contract_of(scenario)
        items = self._items.get(contract)
        if items is None:
            items = self._items[contract] = {
                name: ItemsOf(one, contract.conventions) for name, one in contract.by_id.items()
            }
        return items

    def _tally_of(self, entry: JournalEntry) -> Tally:
        key = entry.api_key
        if len(key) > _LONGEST_KEY:
            return self._others
        account = (key if entry.key else "", entry.key.session if entry.key else None)
        tally = self._accounts.get(account)
        if tally is None:
            tally = self._accounts[account] = Tally()
            self._counts += _AN_ACCOUNT
        return tally

    def _drop(self) -> None:
        while self._counts > self._most_counts:
            account = next(iter(self._accounts))
            self._others.add(self._remove(account))
            self.dropped += 1

    def _remove(self, account: Account) -> Tally:
        tally = self._accounts.pop(account)
        self._counts -= tally.size + _AN_ACCOUNT
        return tally

    def _named(self, api_key: str | None, session: str | None) -> list[Account]:
        return [
            account
            for account in self._accounts
            if api_key in {None, account[0]} and session in {None, account[1]}
        ]
