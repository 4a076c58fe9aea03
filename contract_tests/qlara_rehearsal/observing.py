"""What the journal does not keep of a request: every name in its form, whose key it carries where, how its file begins.

The sandbox reads the fields of its contract and ignores the others; here the others matter as well. And it reads no
body of a request that it refuses at once, of which the beginning tells here whether it is the same one sent again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from time import time
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
_BEGINNING = 512  # bytes of a file that tell it from others
_MOST_AWAITED = 65_536  # bytes of a form before its file


@dataclass
class Observed:
    """One request: the names of its form's parts in their order, and whose it is.

    ``owner`` is the key of the account that it belongs to, wherever it stands; empty if it is nowhere.
    ``has_key`` says whether that key is in ``X-Api-Key``. ``file_begins`` is the same for files with the same
    beginning; empty if it has none, or waits to be told that it may be sent (``Expect``). ``began`` is when its
    head arrived, in seconds since 1970.
    """

    owner: str = ""
    has_key: bool = False
    names: list[str] = field(default_factory=list)
    file_begins: str = ""
    began: float = 0.0


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

            early: list[Message] = []

            async def next_message() -> Message:
                message = await receive()
                reader.feed(message.get("body", b""), ends=not message.get("more_body", False))
                return message

            async def observed_receive() -> Message:
                return early.pop(0) if early else await next_message()

            may_wait = any(name == b"expect" for name, _ in scope["headers"])
            while reader.awaits_the_file and not may_wait:
                early.append(await next_message())

            await app({**scope, "headers": headers}, observed_receive, send)

        return wrapped

    def _head(self, scope: Scope) -> Observed:
        given = [value for name, value in scope["headers"] if name == b"x-api-key"]
        places = [
            unquote_to_bytes(scope["query_string"]),
            *(value for _, value in scope["headers"]),
        ]
        owner = next((key for key in self.keys for place in places if key.encode() in place), "")
        return Observed(owner, has_key=bool(owner) and owner.encode() in given, began=time())


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
        self._file: bytes | None = None  # its beginning, once it has begun
        self._read = 0
        self.awaits_the_file = bool(found)

    def feed(self, chunk: bytes, *, ends: bool = False) -> None:
        """Take the next piece of the body; *ends*: it is the last one."""
        self._look_for_a_key(chunk)
        self._read += len(chunk)
        if self._mark and chunk:
            if self._file is not None:
                self._go_on_with_the_file(chunk)
            self._feed(self._rest + chunk)
        if self.awaits_the_file and (ends or self._read > _MOST_AWAITED):
            self._end_the_file()

    def _feed(self, data: bytes) -> None:
        at = data.find(self._mark)
        while at >= 0:
            begins = at + len(self._mark)
            end = data.find(b"\r\n\r\n", begins, begins + _LONGEST_HEAD)
            if end < 0 and len(data) - begins < _LONGEST_HEAD:
                self._rest = data[at:]
                return
            head = data[begins:end] if end >= 0 else b""
            self._part(head)
            if b"filename" in head.lower() and self._file is None:
                self._go_on_with_the_file(data[end + 4 :])
            data = data[begins:]
            at = data.find(self._mark)
        self._rest = data[-len(self._mark) :]

    def _go_on_with_the_file(self, chunk: bytes) -> None:
        if not self.awaits_the_file:
            return
        self._file = (self._file or b"") + chunk[: 2 * _BEGINNING]
        if len(self._file) >= 2 * _BEGINNING:
            self._end_the_file()

    def _end_the_file(self) -> None:
        self.awaits_the_file = False
        if self._file is not None:
            content = self._file.partition(b"\r\n" + self._mark.removesuffix(b"\r\n"))[0]
            self._observed.file_begins = sha256(content[:_BEGINNING]).hexdigest()

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
