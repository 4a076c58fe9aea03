"""A file that is imported again is not read again, and every import of it is what the first one was."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.contacts import Card
from qlara_sandbox.domain.conventions import USUAL, Conventions
from qlara_sandbox.domain.errors import NotAVCard
from qlara_sandbox.domain.importing import Strategy
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.services.importing import Importer, ImportRequest, Reading
from qlara_sandbox.services.known_files import MOST_BYTES, KnownFiles
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.world import Destination, ImportReport, World
from qlara_sandbox.state.worlds import WorldKey

if TYPE_CHECKING:
    from collections.abc import Callable

EXPORT = (resources.SCENARIOS / "files" / "contacts-export.vcf").read_bytes()
FILES = sorted((Path(__file__).parents[3] / "reliability" / "corpus" / "vcard").iterdir())
HOW = Reading("IT").of_files


def world(scenario: str = "crm-migration") -> World:
    return Library(resources.SCENARIOS).build(WorldKey("sandbox_a", "default", scenario))


async def accept(_: ImportReport) -> None:
    """Let every report pass."""


def outcome(
    importer: Importer, data: bytes, strategy: Strategy, conventions: Conventions = USUAL
) -> object:
    """Import a file twice, and return both reports and what the account holds afterwards."""
    target = world()
    target.conventions = conventions
    request = ImportRequest(
        lambda: data, len(data), Destination("list_crm_migration", None), strategy, ("a",)
    )

    async def twice() -> list[ImportReport]:
        return [await importer.run(target, request, accept) for _ in range(2)]

    try:
        reports = asyncio.run(twice())
    except Exception as error:  # noqa: BLE001 - refusals are compared, too
        return repr(error)
    return reports, snapshot.take(target)


@pytest.mark.parametrize("strategy", Strategy)
def test_an_import_of_a_known_file_is_what_it_is_of_a_new_one(strategy: Strategy) -> None:
    importer, files = Importer(), KnownFiles(longest_file=0)
    outcome(importer, EXPORT, Strategy.SKIP)

    expected = outcome(Importer(files=files), EXPORT, strategy)
    assert outcome(importer, EXPORT, strategy) == expected
    assert len(files) == 0


def test_files_of_every_kind_are_imported_alike_however_often() -> None:
    importer = Importer()
    assert len(FILES) > 20
    for path in FILES:
        data = path.read_bytes()[: 64 * 1024]
        expected = outcome(Importer(files=KnownFiles(longest_file=0)), data, Strategy.UPDATE)
        for _ in range(2):
            assert outcome(importer, data, Strategy.UPDATE) == expected, path.name


def test_a_known_file_is_not_read_again() -> None:
    importer, reads = Importer(), count()
    target = world()

    def read() -> bytes:
        next(reads)
        return EXPORT

    request = ImportRequest(
        read, len(EXPORT), Destination("list_crm_migration", None), Strategy.SKIP, ()
    )
    asyncio.run(importer.run(target, request, accept))
    asyncio.run(importer.run(target, request, accept))

    assert next(reads) == 2  # once for each import, to know it


def test_what_is_known_of_a_file_belongs_to_how_it_is_read() -> None:
    data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Anna\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
    importer = Importer()
    usual = outcome(importer, data, Strategy.SKIP)
    reads_2_1 = replace(USUAL, version_2_1="read")

    assert outcome(importer, data, Strategy.SKIP, reads_2_1) != usual
    assert outcome(importer, data, Strategy.SKIP) == usual


def test_a_file_that_used_up_its_budget_is_read_anew() -> None:
    odd = "".join(f"TEL;X-{n}=a:{n}x\r\n" for n in range(3000))
    data = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\n{odd}END:VCARD\r\n".encode()
    files = KnownFiles()
    importer = Importer(files=files)
    first = outcome(importer, data, Strategy.SKIP)

    assert len(files) == 0
    assert outcome(importer, data, Strategy.SKIP) == first


def test_a_file_that_is_refused_is_not_kept() -> None:
    files = KnownFiles()

    assert outcome(Importer(files=files), b"no card", Strategy.SKIP) == repr(NotAVCard())
    assert len(files) == 0


def normalise(typed: str) -> str | None:
    return f"+39{typed}" if typed.isdigit() else None


def test_a_number_is_judged_once() -> None:
    judged: list[str] = []

    def judge(typed: str) -> str | None:
        judged.append(typed)
        return normalise(typed)

    files = KnownFiles()
    key = files.key(b"file", HOW)
    assert key is not None
    files.keep(key, 4, [Card(1, "Anna")], judge)
    known = files.find(key)
    assert known is not None

    assert [known.numbers[typed] for typed in ("347", "n/d", "347", "n/d")] == [
        *("+39347", None),
        *("+39347", None),
    ]
    assert judged == ["347", "n/d"]


def test_the_files_that_were_used_longest_ago_make_room() -> None:
    files = KnownFiles(most_bytes=4000)
    keys = [files.key(b"%d" % number, HOW) for number in range(3)]
    for key in keys[:2]:
        assert key is not None
        for _ in range(2):
            files.keep(key, 1, [Card(1, "Anna")], normalise)
    first, second, third = keys
    assert first is not None
    assert second is not None
    assert third is not None
    files.find(first)
    files.keep(third, 1, [Card(1, "Anna")], normalise)

    assert [files.find(key) is not None for key in (first, second, third)] == [True, False, True]
    assert files.bytes <= 4000


def test_a_file_that_takes_too_much_room_is_not_kept() -> None:
    files = KnownFiles(most_bytes=1500, longest_file=10)
    key = files.key(b"0123456789", HOW)
    assert key is not None
    files.keep(key, 10, [Card(1, "Anna")], normalise)

    assert files.key(b"0123456789a", HOW) is None
    assert (len(files), files.bytes) == (0, 0)


def test_threads_may_use_it_at_the_same_time() -> None:
    files = KnownFiles(most_bytes=20_000)

    def use() -> None:
        for number in range(500):
            key = files.key(b"%d" % (number % 20), HOW)
            assert key is not None
            files.keep(key, 1, [Card(1, "Anna")], normalise)
            files.find(key)

    threads = [Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert files.bytes == 1501 * len(files) <= 20_000


def plain(number: int, cards: int) -> str:
    return "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna {number} {card}\r\nTEL:347{card:07}\r\n"
        f"EMAIL:anna.{card}@example.com\r\nEND:VCARD\r\n"
        for card in range(cards)
    )


def of_many_numbers(number: int, cards: int) -> str:
    return "".join(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Anna\n"
        + "".join(f"TEL:+39347{number}{card:03}{each:03}\n" for each in range(60))
        + "END:VCARD\n"
        for card in range(cards)
    )


def of_wide_characters(number: int, cards: int) -> str:
    """Return cards of which one character makes all the others of their names take four octets."""
    return "".join(
        f"BEGIN:VCARD\nVERSION:3.0\nFN:\N{GRINNING FACE}{number} {card}{'a' * 300}\nTEL:347{card:07}\nEND:VCARD\n"
        for card in range(cards)
    )


@pytest.mark.parametrize(
    ("one", "cards", "many"),
    [
        (plain, 1, 2000),
        (plain, 250, 12),
        (of_many_numbers, 200, 6),
        (of_wide_characters, 500, 12),
    ],
)
def test_it_takes_no_more_memory_than_it_says(
    one: Callable[[int, int], str], cards: int, many: int
) -> None:
    files = KnownFiles(most_bytes=MOST_BYTES)
    importer = Importer(files=files)
    outcome(importer, EXPORT, Strategy.SKIP)
    target = world()

    async def import_all() -> None:
        for number in range(many):
            data = one(number, cards).encode()
            into = Destination("list_crm_migration", None)
            request = ImportRequest(partial(bytes, data), len(data), into, Strategy.SKIP, ())
            for _ in range(2):
                await importer.run(target, request, accept)

    tracemalloc.start()
    try:
        before, said = tracemalloc.get_traced_memory()[0], files.bytes
        asyncio.run(import_all())
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert grown < 1.1 * (files.bytes - said) + 300 * 1024
