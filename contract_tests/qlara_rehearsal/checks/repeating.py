"""Whether a client sends a request again where that helps, leaves it where it does not, and waits in between.

Right is also: a longer pause than asked for, a first pause of nearly nothing if the next is not, pauses that
chance makes longer or shorter, and after a lost response a look at the list, or at how many the plan holds, in place of a second import.
"""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from qlara_contract.report.counting import counted
from qlara_rehearsal.checks.reading import has_read_all
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import QUOTA, UPLOAD, of_operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qlara_rehearsal.evidence import ActEvidence
    from qlara_rehearsal.exchanges import ActExchange

_Attempt: TypeAlias = (
    "tuple[ActExchange, ActExchange]"  # one that failed, and the next time it was sent
)
_TOLERANCE = 0.05  # seconds that two clocks, and their rounding, may differ
_AT_ONCE = 0.2  # seconds: pauses that are shorter, taken together, are none
_DOUBTFUL = 0.6  # seconds: pauses that are shorter may be none that a busy machine has made
_RUNS = 3
_ALIKE = (0.85, 1.2)  # what one pause is of the one before if they are meant to be equal


def final(evidence: ActEvidence, wanted: Mapping[str, Any]) -> Iterator[ActFinding]:
    """Yield a request that was sent again after a response that is final."""
    status, allowed = wanted["status"], wanted.get("again", 0)
    seen: list[ActExchange] = []
    for refused in (one for one in evidence.exchanges if one.status == status):
        if any(refused.is_again(one) for one in seen):
            continue
        seen.append(refused)
        again = [
            one
            for one in evidence.exchanges
            if one.number > refused.number and one.is_again(refused)
        ]
        if len(again) > allowed:
            yield ActFinding(
                f"After {status} ({refused.reason() or 'refused'}) the same request was sent "
                f"{counted(len(again), 'time')} more.",
                f"{status} is final: the response will be the same again.",
                (refused, *again),
            )


def tries_again(evidence: ActEvidence, operation: str) -> Iterator[ActFinding]:
    """Yield that a request which failed was not sent again until it succeeded."""
    failed = [one for one in of_operation(evidence.exchanges, operation) if _has_failed(one)]
    if not failed:
        return
    last = failed[-1]
    later = [one for one in evidence.exchanges if one.number > last.number]
    if any(one.is_good and one.operation == operation for one in later):
        return
    happened = operation == UPLOAD and any(one.happened for one in failed)
    has_looked = has_read_all(evidence, after=last) or any(
        one.operation == QUOTA and one.is_good for one in later
    )
    if happened and evidence.ending.is_well and has_looked:
        return
    tried = len(failed) - 1
    yield ActFinding(
        f"{_failure(last)}, and {'that was the end of it' if not tried else 'the client gave up'}"
        + (f" after {counted(tried, 'further attempt')}." if tried else ": it was not sent again."),
        "It is sent again until it succeeds"
        + (", or the list or the quota is read to see whether it has." if happened else "."),
        tuple(failed),
    )


def waits(evidence: ActEvidence, wanted: str) -> Iterator[ActFinding]:
    """Yield pauses that are shorter than asked for, or do not grow."""
    yield from _as_told(evidence) if wanted == "as told" else _longer(evidence)


def _as_told(evidence: ActEvidence) -> Iterator[ActFinding]:
    for limited in evidence.exchanges:
        told = limited.response_headers.get("retry-after", "")
        if not told.isdecimal():
            continue
        again = _next(evidence, limited)
        pause = again.started - limited.ended if again is not None else float(told)
        if again is not None and pause < float(told) - _TOLERANCE:
            yield ActFinding(
                f"{limited.status} asked for {counted(int(told), 'second')}; the request came again "
                f"after {pause:.2f}.",
                f"A pause of at least {counted(int(told), 'second')}: what Retry-After says.",
                (limited, again),
            )


def _longer(evidence: ActEvidence) -> Iterator[ActFinding]:
    alike = next((run for run in _attempts(evidence) if _are_alike(_pauses(run))), None)
    hurried = _without_pauses(evidence)
    if hurried:
        yield ActFinding(
            f"It was sent again at once: after {_in_words(_pauses(hurried))} seconds.",
            "A pause before each further attempt, longer each time, such as 0.5 and 1 seconds.",
            _shown(hurried),
        )
    elif alike and _has_alike(evidence.again()):  # pauses by chance hardly are so twice
        yield ActFinding(
            f"The pauses do not grow: {_in_words(_pauses(alike))} seconds.",
            "Each pause longer than the one before, such as 0.5 and 1 seconds.",
            _shown(alike),
        )


def _without_pauses(evidence: ActEvidence) -> list[_Attempt]:
    """Return what was sent again at once; empty unless it was in two of up to three runs.

    A busy machine makes pauses of none, and chance may make short ones of others, but hardly twice.
    """
    if sum(_pauses(_all_attempts(evidence))) >= _DOUBTFUL:
        return []
    hurried: list[list[_Attempt]] = []
    for number in range(_RUNS):
        if number - len(hurried) > _RUNS // 2:
            return []
        run = evidence.again() if number else evidence
        if run is None:
            return []
        attempts = _all_attempts(run)
        if _are_none(_pauses(attempts)):
            hurried.append(attempts)
            if len(hurried) > _RUNS // 2:
                return hurried[0]
    return []


def _all_attempts(evidence: ActEvidence) -> list[_Attempt]:
    return [*chain.from_iterable(_attempts(evidence))]


def _has_alike(evidence: ActEvidence | None) -> bool:
    runs = [] if evidence is None else _attempts(evidence)
    return any(_are_alike(_pauses(run)) for run in runs)


def _in_words(pauses: Sequence[float]) -> str:
    return " and ".join(f"{pause:.2f}" for pause in pauses)


def _shown(attempts: Sequence[_Attempt]) -> tuple[ActExchange, ...]:
    return tuple(dict.fromkeys(each for attempt in attempts for each in attempt))


def _attempts(evidence: ActEvidence) -> list[list[_Attempt]]:
    """Return each request that failed with the same one sent again, those of one request together and in order.

    A client that sends the parts of a file at the same time makes pauses for each of them.
    """
    runs: list[list[_Attempt]] = []
    for failed in (one for one in evidence.exchanges if _has_failed(one)):
        again = _next(evidence, failed)
        if again is None:
            continue
        run = next((run for run in runs if run[-1][1] is failed), None)
        if run is None:
            runs.append([(failed, again)])
        else:
            run.append((failed, again))
    return runs


def _pauses(attempts: Sequence[_Attempt]) -> list[float]:
    return [max(again.started - one.ended, 0.0) for one, again in attempts]


def _are_alike(pauses: Sequence[float]) -> bool:
    least, most = _ALIKE
    return any(least * one <= other <= most * one for one, other in pairwise(pauses))


def _are_none(pauses: Sequence[float]) -> bool:
    return bool(pauses) and sum(pauses) < _AT_ONCE


def _next(evidence: ActEvidence, failed: ActExchange) -> ActExchange | None:
    """Return the next time that the request of *failed* was sent."""
    return next(
        (
            one
            for one in evidence.exchanges
            if one.number > failed.number
            and one.started >= failed.ended - _TOLERANCE
            and one.is_again(failed)
        ),
        None,
    )


def _has_failed(exchange: ActExchange) -> bool:
    return exchange.is_failure and not exchange.is_good


def _failure(exchange: ActExchange) -> str:
    if exchange.status and "respond" in exchange.faults:
        return f"The request got {exchange.status}"
    lost = "after the import" if exchange.happened else "before anything was done"
    return f"The connection broke {lost}"
