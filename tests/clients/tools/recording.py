"""A record of exchanges with the API: what a client sent to a sandbox, and what it sent back.

As a plugin of pytest (``-p tests.clients.tools.recording --recording FOLDER``), it records what tests exchange
with sandboxes, in their process and in those that they start.
"""

from __future__ import annotations

import atexit
import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qlara_cli import main
from qlara_sandbox.web.app import SandboxApplication
from tests import server

if TYPE_CHECKING:
    import pytest
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qlara_sandbox.web.runtime import Runtime

Headers = list[tuple[bytes, bytes]]
API = "/api/"
_FOLDER = "QLARA_RECORDING"


@dataclass
class Exchange:
    """A request and its whole response; ``target`` is path and query as they were sent."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    status: int = 0
    response_headers: Headers = field(default_factory=list)
    response: bytes = b""
    is_whole: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the sandbox did what was asked for: without being told to, whatever it is."""
        return 200 <= self.status < 300 and not self.header(b"prefer")

    @property
    def content(self) -> tuple[object, ...]:
        """What makes another exchange of it."""
        typed = self.header(b"content-type")
        return self.method, self.target, typed, self.body, self.header(b"prefer"), self.status

    def header(self, name: bytes) -> str:
        """Return a header of the request; empty, if it has none."""
        return dict(self.headers).get(name, b"").decode("latin-1")


class Recorder:
    """An ASGI application that records the API's exchanges of another one, as they are under the shipped contract."""

    def __init__(self, app: ASGIApp, runtime: Runtime, exchanges: list[Exchange]) -> None:
        self._app = app
        self._runtime = runtime
        self._exchanges = exchanges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        exchange = Exchange(scope["method"], target.decode("latin-1"), list(scope["headers"]))

        async def received() -> Message:
            message = await receive()
            exchange.body += message.get("body", b"")
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.response_headers = list(message["headers"])
            elif message["type"] == "http.response.body":
                exchange.response += message.get("body", b"")
                exchange.is_whole = not message.get("more_body", False)
            await send(message)

        await self._app(scope, received, sent)
        if exchange.is_whole and self._is_of_the_shipped_contract():
            self._exchanges.append(exchange)

    def _is_of_the_shipped_contract(self) -> bool:
        return self._runtime.contract.is_shipped and not self._runtime.overlaid


def record_into(folder: Path) -> None:
    """Record the exchanges with all sandboxes of this process, into a file of *folder* when it ends."""
    exchanges: list[Exchange] = []
    build = SandboxApplication.build_middleware_stack

    def recorded(self: SandboxApplication) -> ASGIApp:
        return Recorder(build(self), self.state.runtime, exchanges)

    def write() -> None:
        (folder / f"{os.getpid()}.pickle").write_bytes(pickle.dumps(exchanges))

    setattr(SandboxApplication, "build_middleware_stack", recorded)  # noqa: B010 - mypy: a method
    atexit.register(write)


def read(folder: Path) -> list[Exchange]:
    """Return what the processes that recorded into *folder* have written."""
    files = sorted(folder.glob("*.pickle"))
    return [each for file in files for each in pickle.loads(file.read_bytes())]  # noqa: S301 - ours


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recording", type=Path, required=True, help="Folder for the records.")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("recording")
    os.environ[_FOLDER] = str(folder)
    record_into(folder)
    server.SANDBOX[:] = ["-m", __name__]


if __name__ == "__main__":
    from tests.clients.tools import recording

    recording.record_into(Path(os.environ[_FOLDER]))  # not of this module, which is another one
    main()
