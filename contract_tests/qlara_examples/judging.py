"""Judges the answer to a step: the page's text, the server's answer and the contract side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_examples.attribution import Finding, Witnesses
from qlara_examples.compare import Comparison, Difference, Kind, Promised, compare
from qlara_examples.json_text import Node, NotJson, read_documented
from qlara_examples.outcomes import body_of, status_agrees, values

if TYPE_CHECKING:
    from qlara_examples.outcomes import Done
    from qlara_examples.page import Step

Judged = tuple[list[Finding], list[str]]


def judge_answer(step: Step, done: Done, promised: Promised) -> Judged:
    """Return what is wrong with a documented answer, and notes; *done* is the command that got it.

    What the command printed counts, if that is JSON (it may have been filtered on the way); the body
    of the answer otherwise.
    """
    assert step.answer is not None
    passed = done.passed[-1] if done.passed else None
    operation = contract().operation_of(passed.method, passed.path) if passed else None
    status = passed.status if passed else 0
    witnesses = Witnesses(contract(), operation, status)
    if passed and not status_agrees(step.status, status):
        line = step.status_line or step.answer.lines[0].number
        difference = Difference(line, (), Kind.STATUS, step.status or "a success", status)
        return [witnesses.judge(difference)], []
    try:
        nodes = read_documented(step.answer.lines)
    except NotJson as error:
        return [Finding(error.line, str(error))], []
    body = body_of(passed)
    answers = values(done.ran.out)
    if answers is None:
        answers = [] if body is None else [body]
    comparison = compare(nodes, answers, promised)
    if len(nodes) == 1 and answers == [body]:
        witnesses.recognise(nodes[0].value, certain=promised.values)
        return _with_contract(witnesses, nodes[0], comparison, body)
    # What a filter has made of an answer is nothing that the contract speaks of.
    silent = Witnesses(contract(), None, 0)
    return [silent.judge(each) for each in comparison.differences], comparison.notes


def _with_contract(witnesses: Witnesses, node: Node, comparison: Comparison, body: Any) -> Judged:
    found = [witnesses.judge(each) for each in comparison.differences]
    found += witnesses.contradictions(node, comparison.differences)
    if not comparison.differences:
        found += witnesses.broken_by(body, node.line)
    return list(dict.fromkeys(found)), comparison.notes
