"""What the journal does not keep of a request: every name in its form, and whose key it carries where.

The sandbox reads the fields of its contract and ignores the others; here the others matter as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NUMBER_HEADER = "x-rehearsal-number"
"""Leads from an entry of the journal to what was observed. No client sends it."""

_BOUNDARY = re.compile(rb'boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'[; ]name="([^"]*)"', re.IGNORECASE)
_LONGEST_HEAD = 4096  # bytes of a part's head that are looked at
_MOST_NAMES = 100
_LONGEST_KEY = 200  # bytes


@dataclass
class Observed:
    """One request: the names of its form's parts in their order, and whose it is.

    ``owner`` is the key of the account that it belongs to, wherever it stands; empty if it is nowhere.
    ``has_key`` says whether that key is in ``X-Api-Key``.
    """

    owner: str = ""
    has_key: bool = False
    names: list[str] = field(default_factory=list)


class Observer:
    """Observes the requests to an application; ``keys`` are those of the accounts that may be meant."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self._observed: dict[str, Observed] = {}
        self._numbers = count(1)

    def of(self, number: str) -> Observed:
        """Return what was observed of a request, by the value of ``NUMBER_HEADER``."""
        return self._observed.get(number, Observed())

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return *app*, observed."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/__"):
                await app(scope, receive, send)
                return
            number = str(next(self._numbers))
            observed = self._observed[number] = self._head(scope)
            headers = [*scope["headers"], (NUMBER_HEADER.encode(), number.encode())]
            reader = _FormReader(scope, observed, self.keys)

            async def observed_receive() -> Message:
                message = await receive()
                reader.feed(message.get("body", b""))
                return message

            await app({**scope, "headers": headers}, observed_receive, send)

        return wrapped

    def _head(self, scope: Scope) -> Observed:
        given = [value for name, value in scope["headers"] if name == b"x-api-key"]
        places = [
            unquote_to_bytes(scope["query_string"]),
            *(value for _, value in scope["headers"]),
        ]
        owner = next((key for key in self.keys for place in places if key.encode() in place), "")
        return Observed(owner, has_key=bool(owner) and owner.encode() in given)


class _FormReader:
    """Finds the heads of a multipart form's parts while it streams, and a key in what they hold."""

    def __init__(self, scope: Scope, observed: Observed, keys: set[str]) -> None:
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        found = _BOUNDARY.search(kind)
        self._mark = b"--" + found[1] + b"\r\n" if found else b""
        self._observed = observed
        self._keys = keys
        self._rest = b""
        self._end = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body."""
        self._look_for_a_key(chunk)
        if not self._mark or not chunk:
            return
        data = self._rest + chunk
        at = data.find(self._mark)
        while at >= 0:
            begins = at + len(self._mark)
            end = data.find(b"\r\n\r\n", begins, begins + _LONGEST_HEAD)
            if end < 0 and len(data) - begins < _LONGEST_HEAD:
                self._rest = data[at:]
                return
            self._part(data[begins:end] if end >= 0 else b"")
            data = data[begins:]
            at = data.find(self._mark)
        self._rest = data[-len(self._mark) :]

    def _part(self, head: bytes) -> None:
        found = _NAME.search(head)
        if found and len(self._observed.names) < _MOST_NAMES:
            self._observed.names.append(found[1].decode("utf-8", "replace"))

    def _look_for_a_key(self, chunk: bytes) -> None:
        if self._observed.owner or not chunk:
            return
        data = self._end + chunk
        self._observed.owner = next((one for one in self._keys if one.encode() in data), "")
        self._end = data[-_LONGEST_KEY:]
