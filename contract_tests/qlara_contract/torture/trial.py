"""Tries torture files on a deployment: sends them, judges them, and confirms each feature alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qlara_contract.promises import promise
from qlara_contract.torture.catalogue.plain import CONTACT
from qlara_contract.torture.causes import culprits
from qlara_contract.torture.judge import (
    CARD_LOST,
    OF_ERRORS,
    OF_EVERY_FILE,
    judge,
    without_consequences,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.torture.feature import Feature
    from qlara_contract.torture.files import TortureFile, Writer
    from qlara_contract.torture.judge import FeatureFinding

E = TypeVar("E")

CONFIRMATIONS = 12
"""Features that are confirmed alone in one trial, one of each promise first."""

PLAIN_CARDS = 4
"""Plain cards that are sent first."""

HALVES = 24
"""Files that are sent to find out why a whole file is refused."""

_NAMED = 6
_ARRIVAL = ("card", "lost")  # kinds of findings that say that a card does not become a contact


@dataclass(frozen=True)
class SentFile(Generic[E]):
    """What came back for a file: the body of the report, ``None`` if the file was refused.

    ``read`` returns the contacts of its list, ``None`` if it cannot be read. ``exchange`` is the evidence.
    """

    report: Mapping[str, Any] | None
    read: Callable[[], Sequence[Mapping[str, Any]] | None]
    exchange: E


@dataclass(frozen=True)
class Verdict(Generic[E]):
    """A promise that a deployment does not keep, and the evidence."""

    promise: PromiseId
    what: str
    expected: object
    got: object
    exchange: E


@dataclass
class Verdicts(Generic[E]):
    """What a trial found: promises that are not kept, and an exchange for each that is.

    ``obstacle`` says why nothing could be judged: not even plain cards become contacts.
    """

    broken: list[Verdict[E]] = field(default_factory=list)
    obstacle: str = ""
    kept: dict[PromiseId, E] = field(default_factory=dict)


class Trial(Generic[E]):
    """One trial of some files. *send* imports a file into a new list and returns what came back.

    *may_send* returns whether there is room for so many more cards, beyond the files themselves.
    """

    def __init__(
        self,
        writer: Writer,
        send: Callable[[bytes], SentFile[E]],
        may_send: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._writer = writer
        self._send = send
        self._may_send = may_send
        self._halves = HALVES
        self._seen: list[tuple[FeatureFinding, E]] = []
        self._verdicts: Verdicts[E] = Verdicts()
        self._displaced: list[tuple[FeatureFinding, E]] = []

    def run(self, files: Iterable[TortureFile]) -> Verdicts[E]:
        """Send *files* and return what they show."""
        self._verdicts.obstacle = self._obstacle()
        if self._verdicts.obstacle:
            return self._verdicts
        judged: dict[PromiseId, E] = {}
        for file in files:
            accepted = self._accepted(file)
            if accepted is not None:
                judged |= self._judge(*accepted)
        for each in self._confirmed(self._causes()):
            self._verdicts.broken.append(each)
        broken = {each.promise for each in self._verdicts.broken}
        self._verdicts.kept = {key: one for key, one in judged.items() if key not in broken}
        return self._verdicts

    # --- sending -------------------------------------------------------------------------------

    def _obstacle(self) -> str:
        """Send plain cards, and return why cards with features would show nothing."""
        file = self._writer.file("plain", [CONTACT] * PLAIN_CARDS)
        sent = self._send(file.content)
        contacts = sent.read() if sent.report is not None else None
        if sent.report is None:
            return "a file of plain cards is not imported"
        if contacts is None:
            return "the list of an import cannot be read"
        lost = [each for each in judge(file, sent.report, contacts) if each.kind in _ARRIVAL]
        return "no contact of plain cards is in its list" if len(lost) == PLAIN_CARDS else ""

    def _accepted(self, file: TortureFile) -> tuple[TortureFile, SentFile[E]] | None:
        """Return the file, without what makes the deployment refuse it, and what came back."""
        sent = self._send(file.content)
        if sent.report is not None:
            return file, sent
        found = self._culprits(file)
        for feature in found:
            what = f"{feature.what} The whole file is refused. ({feature.id})"
            self._note(feature.promise, what, sent)
        rest = [each for each in file.features if each not in found]
        if not found:
            documented = any(each.is_documented for each in file.features)
            what = f"A file of {len(file.entries)} cards is refused ({file.name})."
            self._note(CARD_LOST if documented else file.features[0].promise, what, sent)
        elif rest and self._may_send(len(rest)):
            again = self._writer.file(file.name, rest)
            sent = self._send(again.content)
            return (again, sent) if sent.report is not None else None
        return None

    def _culprits(self, file: TortureFile) -> list[Feature]:
        def works(features: Sequence[Feature]) -> bool:
            self._halves -= 1
            if not self._may_send(len(features)):
                return True
            return self._send(self._writer.file(file.name, features).content).report is not None

        return culprits(file.features, works, self._halves)

    def _note(self, broken: PromiseId, what: str, sent: SentFile[E]) -> None:
        self._verdicts.broken.append(Verdict(broken, what, "200 and a report", "", sent.exchange))

    # --- judging -------------------------------------------------------------------------------

    def _judge(self, file: TortureFile, sent: SentFile[E]) -> dict[PromiseId, E]:
        """Judge what came back, and return the promises that it judged."""
        findings = judge(file, sent.report or {}, sent.read())
        self._seen += [(each, sent.exchange) for each in findings]
        promises = (*(each.promise for each in file.features), *OF_EVERY_FILE)
        if (sent.report or {}).get("errors"):
            promises += OF_ERRORS
        return dict.fromkeys(promises, sent.exchange)

    def _causes(self) -> list[tuple[FeatureFinding, E]]:
        """Return the findings of all files, the same cause once."""
        exchanges = {id(finding): exchange for finding, exchange in self._seen}
        seen: set[tuple[str, str]] = set()
        found = []
        for each in without_consequences(finding for finding, _ in self._seen):
            key = (each.promise, each.kind)
            if each.feature is not None or key not in seen:
                found.append((each, exchanges[id(each)]))
            if each.feature is None:
                seen.add(key)
        return found

    def _confirmed(self, found: list[tuple[FeatureFinding, E]]) -> Iterator[Verdict[E]]:
        """Yield verdicts: the features of a promise that were sent alone, and the others as one."""
        left = CONFIRMATIONS
        by_promise: dict[PromiseId, list[tuple[FeatureFinding, E]]] = {}
        for finding, exchange in sorted(found, key=lambda one: not promise(one[0].promise).heading):
            by_promise.setdefault(finding.promise, []).append((finding, exchange))
        for of_promise in by_promise.values():
            # Once a card is known to be lost for its place, what else does not arrive has that cause.
            some = self._displace(of_promise) if self._displaced else of_promise
            if not some:
                continue
            first, *others = some
            verdict: Verdict[E] | None = None
            if left and first[0].feature is not None:
                left -= 1
                verdict = self._alone(*first)
            else:
                verdict = _verdict(*first)
            if verdict is None:
                self._displaced.append(first)
                others = self._displace(others)
            else:
                yield verdict
            if others:
                yield _together(others)
        if self._displaced:
            yield _of_place(self._displaced)

    def _displace(self, found: list[tuple[FeatureFinding, E]]) -> list[tuple[FeatureFinding, E]]:
        """Note the cards that do not arrive for their place, and return the other findings."""
        self._displaced += [each for each in found if each[0].kind in _ARRIVAL]
        return [each for each in found if each[0].kind not in _ARRIVAL]

    def _alone(self, finding: FeatureFinding, exchange: E) -> Verdict[E] | None:
        """Send the feature of a finding alone, and return the finding on that evidence if it recurs.

        ``None``: a card that does not become a contact among others does when it is alone.
        """
        feature = finding.features[0]
        file = self._writer.alone(feature)
        if not self._may_send(len(file.entries)):
            return _verdict(finding, exchange)
        sent = self._send(file.content)
        if sent.report is None:
            what = f"{finding.what} A file of it alone is refused. ({feature.id})"
            return Verdict(finding.promise, what, "200 and a report", "", sent.exchange)
        found = judge(file, sent.report, sent.read())
        again = [each for each in found if each.promise == finding.promise]
        if again:
            return _verdict(again[0], sent.exchange)
        if not found and finding.kind in _ARRIVAL and finding.is_of_contact:
            return None
        return _verdict(finding, exchange, "Among other cards; not when it is sent alone. ")


def _verdict(finding: FeatureFinding, exchange: E, note: str = "") -> Verdict[E]:
    named = f" ({finding.feature.id})" if finding.feature else ""
    what = f"{finding.what} {note}".rstrip() + named
    return Verdict(finding.promise, what, finding.expected, finding.got, exchange)


def _of_place(found: list[tuple[FeatureFinding, E]]) -> Verdict[E]:
    """Return the verdict on cards that arrive alone, and not among others."""
    (finding, exchange), *_ = found
    named = finding.feature.id if finding.feature else finding.kind
    what = (
        f"{len(found)} of the cards of a file do not become contacts. Sent alone, the first of them "
        f"does, so its place in the file, or the size of the file, is the cause. ({named})"
    )
    expected = [each.expected for each, _ in found[:_NAMED]]
    got = [each.got for each, _ in found[:_NAMED]]
    return Verdict(CARD_LOST, what, expected, got, exchange)


def _together(found: list[tuple[FeatureFinding, E]]) -> Verdict[E]:
    """Return one verdict for further features of a promise."""
    findings = [finding for finding, _ in found]
    names = [each.feature.id if each.feature else each.what for each in findings]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    what = f"The same promise fails with other cards: {', '.join(names[:_NAMED])}{more}."
    expected = [each.expected for each in findings[:_NAMED]]
    got = [each.got for each in findings[:_NAMED]]
    return Verdict(findings[0].promise, what, expected, got, found[0][1])
