"""Raw requests to the API, the pages and the control API: whatever bytes arrive, nobody is worse off."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import h11

from reliability import dictionaries, wire
from reliability.mutation import Mutator
from reliability.target import Figures, InvariantBroken
from reliability.targets.served import KEY, Host, Served

if TYPE_CHECKING:
    import socket
    from collections.abc import Hashable
    from random import Random

_SECONDS = 5.0
_UPLOAD = wire.UPLOAD.encode()
_MOST_BYTES = 4 * 1024 * 1024
_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nTEL:+393471112223\r\nEND:VCARD\r\n"
_CONTROL = (
    "GET /__admin/health",
    "GET /__admin/version",
    "GET /__admin/openapi.json",
    "GET /__admin/metrics",
    "GET /__admin/scenarios",
    "GET /__admin/scenario?apiKey=sandbox_fuzz",
    "GET /__admin/worlds",
    "GET /__admin/requests?limit=2",
    "GET /__admin/requests?format=har&limit=2",
    "GET /__admin/requests/req_00000001",
    "GET /__admin/clock?apiKey=sandbox_fuzz",
    "GET /__admin/state?apiKey=sandbox_other",
    "GET /__admin/faults?apiKey=sandbox_fuzz",
    "DELETE /__admin/faults?apiKey=sandbox_fuzz",
    "DELETE /__admin/requests",
)
_CONTROL_BODIES = (
    ("POST", "/__admin/reset", b'{"apiKey": "sandbox_fuzz", "session": "x"}'),
    ("POST", "/__admin/requests/count", b'{"status": "4xx", "bodyContains": "x"}'),
    ("POST", "/__admin/requests/find", b'{"limit": 1, "since": "2026-04-09T11:00:10+02:00"}'),
    ("PUT", "/__admin/clock", b'{"freeze": "2026-04-09T11:00:10+02:00", "advance": "2h"}'),
    ("PUT", "/__admin/scenario", b'{"apiKey": "sandbox_other", "scenario": "crm-migration"}'),
    ("POST", "/__admin/faults", b'{"apiKey": "sandbox_other", "fault": {"on": "listContacts"}}'),
)
_OF_THE_CONNECTION = {
    b"connection",
    b"content-length",
    b"expect",
    b"keep-alive",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_PAGES = (
    "/",
    "/__console",
    "/__docs",
    "/llms.txt",
    "/openapi.yaml",
    "/openapi.json",
    "/__assets/x.js",
    "/nothing",
)


class RawRequests:
    """Sends each input over a connection of its own, and asks a bystander's question after it.

    A response must come within so many *seconds*.
    """

    name = "raw-http"

    def __init__(self, host: Host | None = None, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._served = Served(host)
        self._mutator = Mutator(dictionaries.HTTP, self.seeds())
        self._used: int | None = None

    def seeds(self) -> list[bytes]:
        upload = wire.upload(KEY, wire.form(_CARD))
        head, _, body = upload.partition(b"\r\n\r\n")
        in_chunks = b"".join(wire.chunked(head + b"\r\n\r\n", [body[:100], body[100:]]))
        listed = wire.request("GET", wire.LIST.format(wire.DESTINATION), KEY)
        quota = wire.request("GET", wire.QUOTA, KEY)
        offered = quota.replace(b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
        control = [
            wire.request(method, path, KEY) for method, path in (line.split() for line in _CONTROL)
        ]
        control += [
            wire.request(method, path, KEY, {"Content-Type": "application/json"}, body)
            for method, path, body in _CONTROL_BODIES
        ]
        pages = [wire.request("GET", path, KEY, {"Accept": "text/html"}) for path in _PAGES]
        return [
            upload,
            in_chunks,
            in_chunks.replace(b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n"),
            upload.replace(b"Content-Type", b"Expect: 100-continue\r\nContent-Type"),
            upload.replace(
                b"Content-Type", b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\nContent-Type"
            ),
            listed,
            quota,
            offered,
            quota + listed + upload,
            upload + quota,
            quota.replace(b"HTTP/1.1", b"HTTP/1.0"),
            quota.replace(b"GET", b"HEAD"),
            quota.replace(b"GET", b"OPTIONS"),
            quota.replace(b"\r\n\r\n", b"\r\nPrefer: code=401\r\n\r\n"),
            *pages,
            *control,
        ]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        changed = self._mutator(data, rng)
        return with_right_length(changed) if rng.random() < 0.3 else changed

    def run(self, data: bytes) -> Hashable:
        served = self._served
        before = served.used() if self._used is None else self._used
        self._used = None  # until all is well
        requests = complete_requests(data)
        received, is_open = self._exchange(data, len(requests))
        found = wire.statuses(received)
        failed = [status for status in found if status >= 500]
        after = served.used()
        has_succeeded = any(200 <= status < 300 for status in found)
        if failed and not served.ordered_faults():
            served.check()
            response = received[received.find(b"HTTP/1.1 5") :]
            raise InvariantBroken(f"no 5xx ({failed[0]})", repr(response[:600]))
        served.check()
        if after != before and not has_succeeded and not self._served.has_just_imported():
            detail = f"{before} contacts before, {after} after, responses {found}"
            raise InvariantBroken("nothing changes without a success", detail)
        if len(requests) == 1 and requests[0].target.startswith(_UPLOAD):
            self._compare(requests[0], received)
            after = served.used()
        if has_succeeded and b"__admin" in data:
            served.start_over()
        else:
            self._used = after
        return (tuple(found[:3]), is_open, _error_kind(received))

    def figures(self) -> Figures:
        return self._served.figures()

    def close(self) -> None:
        self._served.close()

    def _compare(self, request: Complete, received: bytes) -> None:
        """Send the same upload plainly: what it was wrapped in must make no difference."""
        found = _final(received)
        if found[0] == 400 and b'{"request":' in received:
            return  # refused as malformed, which is always safe
        with contextlib.closing(wire.connect(self._served.host.port, self._seconds)) as connection:
            connection.sendall(plain(request))
            received_plainly, _ = self._wait_for(connection, 1)
        expected = _final(received_plainly)
        if found[:1] != expected[:1] and not self._served.ordered_faults():
            detail = f"{found} instead of {expected}: {received[-300:]!r}"
            raise InvariantBroken("an upload is read as h11 reads it", detail)

    def _exchange(self, data: bytes, due: int) -> tuple[bytes, bool]:
        """Send *data*; return what came back, and whether the connection is still open."""
        with contextlib.closing(wire.connect(self._served.host.port, self._seconds)) as connection:
            with contextlib.suppress(OSError):  # the server may have heard enough
                connection.sendall(data)
            received, is_open = self._wait_for(connection, due)
            if not due:
                # The server has seen the bytes when it has served others that came after them.
                self._served.used()
                self._served.used()
            return received + _what_is_there(connection), is_open

    def _wait_for(self, connection: socket.socket, due: int) -> tuple[bytes, bool]:
        received, end = b"", time.monotonic() + self._seconds
        while len(_final(received)) < due and len(received) < _MOST_BYTES:
            try:
                chunk = connection.recv(65536)
            except TimeoutError:
                chunk = b""
                if time.monotonic() >= end:
                    detail = f"{len(_final(received))} of {due} within {self._seconds:.0f} s"
                    raise InvariantBroken("a complete request gets a response", detail) from None
            except OSError:
                chunk = b""
            if not chunk:
                self._require_a_response(received)
                return received, False
            received += chunk
        return received, True

    def _require_a_response(self, received: bytes) -> None:
        if not _final(received) and not self._served.ordered_faults():
            detail = "the connection was closed without one"
            raise InvariantBroken("a complete request gets a response", detail)


class Complete(NamedTuple):
    """A complete request, as h11 reads it."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def complete_requests(data: bytes) -> list[Complete]:
    """Return the requests in *data* that are complete and due a response, as h11 reads them.

    What follows a request that closes the connection, or one that h11 takes for malformed, is left
    out.
    """
    connection = h11.Connection(h11.SERVER)
    found: list[Complete] = []
    with contextlib.suppress(h11.ProtocolError):
        connection.receive_data(data)
        while (request := _next_request(connection)) is not None:
            found.append(request)
            connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE:
                break
            connection.start_next_cycle()
    return found


