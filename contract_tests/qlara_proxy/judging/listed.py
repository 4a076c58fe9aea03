"""One import held against one list: what all checks of contacts are made with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_proxy.judging.known import by_number
from qlara_proxy.judging.ledger import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.known import KnownContacts
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import SeenImport, SeenPage
    from qlara_proxy.judging.settling import Delays


class AccountContext(NamedTuple):
    """What the checks of one account share."""

    ledger: TrafficLedger
    conventions: Conventions
    known: KnownContacts
    settling: Delays


class ListedImport:
    """One import, and all contacts of a list afterwards. *page* is the last page of it."""

    def __init__(
        self,
        context: AccountContext,
        seen: SeenImport,
        page: SeenPage,
        contacts: Sequence[Mapping[str, Any]],
    ) -> None:
        assert page.exchange is not None
        self._ledger, self._expected = context.ledger, context.conventions
        self._known, self._settling = context.known, context.settling
        self._seen, self._page, self._contacts = seen, page, contacts
        self._shown = page.exchange
        self._before = (seen.exchange,) if seen.exchange is not None else ()
        self._by_number = by_number(contacts)
        cards = seen.file.cards if seen.file is not None else ()
        self._cards = [each for each in cards if not each.fault and each.is_sure]
        self._faulty = any(each.fault for each in cards)
        counts = Counter(each.number for each in self._cards)
        self._once = {number for number, count in counts.items() if count == 1}

    def _check(
        self,
        about: PromiseId,
        what: str,
        expected: object,
        got: object,
        kind: str,
        *,
        holds: bool,
    ) -> bool:
        if holds:
            self._ledger.kept(about)
        else:
            self._doubt(about, what, expected, got, kind)
        return holds

    def _doubt(self, about: PromiseId, what: str, expected: object, got: object, kind: str) -> None:
        self._ledger.doubtful(self._difference(about, what, expected, got, kind))

    def _difference(
        self,
        about: PromiseId,
        what: str,
        expected: object,
        got: object,
        kind: str,
        by: tuple[str, ...] = (),
    ) -> Difference:
        return Difference(
            about, what, str(expected), str(got), self._shown, self._before, by=by, kind=kind
        )
