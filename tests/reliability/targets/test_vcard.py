from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.domain.importing import CardError, ExistingContacts, ImportOptions, Plan
from qlara_sandbox.services.importing import plan_import
from reliability.engine import broken
from reliability.targets.vcard import VCardFiles, strategy_of

if TYPE_CHECKING:
    from collections.abc import Callable

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Neri\r\nTEL:+39 347 765 4321\r\nEND:VCARD\r\n"


def of_strategy(name: str) -> bytes:
    """Return a file of one card that is imported with this strategy."""
    files = (CARD + b"\r\n" * blank for blank in count())
    return next(file for file in files if strategy_of(file) == name)


def changed(change: Callable[[Plan], Plan]) -> VCardFiles:
    def plan(data: bytes, options: ImportOptions, existing: ExistingContacts, region: str) -> Plan:
        return change(plan_import(data, options, existing, region))

    return VCardFiles(plan)


def invariant(target: VCardFiles, data: bytes) -> str | None:
    error = broken(target, data)
    return error.invariant if error is not None else None


@pytest.mark.parametrize("data", [CARD, CARD * 3, b"", b"no vCard", b"BEGIN:VCARD\r\n"])
def test_the_importer_as_it_is_breaks_nothing(data: bytes) -> None:
    assert invariant(VCardFiles(), data) is None


def test_the_seeds_show_different_behaviours() -> None:
    target = VCardFiles()

    assert len({target.run(data) for data in target.seeds()}) > 3


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda plan: plan._replace(total=plan.total + 1), "every card has one outcome"),
        (lambda plan: plan._replace(created=[]), "every card has one outcome"),
        (
            lambda plan: plan._replace(created=[plan.created[0]._replace(phone_number="347")]),
            "keeps the contract (Contact)",
        ),
        (
            lambda plan: plan._replace(created=[plan.created[0]._replace(name="\ud800")]),
            "a contact can be sent",
        ),
        (
            lambda plan: plan._replace(created=[plan.created[0]._replace(contact_id="cnt_001")]),
            "ids are unique and in order",
        ),
        (lambda plan: plan._replace(members=["cnt_002"] * 2), "a contact joins a list once"),
    ],
)
def test_a_wrong_plan_is_found(change: Callable[[Plan], Plan], found: str) -> None:
    assert invariant(changed(change), of_strategy("SKIP")) == found


def test_a_lost_card_is_found() -> None:
    def lose_one(plan: Plan) -> Plan:
        return plan._replace(total=0, created=[], by_id={}, members=[], errors=[])

    assert invariant(changed(lose_one), of_strategy("SKIP")) == "every card is counted"


def test_an_error_beyond_the_file_is_found() -> None:
    def err(plan: Plan) -> Plan:
        return plan._replace(created=[], members=[], errors=[CardError(99, "", "reason")])

    assert invariant(changed(err), of_strategy("SKIP")) == "an error names a line of the file"


def test_a_refused_vcard_file_is_found() -> None:
    def refuse(_: bytes, *rest: Any) -> Plan:
        return plan_import(b"", *rest)

    assert invariant(VCardFiles(refuse), CARD) == "a vCard file is read"


def test_an_exception_is_found() -> None:
    def fail(*_: object) -> Plan:
        raise RecursionError

    assert invariant(VCardFiles(fail), CARD) == "no exception (RecursionError)"


def test_an_import_that_costs_too_much_is_found() -> None:
    used = count(step=0.05)  # seconds of CPU time

    target = VCardFiles(cpu=lambda: next(used))

    assert invariant(target, CARD) == "the cost of an import is bounded"
