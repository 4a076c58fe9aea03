"""HTTP as bytes on a socket: no library between what a target wants to send and what is sent."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
LIST = "/api/partner-gateway/v1/contacts/list/{}/contacts"
DESTINATION = "list_crm_migration"
SECONDS = 15.0

_HEAD_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked\r\n")
_CHUNK = 65536


class Response(NamedTuple):
    """A response: its status, its head with the empty line, and its body."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON. Raises ``ValueError`` if it is none."""
        return orjson.loads(self.body)


class Gone(Exception):
    """The server closed the connection, or did not respond in time, where a response was due."""


class Client:
    """One connection that is kept open, and opened anew where the server has closed it."""

    def __init__(self, port: int, key: str, *, seconds: float = SECONDS) -> None:
        self._port = port
        self._key = key
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **headers: str) -> Response:
        """Send a GET request."""
        return self.send(request("GET", path, self._key, headers))

    def json(self, method: str, path: str, value: Any) -> Response:
        """Send *value* as a JSON body."""
        headers = {"Content-Type": "application/json"}
        return self.send(request(method, path, self._key, headers, orjson.dumps(value)))

    def upload(self, file: bytes, **fields: str) -> Response:
        """Upload *file* with these form fields."""
        return self.send(upload(self._key, form(file, **fields)))

    def send(self, *pieces: bytes) -> Response:
        """Send one request in *pieces*, and return its response.

        Raises:
            Gone: there is none.
        """
        for attempt in (1, 2):
            is_fresh = self._socket is None
            connection = self._socket or connect(self._port, self._seconds)
            self._socket = connection
            try:
                for piece in pieces:
                    connection.sendall(piece)
                response, rest = read_response(connection)
            except (OSError, Gone) as error:
                self.close()
                if is_fresh or attempt > 1 or isinstance(error, TimeoutError):
                    raise Gone(repr(error)) from error
                continue
            if rest or b"connection: close" in response.head.lower():
                self.close()
            return response
        raise AssertionError("one of the attempts returns or raises")

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def connect(port: int, seconds: float = SECONDS) -> socket.socket:
    """Return a connection to the sandbox at *port*."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_response(connection: socket.socket) -> tuple[Response, bytes]:
    """Return the next response, and what came after it.

    Raises:
        Gone: the connection ends before it is complete.
        TimeoutError: it does not come in time.
    """
    received = b""
    while (response := first_response(received)) is None:
        chunk = connection.recv(_CHUNK)
        if not chunk:
            raise Gone(f"the connection was closed after {received[:200]!r}")
        received += chunk
    return response


def first_response(received: bytes) -> tuple[Response, bytes] | None:
    """Return the first response in *received*, and what is behind it; None if it is not complete.

    Responses to HEAD are not understood.
    """
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head, rest = received[: end + 4], received[end + 4 :]
    found = _STATUS.match(head)
    if found is None:
        raise Gone(f"not a response: {received[:200]!r}")
    status = int(found[1])
    if _CHUNKED.search(head):
        body = _chunks(rest)
        return None if body is None else (Response(status, head, body[0]), body[1])
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    if len(rest) < size:
        return None
    return Response(status, head, rest[:size]), rest[size:]


def statuses(received: bytes) -> list[int]:
    """Return the status of every response in *received*, whatever the requests were."""
    return [int(found) for found in _STATUS.findall(received)]


def request(
    method: str, path: str, key: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-Api-Key: {key}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method in {"POST", "PUT"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def form(file: bytes, *, boundary: str = "b", **fields: str) -> bytes:
    """Return a multipart form with a file, into the documented list unless *fields* say otherwise."""
    if not fields.keys() & {"listId", "listName"}:
        fields = {"listId": DESTINATION, **fields}
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts.append(b'Content-Disposition: form-data; name="file"; filename="c.vcf"\r\n\r\n' + file)
    line = b"--" + boundary.encode()
    return b"".join(b"%b\r\n%b\r\n" % (line, part) for part in parts) + line + b"--\r\n"


def upload(key: str, body: bytes, boundary: str = "b") -> bytes:
    """Return an upload of the form *body*."""
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return request("POST", UPLOAD, key, headers, body)


def chunked(head: bytes, pieces: Iterable[bytes]) -> list[bytes]:
    """Return the request with the *head* of one with ``Content-Length``, its body sent in chunks."""
    head = _LENGTH.sub(b"\r\nTransfer-Encoding: chunked\r\n", head)
    return [head, *(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"]


def _chunks(rest: bytes) -> tuple[bytes, bytes] | None:
    body = b""
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            return None
        length = int(size.split(b";")[0], 16)
        if len(rest) < length + 2:
            return None
        body += rest[:length]
        rest = rest[length + 2 :]
        if not length:
            return body, rest
