"""Requests and responses as bytes, for tests that speak to a raw socket."""

from __future__ import annotations

import json
import re
import socket
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

from tests.qlara_sandbox.web.calls import QUOTA, UPLOAD, vcf
from tests.server import exchange, read_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Running

MEDIA = "Content-Type: multipart/form-data; boundary=frontier"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def part(name: str, content: bytes, *, filename: str | None = None, extra: bytes = b"") -> bytes:
    disposition = f'form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = f"--frontier\r\nContent-Disposition: {disposition}\r\n".encode()
    return head + extra + b"\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--frontier--\r\n"


def good_form(data: bytes) -> bytes:
    return form(part("file", data, filename="c.vcf"), part("listId", b"list_crm_migration"))


def head(key: str, *headers: str, path: str = UPLOAD, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"X-Api-Key: sandbox_{key}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def request(key: str, body: bytes, *headers: str, content_type: str | None = None) -> bytes:
    media = content_type or "multipart/form-data; boundary=frontier"
    length = f"Content-Length: {len(body)}"
    return head(key, f"Content-Type: {media}", length, "Connection: close", *headers) + body


def parsed(raw: bytes) -> tuple[int, Any]:
    """Return status and JSON body of the last response in *raw*."""
    top, _, body = raw.rpartition(b"\r\n\r\n")
    status = top.rpartition(b"HTTP/1.1 ")[2][:3]
    return int(status), json.loads(body)


def used(server: Running, key: str) -> int:
    raw = exchange(server.port, head(key, "Connection: close", path=QUOTA, method="GET"))
    count: int = parsed(raw)[1]["used"]
    return count


class Reply(NamedTuple):
    """One response: its status, its headers by lower-case name, and its JSON body (None: no body)."""

    status: int
    headers: dict[str, str]
    body: Any


def replies(raw: bytes) -> list[Reply]:
    """Return the responses in *raw*, interim ones included; each has a length or no body."""
    found = []
    while raw:
        top, _, raw = raw.partition(b"\r\n\r\n")
        status, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        body, raw = raw[:length], raw[length:]
        assert re.match(r"HTTP/1\.1 \d{3} ", status), status
        found.append(Reply(int(status[9:12]), headers, json.loads(body) if body else None))
    return found


def statuses(raw: bytes) -> list[int]:
    """Return the statuses of the responses in *raw*."""
    return [reply.status for reply in replies(raw)]


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def in_segments(server: Running, *segments: bytes) -> bytes:
    """Send *segments* so that the server reads one before it gets the next; return what comes back."""
    with connected(server) as connection:
        for segment in segments:
            connection.sendall(segment)
            until_read(server)
        return read_to_end(connection)


def until_read(server: Running) -> None:
    """Return when the server has read what was sent before: it reads in the order of arrival."""
    exchange(server.port, quota("barrier", "Connection: close"))


def quota(key: str, *headers: str) -> bytes:
    return head(key, *headers, path=QUOTA, method="GET")


def chunks(body: bytes, size: int = 50, trailer: bytes = b"") -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return (
        b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n" + trailer + b"\r\n"
    )


def journal(server: Running, key: str) -> list[dict[str, Any]]:
    """Return the journal's entries of a key, newest first."""
    url = f"{server.url}/__admin/requests?apiKey=sandbox_{key}"
    with urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
        entries: list[dict[str, Any]] = json.load(response)["requests"]
    return entries


def offering(key: str, offer: str, *headers: str, chunked: bool = False) -> bytes:
    """Return an upload that offers to upgrade, without its body."""
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(BODY)}"
    return head(key, "Connection: Upgrade", f"Upgrade: {offer}", MEDIA, framing, *headers)


def peak_megabytes(server: Running) -> float:
    """Return the most resident memory that the server has had, in MB."""
    text = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1000


def arm(server: Running, key: str, fault: dict[str, Any]) -> None:
    """Order a fault for a key."""
    body = json.dumps({"apiKey": f"sandbox_{key}", "fault": fault}).encode()
    media = {"Content-Type": "application/json"}
    with urlopen(Request(f"{server.url}/__admin/faults", body, media), timeout=10) as response:  # noqa: S310 - our own
        assert response.status == 201


def reset_on_close(connection: socket.socket) -> None:
    """Let the connection end with RST instead of FIN, as that of a client that is killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


BODY = good_form(vcf(("Marco", "347 123 4567")))
