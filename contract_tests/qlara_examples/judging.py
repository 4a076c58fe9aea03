"""Judges the response to a step: the text of the page, the response and the contract side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_examples.attribution import Attributor, Finding
from qlara_examples.compare import Certainty, ComparisonResult, Mismatch, MismatchKind, compare
from qlara_examples.json_text import Node, NotJson, read_documented
from qlara_examples.outcomes import printed_values, status_agrees
from qlara_examples.output_text import first_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.blocks import Line
    from qlara_examples.outcomes import ExecutedCommand
    from qlara_examples.page import Step

Judgement = tuple[list[Finding], list[str]]


def judge_response(step: Step, done: ExecutedCommand, certainty: Certainty) -> Judgement:
    """Return what is wrong with a documented response, and notes; *done* is the command for it.

    Compared is what the command printed: as JSON, if it is some (a filter may have changed it), and as
    text where the page documents text; else the body of the response.
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
    values = printed_values(done.result.stdout)
    try:
        nodes = read_documented(step.response.lines)
    except NotJson as error:
        if not step.response.is_output:
            return [Finding(error.line, str(error))], []
        nodes = ()
    if step.response.is_output and (not nodes or values is None):
        return _judge_text(step.response.lines, done, certainty), []
    body = last.json if last else None
    if values is None:
        values = [] if body is None else [body]
    comparison = compare(nodes, values, certainty)
    if len(nodes) == 1 and values == [body]:
        attributor.recognise(nodes[0].value, certain=certainty.values)
        return _with_contract(attributor, nodes[0], comparison, body)
    # The contract says nothing about what a filter makes of a response.
    silent = Attributor(contract(), None, 0)
    return [silent.judge(each) for each in comparison.mismatches], comparison.notes


def _judge_text(
    lines: Sequence[Line], done: ExecutedCommand, certainty: Certainty
) -> list[Finding]:
    """Return where the text that a command printed is not the documented one."""
    text = done.result.stdout.decode("utf-8", "replace")
    printed = [line.rstrip() for line in text.splitlines() if line.strip()]
    difference = first_difference([line.text for line in lines], printed, certainty)
    if difference is None:
        return []
    at, response = difference
    if at == len(lines):
        return [Finding(lines[-1].number, f"more is printed after this: {response!r}")]
    what = "nothing is printed here" if response is None else f"printed is {response!r}"
    return [Finding(lines[at].number, what)]


def _with_contract(
    attributor: Attributor, node: Node, comparison: ComparisonResult, body: Any
) -> Judgement:
    found = [attributor.judge(each) for each in comparison.mismatches]
    found += attributor.contradictions(node, comparison.mismatches)
    if not comparison.mismatches:
        found += attributor.broken_by(body, node.line)
    return list(dict.fromkeys(found)), comparison.notes
