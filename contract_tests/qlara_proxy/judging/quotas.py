"""The quota between two readings: it moves by what was created, and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import IMPORTS, Kept
from qlara_proxy.judging.seen import SeenImport

if TYPE_CHECKING:
    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import Seen, SeenQuota
    from qlara_proxy.judging.settling import Delays
    from qlara_proxy.judging.window import Window

_CONFLICT = 409
_MOVES: tuple[PromiseId, ...] = (
    "quota.moves-by-what-was-created",
    "quota.duplicates-cost-nothing",
    "quota.updates-cost-nothing",
    "quota.errors-cost-nothing",
    "quota.total-stays",
    "upload.refusal-changes-nothing",
)


class QuotaChecks:
    """Compares each reading of an account's quota with the one before it.

    Two readings are a frame if nothing that this traffic sent overlaps them. Others may use the account, so a
    difference is a doubt; a reading that differs with nothing sent in between shows that they do.
    """

    def __init__(
        self, ledger: TrafficLedger, conventions: Conventions, window: Window, settling: Delays
    ) -> None:
        self._settling = settling
        self._ledger = ledger
        self._expected = conventions
        self._window = window
        self._last: SeenQuota | None = None
        self._is_shared = False  # others have been seen to use the account
        self._late: tuple[Difference, ...] = ()  # of what has not moved the quota yet
        self._missing = 0
        self._imported_at = 0.0
        self._of_known: Kept[int, None] = Kept(
            IMPORTS
        )  # imports of contacts that were there before

    def imported(self, seen: SeenImport, *, is_known: bool = False) -> None:
        """Note an import; *is_known*: the account has all of its contacts already."""
        if is_known:
            self._of_known.keep(seen.number, None)
        self._imported_at = max(self._imported_at, seen.ended)

    def read(self, seen: SeenQuota) -> None:
        """Judge a reading."""
        before, self._last = self._last, seen
        settled = self._imported_at + self._expected.quota_settle.total_seconds()
        if seen.began < settled and self._expected.quota_settle:
            self._last = before
            return
        if before is None or not self._window.is_known(before.began) or seen.began < before.ended:
            return
        writes = self._window.writes(before.began, seen.ended)
        imports = [each for each in writes if isinstance(each, SeenImport)]
        is_told = len(imports) == len(writes)
        if not is_told or not all(_is_within(each, before, seen) for each in imports):
            self._late, self._missing = (), 0
            return
        if imports:
            self._moved(imports, before, seen)
        else:
            self._stood(before, seen)

    def _moved(self, imports: list[SeenImport], before: SeenQuota, seen: SeenQuota) -> None:
        """Judge two readings with imports between them."""
        if seen.exchange is None or before.exchange is None:
            return
        self._total(before, seen, before.exchange, seen.exchange)
        created = self._created(imports)
        if created is None:
            return
        moved = seen.used - before.used
        abouts = _abouts(imports)
        (first, *others) = imports
        is_known = first.number in self._of_known and first.strategy == "SKIP" and not others
        if is_known and moved > 0 and not self._is_shared:
            what = f"`used` changed by {moved} across an import of contacts that the account has."
            about: PromiseId = "quota.duplicates-cost-nothing"
            due, got = str(before.used), str(seen.used)
            difference = Difference(about, what, due, got, seen.exchange, kind="of known ones")
            self._ledger.doubtful(difference)
        delay = seen.began - max(each.ended for each in imports)
        if moved == created + self._missing and self._missing:
            self._settled(seen)
        elif moved == created:
            if created:
                self._settling.shown(delay)
                self._ledger.kept("quota.moves-at-once")
            self._ledger.kept(*abouts)
        elif not self._is_shared:
            what = f"`used` changed by {moved} across an import that created {created}."
            kind = f"off by {moved - created}"
            shown = [each.exchange for each in (before, *imports) if each.exchange is not None]
            due, got = str(before.used + created), str(seen.used)
            differences = tuple(
                Difference(each, what, due, got, seen.exchange, tuple(shown[:4]), kind=kind)
                for each in abouts
            )
            self._differs(differences, created - moved, created, delay)

    def _differs(
        self, differences: tuple[Difference, ...], missing: int, created: int, delay: float
    ) -> None:
        """Note a difference: what is missing may come yet."""
        if 0 < missing <= created:
            self._late = differences
            self._missing += missing
            self._settling.missing(delay, *differences)
            return
        for each in differences:
            self._ledger.doubtful(each)

    def _total(
        self, before: SeenQuota, seen: SeenQuota, earlier: ApiExchange, later: ApiExchange
    ) -> None:
        about: PromiseId = "quota.total-stays"
        if seen.total == before.total:
            self._ledger.kept(about)
        elif not self._is_shared:
            what = "`total` has changed across an import."
            due, got = str(before.total), str(seen.total)
            self._ledger.doubtful(
                Difference(about, what, due, got, later, (earlier,), kind="total")
            )

    def _created(self, imports: list[SeenImport]) -> int | None:
        """Return how many contacts imports have created, as their reports say; ``None`` if they do not."""
        counts = [each.created for each in imports]
        told = [each for each in counts if each is not None]
        if len(told) == len(counts):
            return sum(told)
        (first, *others) = imports
        if others or not first.summary:
            return None
        if self._expected.update_count == "skipped":
            return first.summary["imported"]
        return max(0, first.summary["imported"] - first.summary["duplicates"])

    def _stood(self, before: SeenQuota, seen: SeenQuota) -> None:
        """Judge two readings with no import between them."""
        moved = seen.used - before.used
        refused = self._window.refused(before.ended, seen.began)
        if moved == 0 and seen.total == before.total:
            if refused:
                self._ledger.kept("upload.refusal-changes-nothing")
            if before.used < before.total and any(each.status == _CONFLICT for each in refused):
                self._ledger.kept("upload.quota-all-or-nothing")
            if self._late:
                self._settling.missing(seen.began - self._imported_at, *self._late)
            return
        if moved and moved == self._missing and self._late:
            self._settled(seen)
            return
        if refused and seen.exchange is not None and not self._is_shared:
            shown = [each.exchange for each in (before, *refused[:2]) if each.exchange is not None]
            conflicts = {each.status for each in refused} == {_CONFLICT}
            about: PromiseId = (
                "upload.quota-all-or-nothing" if conflicts else "upload.refusal-changes-nothing"
            )
            self._ledger.doubtful(
                Difference(
                    about,
                    f"`used` changed by {moved} across an import that was refused.",
                    str(before.used),
                    str(seen.used),
                    seen.exchange,
                    tuple(shown),
                    kind=f"by {moved}",
                )
            )
            return
        self._is_shared = True
        self._late, self._missing = (), 0
        for each in _MOVES:
            self._ledger.dispel(each)

    def _settled(self, seen: SeenQuota) -> None:
        """Note that what an import created has moved the quota later."""
        self._late, self._missing = (), 0
        self._settling.late()
        if seen.exchange is not None:
            what = "`used` moved some time after the import was answered."
            self._ledger.broken(
                Difference(
                    "quota.moves-at-once",
                    what,
                    "moved at once",
                    "moved later",
                    seen.exchange,
                    by=("quota.settle",),
                )
            )


def _is_within(write: Seen, before: SeenQuota, seen: SeenQuota) -> bool:
    is_told = isinstance(write, SeenImport) and write.is_accepted and not write.goes_on
    return is_told and write.began >= before.ended and write.ended <= seen.began


def _abouts(imports: list[SeenImport]) -> list[PromiseId]:
    """Return which promises a frame of these imports is about."""
    if len(imports) != 1 or not imports[0].summary:
        return ["quota.moves-by-what-was-created"]
    one, summary = imports[0], imports[0].summary
    if summary["duplicates"] and one.strategy == "SKIP":
        return ["quota.duplicates-cost-nothing"]
    if summary["duplicates"] and one.strategy == "UPDATE":
        return ["quota.updates-cost-nothing"]
    if summary["errors"]:
        return ["quota.errors-cost-nothing"]
    return ["quota.moves-by-what-was-created"]
