"""The head and the body of a request, as they come from the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import HeadTooLarge, InvalidField, MisusedSandbox
from qlara_sandbox.http.connection import FAILURE
from qlara_sandbox.http.limits import MAX_HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import Receive, Scope

DRAIN_SECONDS = 20.0
LINGER_SECONDS = 1.0
KEPT_HEAD = 4096
NEARLY_READ_BYTES = 1024 * 1024
_LENGTH_DIGITS = 16


class ClientGone(Exception):
    """The client went away before its request was complete; nobody is left to respond to."""


class RequestBody:
    """The body of one request, read once; knows whether all of it has arrived.

    ``received`` counts its bytes, ``head`` keeps the first of them. ``failed``: the server takes no
    more of it.
    """

    def __init__(self, receive: Receive, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self.complete = (
            "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"
        )
        length = headers.get("content-length", "")
        self._length = int(length) if length.isdecimal() and len(length) < _LENGTH_DIGITS else None
        self.received = 0
        self.head = b""
        self.failed = False
        self._begun = False
        self._awaits_continue = headers.get("expect", "").lower() == "100-continue"

    @property
    def is_nearly_read(self) -> bool:
        """Whether so little of it is left that reading on costs less than a new connection."""
        if self.complete or self.failed or self._length is None:
            return False
        if self._awaits_continue and not self._begun:
            return False
        return self._length - self.received <= NEARLY_READ_BYTES

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            ClientGone: the connection ended before the body did.
            BodyStalled, HeadTooLarge, MalformedRequest: the server takes no more of it.
        """
        while not self.complete:
            self._begun = True
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.failed = FAILURE in message
                raise message.get(FAILURE) or ClientGone
            self.complete = not message.get("more_body", False)
            chunk = message.get("body")
            if chunk:
                self.received += len(chunk)
                if len(self.head) < KEPT_HEAD:
                    self.head += chunk[: KEPT_HEAD - len(self.head)]
                yield chunk

    async def read(self, limit: int) -> bytearray:
        """Return the whole body, of at most *limit* bytes (whole megabytes).

        Raises:
            InvalidField: it is longer.
            ClientGone, BodyStalled, HeadTooLarge, MalformedRequest: as ``chunks``.
        """
        whole = bytearray()
        async for chunk in self.chunks():
            whole += chunk
            if len(whole) > limit:
                raise InvalidField("body", f"Expected at most {limit // (1024 * 1024)} MB.")
        return whole  # not copied: it may be large

    async def drain(self, within: float = DRAIN_SECONDS) -> None:
        """Read the rest and drop it, *within* so many seconds, so that a client that is still sending gets to read the
        response: several read none before they have sent all, however much that is. One that waits for
        ``100 Continue`` has sent nothing and is not asked to.
        """
        if self._awaits_continue and not self._begun:
            return
        try:
            async with asyncio.timeout(LINGER_SECONDS if self.failed else within):
                async for _ in self.chunks():
                    pass
        except (TimeoutError, ClientGone, MisusedSandbox):
            return


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers of a request by lower-case name; of one that is repeated, the first."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        # RFC 9110 5.5: white space around a value is not part of it.
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1").strip(" \t"))
    return headers


def head_size(scope: Scope) -> int:
    """Return the size of a request's path, query and headers together, in bytes."""
    target = len(scope["path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


def require_bounded_head(scope: Scope) -> int:
    """Return the size of a request's path, query and headers together, in bytes.

    Raises:
        HeadTooLarge: they are longer than 64 KB.
    """
    size = head_size(scope)
    if size > MAX_HEAD_BYTES:
        name, value = max(scope["headers"], key=lambda header: len(header[1]), default=(b"", b""))
        if len(value) < len(scope["path"]) + len(scope["query_string"]):
            raise HeadTooLarge("path", "Expected at most 64 KB of path, query and headers.")
        raise HeadTooLarge(name.decode("latin-1"), "Expected at most 64 KB of headers.")
    return size
