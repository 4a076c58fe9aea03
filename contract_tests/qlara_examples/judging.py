"""Judges the response to a step: the text of the page, the response and the contract side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_examples.attribution import Attributor, Finding
from qlara_examples.compare import Certainty, ComparisonResult, Mismatch, MismatchKind, compare
from qlara_examples.json_text import Node, NotJson, read_documented
from qlara_examples.outcomes import printed_values, status_agrees

if TYPE_CHECKING:
    from qlara_examples.outcomes import ExecutedCommand
    from qlara_examples.page import Step

Judgement = tuple[list[Finding], list[str]]


def judge_response(step: Step, done: ExecutedCommand, certainty: Certainty) -> Judgement:
    """Return what is wrong with a documented response, and notes; *done* is the command for it.

    Compared is what the command printed, if that is JSON (a filter may have changed it), else the
    body of the response.
    """
    assert step.response is not None
    last = done.last
    operation = contract().operation_of(last.method, last.path) if last else None
    attributor = Attributor(contract(), operation, last.status if last else 0)
    if last and not status_agrees(step.status, last.status):
        line = step.status_line or step.response.lines[0].number
        documented = step.status or "a success"
        mismatch = Mismatch(line, (), MismatchKind.STATUS, documented, last.status)
        return [attributor.judge(mismatch)], []
    try:
        nodes = read_documented(step.response.lines)
    except NotJson as error:
        return [Finding(error.line, str(error))], []
    body = last.json if last else None
    values = printed_values(done.result.stdout)
    if values is None:
        values = [] if body is None else [body]
    comparison = compare(nodes, values, certainty)
    if len(nodes) == 1 and values == [body]:
        attributor.recognise(nodes[0].value, certain=certainty.values)
        return _with_contract(attributor, nodes[0], comparison, body)
    # The contract says nothing about what a filter makes of a response.
    silent = Attributor(contract(), None, 0)
    return [silent.judge(each) for each in comparison.mismatches], comparison.notes


def _with_contract(
    attributor: Attributor, node: Node, comparison: ComparisonResult, body: Any
) -> Judgement:
    found = [attributor.judge(each) for each in comparison.mismatches]
    found += attributor.contradictions(node, comparison.mismatches)
    if not comparison.mismatches:
        found += attributor.broken_by(body, node.line)
    return list(dict.fromkeys(found)), comparison.notes
