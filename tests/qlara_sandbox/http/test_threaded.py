"""A server in a thread: ready when the block begins, gone when it ends, and honest about failures."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from threading import active_count
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send


async def hello(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def fetch(port: int) -> bytes:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
        body: bytes = response.read()
    return body


def test_every_configuration_has_a_port_of_its_own_while_the_block_runs() -> None:
    threads = active_count()
    with ThreadedServer(configure(hello), configure(hello)) as server:
        assert [fetch(port) for port in server.ports] == [b"hello", b"hello"]

    assert active_count() == threads
    with pytest.raises(OSError, match="refused"):
        fetch(server.ports[0])


def test_what_is_beside_the_server_lives_as_long_in_the_same_event_loop() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        seen.append("entered")
        yield
        seen.append("left")

    with ThreadedServer(configure(hello), beside=beside()):
        assert seen == ["entered"]
    assert seen == ["entered", "left"]


def test_work_is_done_in_the_event_loop_of_the_server() -> None:
    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    with ThreadedServer(configure(hello)) as server:
        assert server.run(loop()) is server.run(loop())

    with pytest.raises(RuntimeError, match="does not run"):
        server.run(loop())


def test_a_server_that_cannot_start_raises_where_it_was_started() -> None:
    broken = configure(hello, ssl_certfile="/nowhere.pem", ssl_keyfile="/nowhere.pem")
    with pytest.raises(FileNotFoundError), ThreadedServer(broken):
        pass


def test_what_fails_beside_the_server_is_raised_where_it_was_started() -> None:
    @asynccontextmanager
    async def broken(why: Exception | None) -> AsyncIterator[None]:
        if why is not None:
            raise why
        yield

    failing = broken(LookupError())
    with pytest.raises(LookupError), ThreadedServer(configure(hello), beside=failing):
        pass


def test_one_server_that_cannot_start_stops_the_others() -> None:
    broken = configure(hello, ssl_certfile="/nowhere.pem", ssl_keyfile="/nowhere.pem")
    server = ThreadedServer(configure(hello), broken)
    with pytest.raises(FileNotFoundError), server:
        pass

    with pytest.raises(OSError, match="refused"):
        fetch(server.ports[0])
