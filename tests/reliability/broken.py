"""Sandboxes that are wrong in one way, for showing that a target finds it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

from reliability import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPORT: dict[str, Any] = {
    "importId": "imp_a",
    "listId": wire.DESTINATION,
    "status": "COMPLETED",
    "summary": {"total": 1, "imported": 1, "duplicates": 0, "errors": 0, "skipped": 0},
    "errors": [],
    "completedAt": "2026-04-09T11:00:15+02:00",
}
REFUSAL: dict[str, Any] = {"status": "fail", "data": {"file": "Expected a file."}}


class Received(NamedTuple):
    """A request as the broken sandbox sees it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class BrokenHost:
    """A host that responds as it is told to, as a target sees it."""

    def __init__(self, port: int, *, is_alive: bool = True, log: str = "") -> None:
        self.port = port
        self.is_alive = is_alive
        self._log = log

    def trouble(self) -> str:
        return self._log

    def memory_mb(self, field: str = "VmRSS") -> float:
        del field
        return 1.0

    def cpu_seconds(self) -> float:
        return 0.0


@contextmanager
def serving(respond: Callable[[Received], tuple[int, Any] | None]) -> Iterator[BrokenHost]:
    """Serve what *respond* returns: a status and a JSON body; None closes the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else self._chunks()
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = respond(Received(self.command, self.path, headers, body))
            if response is None:
                self.close_connection = True
                return
            status, content = response
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - so called by http.server

        def _chunks(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return b""
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield BrokenHost(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()


class Account:
    """A sandbox with one account that is right, as far as the targets ask; subclasses break it."""

    def __init__(self) -> None:
        self.contacts: dict[str, list[int]] = {}

    def __call__(self, received: Received) -> tuple[int, Any] | None:
        held = self.contacts.setdefault(received.headers.get("x-sandbox-session", ""), [])
        if received.path == wire.QUOTA:
            return 200, {"used": len(held), "total": 50_000}
        if received.path.startswith("/api/") and received.method == "GET":
            return 200, self.page(held)
        if received.method == "POST" and received.path == wire.UPLOAD:
            return self.upload(received, held)
        if received.path.startswith("/__admin/requests"):
            return 200, {"requests": []}
        return 200, {}

    def upload(self, received: Received, held: list[int], /) -> tuple[int, Any] | None:
        """Import a contact, whatever is in the file."""
        del received
        held.append(len(held) + 1)
        return 200, REPORT

    def page(self, held: list[int]) -> dict[str, Any]:
        """Return the page of a list that has them all."""
        contacts = [
            {
                "contactId": f"cnt_{number:03d}",
                "name": "Anna Neri",
                "phoneNumber": "+393471234567",
                "tags": [],
                "createdAt": "2026-04-09T11:00:10+02:00",
            }
            for number in held
        ]
        return {
            "listId": wire.DESTINATION,
            "contacts": contacts,
            "total": len(contacts),
            "page": 1,
            "totalPages": 1,
            "hasMore": False,
        }
