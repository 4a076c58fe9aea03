"""Safety: what a run does to a deployment that fails, has little room, or is somebody's production."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from qlara_contract.engine import Progress, check_deployment
from qlara_contract.settings import Mode, RunSettings
from tests.foreign.deployment import Deployment, seeded_account
from tests.foreign.messages import Request, Response
from tests.foreign.server import Server
from tests.foreign.serving import KEY, switches_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.engine import Outcome
    from tests.foreign.store import Account

_AFTER = 60  # requests
_LARGE = 100_000  # bytes


class Failing(Deployment):
    """A deployment that is right for some requests, and then what *failure* makes of each."""

    failure: Callable[[Request], Response] | None = None
    seen = 0

    def respond(self, request: Request) -> Response:
        self.seen += 1
        if self.failure is not None and self.seen > _AFTER:
            return self.failure(request)
        return super().respond(request)


@contextmanager
def _serving(
    account: Account,
    *freedoms: str,
    failure: Callable[[Request], Response] | None = None,
) -> Iterator[str]:
    deployment = Failing([account], switches_named(freedoms))
    deployment.failure = failure
    with Server(("127.0.0.1", 0), deployment) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


def _made(account: Account) -> int:
    """Return how many contacts the account has that were not there before."""
    return sum("crm-import" not in each.tags for each in account.contacts)


def _dropped(_: Request) -> Response:
    raise ConnectionAbortedError


def _too_many(_: Request) -> Response:
    return Response(429, {"retryAfter": 3600})


def _revoked(_: Request) -> Response:
    return Response(401, {"status": "fail", "data": {"apiKey": "Unknown key."}})


def _away(_: Request) -> Response:
    return Response(503, b"<html>Service Unavailable</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (_dropped, "closed the connection"),
        (_too_many, "keeps refusing requests as too many"),
        (_revoked, "does not accept the key any more"),
        (_away, "503, which comes from a gateway"),
    ],
)
def test_an_outage_ends_the_run_and_is_no_drift(
    failure: Callable[[Request], Response], reason: str
) -> None:
    account = seeded_account(KEY)
    with _serving(account, failure=failure) as url:
        outcome = check_deployment(RunSettings(url, KEY, timeout=5))
    assert reason in outcome.stopped
    assert (outcome.exit_code, outcome.broken) == (2, [])
    assert _made(account) <= sum(each.cards for each in outcome.ledger.entries)


def test_a_deployment_that_hangs_ends_the_run() -> None:
    released = Event()

    def hang(request: Request) -> Response:
        released.wait(60)
        return _away(request)

    account = seeded_account(KEY)
    with _serving(account, failure=hang) as url:
        outcome = check_deployment(RunSettings(url, KEY, timeout=1.0, deadline=90))
        released.set()
    assert "did not respond in time" in outcome.stopped
    assert (outcome.exit_code, outcome.broken) == (2, [])


class Late(Deployment):
    """Carries out the first large imports only when nobody waits for them any more."""

    late = 3

    def respond(self, request: Request) -> Response:
        if self.late and len(request.body) > _LARGE:
            self.late -= 1
            time.sleep(1.5)
        return super().respond(request)


def test_imports_that_come_to_be_after_their_time_is_up_are_no_fault() -> None:
    with Server(("127.0.0.1", 0), Late([seeded_account(KEY)], ())) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        outcome = check_deployment(
            RunSettings(server.url, KEY, timeout=1.0, only=("upload.imports-together",))
        )
        server.shutdown()
    assert outcome.broken == []


@pytest.mark.parametrize("freedoms", [(), ("asynchronous-zeros",)])
def test_no_more_is_written_than_is_allowed_whatever_the_reports_say(
    freedoms: tuple[str, ...],
) -> None:
    account = seeded_account(KEY)
    with _serving(account, *freedoms) as url:
        outcome = check_deployment(RunSettings(url, KEY, max_writes=20))
    assert _made(account) <= 20
    assert outcome.ledger.charged <= 20
    assert outcome.broken == []


def test_a_plan_with_little_room_is_not_filled_and_not_blamed() -> None:
    account = seeded_account(KEY, quota=42)
    with _serving(account) as url:
        outcome = check_deployment(RunSettings(url, KEY))
    assert outcome.broken == []
    assert len(account.contacts) < account.quota


def test_everything_that_is_left_behind_is_marked_and_in_the_ledger() -> None:
    account = seeded_account(KEY)
    with _serving(account) as url:
        outcome = check_deployment(RunSettings(url, KEY))
    made = [each for each in account.contacts if "crm-import" not in each.tags]
    lists = [each for each in account.lists.values() if each.id != "list_crm_migration"]
    assert [each.tags for each in made if "contract-check" not in each.tags] == []
    assert [each.name for each in lists if not each.name.startswith("contract-check ")] == []
    noted = {each.list_id for each in outcome.ledger.entries}
    assert {each.id for each in lists} <= noted
    assert len(made) <= sum(each.cards for each in outcome.ledger.entries)
    assert outcome.broken == []


def test_nothing_is_written_where_the_run_only_reads() -> None:
    account = seeded_account(KEY)
    with _serving(account) as url:
        outcome = check_deployment(
            RunSettings(url, KEY, mode=Mode.READ_ONLY, list_id="list_crm_migration")
        )
    assert (_made(account), outcome.ledger.charged, outcome.broken) == (0, 0, [])


def test_an_interrupted_run_reports_what_it_knows() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    account = seeded_account(KEY)
    with _serving(account) as url:
        outcome: Outcome = check_deployment(RunSettings(url, KEY), progress=interrupt)
    assert (outcome.exit_code, outcome.is_interrupted) == (130, True)
    assert outcome.results.by_id["upload.imports-a-file"].kept
    assert outcome.ledger.entries
