"""The import service: all or nothing, one import per world at a time, large files off the event loop."""

from __future__ import annotations

import asyncio
import time
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.errors import NotAVCard, QuotaExceeded, UnknownList
from qlara_sandbox.domain.importing import Strategy
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.services.importing import Importer, ImportRequest, summary
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.world import Destination, ImportReport, World
from qlara_sandbox.state.worlds import WorldKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_sandbox.domain.contacts import Contact

LIST = Destination("list_crm_migration", None)


def world(scenario: str = "default") -> World:
    return Library(resources.SCENARIOS).build(WorldKey("sandbox_a", "default", scenario))


def cards(*numbers: int) -> bytes:
    return "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:P{n}\r\nTEL:+39347{n:07}\r\nEND:VCARD\r\n"
        for n in numbers
    ).encode()


def request(
    data: bytes, into: Destination = LIST, read: Callable[[], bytes] | None = None
) -> ImportRequest:
    return ImportRequest(read or (lambda: data), len(data), into, Strategy.SKIP, ())


async def accept(_: ImportReport) -> None:
    """Let every report pass."""


def test_an_import_changes_the_world_and_reports_what_it_changed() -> None:
    target = world()
    report = asyncio.run(Importer().run(target, request(cards(1, 2, 1)), accept))

    expected = {"total": 3, "imported": 2, "duplicates": 1, "errors": 0, "skipped": 1}
    assert summary(report) == expected
    assert target.page("list_crm_migration", number=1, limit=10).total == 2


@pytest.mark.parametrize(
    ("into", "data", "refused"),
    [
        (Destination("list_nowhere", None), cards(1), UnknownList),
        (LIST, b"no vCard", NotAVCard),
        (Destination(None, "New"), b"no vCard", NotAVCard),
    ],
)
def test_a_refused_import_leaves_the_world_as_it_was(
    into: Destination, data: bytes, refused: type[Exception]
) -> None:
    target = world("crm-migration")
    before = snapshot.take(target)
    with pytest.raises(refused):
        asyncio.run(Importer().run(target, request(data, into), accept))

    assert snapshot.take(target) == before


def test_an_import_over_the_quota_leaves_the_world_as_it_was() -> None:
    target = world("quota-exhausted")
    before = snapshot.take(target)
    with pytest.raises(QuotaExceeded):
        asyncio.run(Importer().run(target, request(cards(1), Destination(None, "New")), accept))

    assert snapshot.take(target) == before


def test_a_report_that_is_not_approved_changes_nothing_and_uses_up_no_id() -> None:
    target = world("crm-migration")
    before = snapshot.take(target)
    seen: list[ImportReport] = []

    async def refuse(report: ImportReport) -> None:
        seen.append(report)
        raise ValueError

    into = Destination(None, "New")
    with pytest.raises(ValueError, match=r"^$"):
        asyncio.run(Importer().run(target, request(cards(1), into), refuse))
    assert snapshot.take(target) == before

    report = asyncio.run(Importer().run(target, request(cards(1), into), accept))
    assert seen == [report]


def test_imports_into_one_world_follow_one_another_and_find_the_same_number_once() -> None:
    target = world()

    async def both() -> list[ImportReport]:
        importer = Importer()
        data = cards(*range(400))  # large enough for a thread
        one, other = (
            importer.run(target, request(data), accept),
            importer.run(target, request(data), accept),
        )
        return list(await asyncio.gather(one, other))

    first, second = asyncio.run(both())

    assert (first.imported, first.duplicates) == (400, 0)
    assert (second.imported, second.duplicates) == (0, 400)


def planned_on_the_loop(
    *files: bytes, monotonic: Callable[[], float] = time.monotonic
) -> list[bool]:
    """Import *files*, and tell of each contact in turn whether it was planned on the event loop."""
    on_the_loop = []

    def note(_: Contact) -> None:
        on_the_loop.append(current_thread() is main_thread())

    async def run() -> None:
        importer = Importer(monotonic)
        for data in files:
            options = request(data)._replace(rules=lambda: note)
            await importer.run(world(), options, accept)

    asyncio.run(run())
    return on_the_loop


def test_a_large_file_is_planned_off_the_event_loop_and_a_small_one_on_it() -> None:
    assert planned_on_the_loop(cards(1, 2), cards(*range(400))) == [True, True, *[False] * 400]


def test_a_small_file_that_takes_long_is_planned_to_its_end_off_the_event_loop() -> None:
    seconds = iter((0.0, 0.001, 0.002, 60.0))

    on_the_loop = planned_on_the_loop(cards(1, 2, 3, 4), monotonic=lambda: next(seconds))

    assert on_the_loop == [True, True, False, False]


def test_a_card_with_many_numbers_is_planned_off_the_event_loop() -> None:
    many = cards(9).replace(b"TEL", b"TEL:1\r\nTEL:2\r\nTEL:3\r\nTEL")

    assert planned_on_the_loop(cards(1) + many + cards(2)) == [True, False, False]


def test_a_file_that_is_begun_on_the_loop_and_ended_in_a_thread_is_imported_as_any_other() -> None:
    seconds = iter((0.0, 0.001, 60.0))
    importer = Importer(lambda: next(seconds))
    target = world()

    report = asyncio.run(importer.run(target, request(cards(1, 1, 2)), accept))

    expected = {"total": 3, "imported": 2, "duplicates": 1, "errors": 0, "skipped": 1}
    assert summary(report) == expected
    assert target.page("list_crm_migration", number=1, limit=10).total == 2


def test_an_import_during_which_the_rules_change_is_planned_anew() -> None:
    target, data = world(), cards(1, 2)
    rules: Callable[[Contact], str | None] | None = None

    def refuse(_: Contact) -> str | None:
        return "Not allowed any more."

    def read() -> bytes:
        nonlocal rules
        rules = refuse
        return data

    under_way = ImportRequest(read, len(data), LIST, Strategy.SKIP, (), lambda: rules)
    report = asyncio.run(Importer().run(target, under_way, accept))

    assert [error.reason for error in report.errors] == ["Not allowed any more."] * 2
    assert target.contacts == {}
