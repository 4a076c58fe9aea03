"""The judge: from what an act has shown to its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from qlara_contract.report.counting import counted
from qlara_rehearsal.checks import CHECKS, FOLLOWS
from qlara_rehearsal.checks.endings import tells_of_an_error
from qlara_rehearsal.checks.reading import has_more
from qlara_rehearsal.checks.requests import requests
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import of_operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.evidence import ActEvidence
    from qlara_rehearsal.exchanges import ActExchange


_WHERE_TO = " It must send them to the base URL that it is told: QLARA_BASE_URL, or {base_url} in the command or in --env."


_WHERE_A_PERSON_SENDS = " Was the base URL of this act entered? Each run has another port."


class ActVerdict(StrEnum):
    """What an act has shown of a client. What was not reached is never handled."""

    MISHANDLED = "mishandled"
    NOT_REACHED = "not reached"
    HANDLED = "handled"


@dataclass(frozen=True)
class ActResult:
    """The verdict of one act. ``note`` says why it was not reached."""

    act: Act
    verdict: ActVerdict
    findings: tuple[ActFinding, ...]
    evidence: ActEvidence
    note: str = ""


def judge(evidence: ActEvidence) -> ActResult:
    """Return the verdict of an act."""
    findings = list(requests(evidence))
    if evidence.ending.exit_code is None:
        findings.append(_stopped(evidence))
    note = _unreached(evidence)
    if not note:
        findings += _unkept(evidence)
    verdict = (
        ActVerdict.MISHANDLED
        if findings
        else ActVerdict.NOT_REACHED
        if note
        else ActVerdict.HANDLED
    )
    return ActResult(evidence.act, verdict, tuple(findings), evidence, note)


def _unkept(evidence: ActEvidence) -> Iterator[ActFinding]:
    expect = evidence.act.expect
    found: dict[str, list[ActFinding]] = {}
    for word, check in CHECKS.items():
        if word in expect and not any(found.get(each) for each in FOLLOWS.get(word, ())):
            found[word] = list(check(evidence, expect[word]))
            yield from found[word]


def _stopped(evidence: ActEvidence) -> ActFinding:
    return ActFinding(
        f"It had not ended after {counted(round(evidence.ending.seconds), 'second')}, and was stopped.",
        "A client ends: it has a time limit for each response, and for all its attempts.",
        evidence.exchanges[-2:],
    )


def _unreached(evidence: ActEvidence) -> str:
    """Return why the client has not met what the act is about; empty if it has."""
    expect = evidence.act.expect
    wanted = expect["reached"]
    if any(_is_met(evidence, one) for one in wanted):
        return ""
    if (
        expect.get("refused_before_sending")
        and not evidence.uploads
        and tells_of_an_error(evidence)
        and evidence.sends_otherwise()
    ):
        return ""
    seen = _seen(evidence.exchanges)
    is_by_hand = evidence.ending.has_told is not None
    hint = "" if evidence.exchanges else _WHERE_A_PERSON_SENDS if is_by_hand else _WHERE_TO
    return f"The act is about {' or '.join(map(_in_words, wanted))}; the client sent {seen}.{hint}"


def _is_met(evidence: ActEvidence, wanted: Mapping[str, Any]) -> bool:
    return any(
        all(_has(evidence, one, name, value) for name, value in wanted.items())
        for one in of_operation(evidence.exchanges, wanted["operation"])
    )


def _has(evidence: ActEvidence, exchange: ActExchange, name: str, value: Any) -> bool:
    match name:
        case "status":
            return bool(exchange.status == value)
        case "fault":
            return value in exchange.faults
        case "field":
            return value in (exchange.form or {})
        case "strategy":
            return exchange.form is not None and exchange.strategy == value
        case "more":
            return has_more(evidence, exchange) is value
        case _:
            return True


def _in_words(wanted: Mapping[str, Any]) -> str:
    details = {
        "status": f"status {wanted.get('status')}",
        "fault": f"fault {wanted.get('fault')}",
        "field": f"field {wanted.get('field')}",
        "strategy": f"duplicateStrategy={wanted.get('strategy')}",
        "more": "a list of several pages",
    }
    named = [text for name, text in details.items() if name in wanted]
    operation = "any request" if wanted["operation"] == "*" else str(wanted["operation"])
    return f"{operation} ({', '.join(named)})" if named else operation


def _seen(exchanges: tuple[ActExchange, ...]) -> str:
    if not exchanges:
        return "no request at all"
    return ", ".join(_counted(exchanges))


def _counted(exchanges: tuple[ActExchange, ...]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for one in exchanges:
        name = f"{one.operation or one.path or 'what is no request'} {one.status or 'without a response'}"
        counts[name] = counts.get(name, 0) + 1
    for name, count in counts.items():
        yield f"{name} × {count}" if count > 1 else name
