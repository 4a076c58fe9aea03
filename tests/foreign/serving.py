"""Runs a deployment in a thread, with the switches that are named."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from tests.foreign.deployment import Deployment, seeded_account
from tests.foreign.faults import FAULTS
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.foreign.store import Account
    from tests.foreign.switch import Switch

KEY = "foreign-key-7f3a"
SECOND_KEY = "foreign-second-91bc"
EXHAUSTED_KEY = "foreign-exhausted-22d0"
NEARLY_EXHAUSTED_KEY = "foreign-nearly-5e8d"
UNPERMITTED_KEY = "foreign-unpermitted-0c4f"


def default_accounts() -> list[Account]:
    """Return an account of every kind; each holds the list ``list_crm_migration``."""
    return [
        seeded_account(KEY),
        seeded_account(SECOND_KEY),
        seeded_account(EXHAUSTED_KEY, quota=25, contacts=25),
        seeded_account(NEARLY_EXHAUSTED_KEY, quota=28, contacts=25),
        seeded_account(UNPERMITTED_KEY, may_import=False),
    ]


def switches_named(freedoms: Iterable[str] = (), faults: Iterable[str] = ()) -> list[Switch]:
    """Return the switches of these names; raise ``KeyError`` for an unknown one."""
    return [*(FREEDOMS[name] for name in freedoms), *(FAULTS[name] for name in faults)]


@contextmanager
def running(
    freedoms: Iterable[str] = (),
    faults: Iterable[str] = (),
    accounts: Iterable[Account] | None = None,
) -> Iterator[str]:
    """Serve on a free port of this machine; yield the base URL."""
    switches = switches_named(freedoms, faults)
    deployment = Deployment(default_accounts() if accounts is None else accounts, switches)
    with Server(("127.0.0.1", 0), deployment) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()
