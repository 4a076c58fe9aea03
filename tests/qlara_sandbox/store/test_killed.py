"""Sandboxes that end in the middle of imports: what was answered is there, and nothing is half there."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.engine import start_engine
from tests.qlara_sandbox.store.clients import KEY, Clients, File, held, send
from tests.qlara_sandbox.web.calls import vcf
from tests.server import serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine import EngineProcess
    from tests.server import Running

OF_A_FILE = 40
STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")
SECONDS_OF_LOAD = {"no worker": 3.0, "a worker": 7.0}
SECONDS_OF_A_WORKER = 2.0
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    started = start_engine(tmp_path)
    yield started
    started.stop()


def own_people(number: int, first: int = 0) -> File:
    """Return a file of people whom no other file has, if files are counted from *first*."""
    numbers = range((first + number) * OF_A_FILE, (first + number + 1) * OF_A_FILE)
    people = ((f"File {first + number}", f"347{one:07d}") for one in numbers)
    return File(vcf(*people))


def files_held(url: str) -> dict[int, int]:
    """Return how many contacts of each of those files the list holds; nobody is in it twice."""
    contacts = held(url)
    assert len({one["phoneNumber"] for one in contacts}) == len(contacts)
    numbers = [int(one["name"].split()[1]) for one in contacts]
    return {number: numbers.count(number) for number in set(numbers)}


def require_whole(clients: Clients, found: dict[int, int]) -> None:
    """See that what was answered is there, and that no import is half there."""
    assert set(found.values()) == {OF_A_FILE}
    assert clients.answered.keys() <= found.keys()
    assert clients.statuses <= {200, 0, 503}  # 503: the machine was too slow


def test_every_import_that_was_answered_is_there_and_none_is_half_there(
    engine: EngineProcess,
) -> None:
    with (
        serving("--state", engine.url) as steady,
        Clients(6, own_people, steady.url) as clients,
    ):
        for _ in range(2):
            with serving("--state", engine.url) as killed:
                clients.urls = [steady.url, killed.url]
                clients.wait_for(12)
                killed.process.kill()
                clients.wait_for(4)
                clients.urls = [steady.url]
        clients.end()
        found = files_held(steady.url)

    require_whole(clients, found)


def test_a_sandbox_that_is_stopped_under_load_loses_no_import_that_it_answered(
    engine: EngineProcess,
) -> None:
    for first in (0, 100_000):
        with (
            serving("--workers", "2", "--state", engine.url) as running,
            Clients(16, partial(own_people, first=first), running.url) as clients,
        ):
            clients.wait_for(20)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=20) == 0
        with serving("--state", engine.url) as running:
            found = files_held(running.url)
        require_whole(clients, {number - first: count for number, count in found.items()})


def shared_people(number: int) -> File:
    """Return a file of one person whom no other file has, and of some of a hundred whom many have."""
    chance = random.Random(number)
    drawn = chance.sample(range(100), 14)
    everybodys = [(f"Person {who} v{number}", f"347 123 4{who:03d}") for who in drawn]
    return File(vcf((f"File {number}", f"348{number:07d}"), *everybodys), STRATEGIES[number % 3])


def imported_in_turn(numbers: list[int]) -> tuple[dict[int, Any], list[dict[str, Any]]]:
    """Return the reports, and what is held, where one sandbox imports these files one after another."""
    with serving() as running, httpx.Client(timeout=20, headers=KEY) as client:
        reports = {
            number: send(client, running.url, shared_people(number)).json() for number in numbers
        }
        return reports, held(running.url)


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items() if not name.endswith("At")}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def workers_of(running: Running) -> list[int]:
    pid = running.process.pid
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def kill_one(running: Running) -> None:
    """Kill a worker, and wait until another one has taken its place."""
    before = workers_of(running)
    os.kill(random.choice(before), signal.SIGKILL)
    until(lambda: len(set(workers_of(running)) - set(before)) == 1)


@needs_proc
@pytest.mark.parametrize("killed", SECONDS_OF_LOAD)
def test_what_64_clients_import_through_four_workers_is_as_if_they_had_taken_turns(
    engine: EngineProcess, killed: str
) -> None:
    with (
        serving("--workers", "4", "--state", engine.url) as running,
        Clients(64, shared_people, running.url) as clients,
    ):
        end = time.monotonic() + SECONDS_OF_LOAD[killed]
        while time.monotonic() < end:
            time.sleep(min(SECONDS_OF_A_WORKER, end - time.monotonic()))
            if killed == "a worker":
                kill_one(running)
        clients.end()
        contacts = held(running.url)

    # Contacts join the list as they are imported, and one of each file is in no other.
    turns = [int(one["name"].split()[1]) for one in contacts if one["name"].startswith("File")]
    reports, expected = imported_in_turn(turns)
    assert clients.answered.keys() <= reports.keys()
    assert clients.statuses <= {200, 0, 503}
    assert without_times(contacts) == without_times(expected)
    for number, report in clients.answered.items():
        assert without_times(report) == without_times(reports[number])