def _next_request(connection: h11.Connection) -> Complete | None:
    head, body = None, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            if event.method == b"PRI":  # HTTP/2's preface (RFC 9113 section 3.4), which goes on
                return None
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = [(bytes(name), bytes(value)) for name, value in head.headers]
            return Complete(bytes(head.method), bytes(head.target), headers, bytes(body))
        else:
            return None


def plain(request: Complete) -> bytes:
    """Return the same request without anything that only concerns its connection."""
    kept = [(name, value) for name, value in request.headers if name not in _OF_THE_CONNECTION]
    lines = [b"%b: %b\r\n" % pair for pair in kept]
    lines.append(b"Content-Length: %d\r\n" % len(request.body))
    first = b"%b %b HTTP/1.1\r\n" % (request.method, request.target)
    return first + b"".join(lines) + b"\r\n" + request.body


def with_right_length(data: bytes) -> bytes:
    """Return a request with the ``Content-Length`` that its body has, where it gives one."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return data
    length = b"Content-Length: %d" % len(body)
    return re.sub(rb"(?i)content-length:[^\r\n]*", length, head, count=1) + found + body


def _final(received: bytes) -> list[int]:
    return [status for status in wire.statuses(received) if status >= 200]


def _what_is_there(connection: socket.socket) -> bytes:
    connection.setblocking(False)
    with contextlib.suppress(OSError):
        return connection.recv(1 << 20)
    return b""


def _error_kind(received: bytes) -> bytes:
    """Return the field that a refusal blames: what is wrong, in coarse terms."""
    found = re.search(rb'"data":\{"([A-Za-z]{1,20})":"([A-Za-z ]{1,12})', received)
    return found[0] if found else b""
