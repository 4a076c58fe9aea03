"""Requests and responses as bytes, for tests that speak to a raw socket."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.qlara_sandbox.web.calls import QUOTA, UPLOAD
from tests.server import exchange

if TYPE_CHECKING:
    from tests.server import Running


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
