"""Where bodies end: by their length, by chunks, or with the connection (RFC 9112 section 6.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from qlara_proxy.forwarding.heads import UnclearRequest
from qlara_proxy.traffic import headers_named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_proxy.forwarding.heads import RequestHead, ResponseHead

# The size line of a chunk with its extensions, or all trailer fields.
_MOST_LINE_BYTES = 16 * 1024
_MOST_TRAILER_BYTES = 256 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\0\r\n]*)?\r\n")
_TRAILER = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0\r\n]*)?\r\n")
_NO_BODY = frozenset({204, 304})


class MalformedBody(Exception):
    """The framing of a body breaks off its format; the message says where."""


class BodyReader(Protocol):
    """Finds the end of one body. What is in it, without framing, goes to the sink that it was made with.

    ``is_over``: the end has come. ``ends_with_connection``: only the end of the connection is its end.
    """

    is_over: bool
    ends_with_connection: bool

    def feed(self, data: bytes, at: int) -> int:
        """Read *data* from *at* on, and return where the body, or the data, ends.

        Raises:
            MalformedBody: it is not framed as it says.
        """
        ...


class SizedBody:
    """A body of so many bytes; none at all, too."""

    ends_with_connection = False

    def __init__(self, size: int, sink: Callable[[bytes], None]) -> None:
        self._left = size
        self._sink = sink
        self.is_over = size == 0

    def feed(self, data: bytes, at: int) -> int:
        """Take what belongs to the body."""
        end = min(len(data), at + self._left)
        if end > at:
            self._sink(data[at:end])
        self._left -= end - at
        self.is_over = self._left == 0
        return end


class EndlessBody:
    """A body that ends with its connection."""

    ends_with_connection = True
    is_over = False

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def feed(self, data: bytes, at: int) -> int:
        """Take everything."""
        self._sink(data[at:])
        return len(data)


class ChunkedBody:
    """A body in chunks, with its trailer fields (RFC 9112 section 7.1); read strictly."""

    ends_with_connection = False

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._line = b""
        self._left = 0
        self._trailer_bytes = 0
        self._next: Callable[[bytes], None] = self._size
        self.is_over = False

    def feed(self, data: bytes, at: int) -> int:
        """Take what belongs to the chunks."""
        while at < len(data) and not self.is_over:
            at = self._data(data, at) if self._left else self._line_of(data, at)
        return at

    def _data(self, data: bytes, at: int) -> int:
        end = min(len(data), at + self._left)
        self._sink(data[at:end])
        self._left -= end - at
        if not self._left:
            self._next = self._after_data
        return end

    def _line_of(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        stop = end + 1 if end >= 0 else len(data)
        self._line += data[at:stop]
        if len(self._line) > _MOST_LINE_BYTES:
            raise MalformedBody("a line between chunks is too long")
        if end >= 0:
            line, self._line = self._line, b""
            self._next(line)
        return stop

    def _size(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise MalformedBody("the size of a chunk is not one")
        self._left = int(found[1], 16)
        if not self._left:
            self._next = self._trailer

    def _after_data(self, line: bytes) -> None:
        if line != b"\r\n":
            raise MalformedBody("a chunk is longer than its size")
        self._next = self._size

    def _trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        if _TRAILER.fullmatch(line) is None or self._trailer_bytes > _MOST_TRAILER_BYTES:
            raise MalformedBody("a trailer field is not one")
        self.is_over = line == b"\r\n"


def body_of_request(head: RequestHead, sink: Callable[[bytes], None]) -> BodyReader:
    """Return what finds the end of a request's body.

    Raises:
        UnclearRequest: two readers may find it in two places (RFC 9112 section 6.3 and 11.2).
    """
    _, _, lengths, codings = head.fields
    if codings and lengths:
        raise UnclearRequest("Expected Content-Length or Transfer-Encoding; found both.")
    if len(lengths) > 1 or (lengths and "," in lengths[0]):
        raise UnclearRequest("Expected one Content-Length; found several.")
    if codings:
        if head.minor == 0:
            raise UnclearRequest("Expected no Transfer-Encoding in HTTP/1.0; found one.")
        if not _is_chunked(codings) or len(codings) > 1:
            raise UnclearRequest("Expected a Transfer-Encoding that ends with one chunked.")
        return ChunkedBody(sink)
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise UnclearRequest("Expected a Content-Length that is a number of bytes.")
    return SizedBody(int(lengths[0]) if lengths else 0, sink)


def body_of_response(
    head: ResponseHead, method: str, sink: Callable[[bytes], None]
) -> BodyReader | None:
    """Return what finds the end of the body of the response to *method*; None: nobody can say where it is."""
    if method == "HEAD" or head.status in _NO_BODY or head.status < 200:
        return SizedBody(0, sink)
    codings = list(headers_named(head.headers, "transfer-encoding"))
    if codings:
        return ChunkedBody(sink) if _is_chunked(codings) else EndlessBody(sink)
    lengths = {
        each.strip()
        for line in headers_named(head.headers, "content-length")
        for each in line.split(",")
    }
    if not lengths:
        return EndlessBody(sink)
    length = lengths.pop()
    return None if lengths or not _LENGTH.fullmatch(length) else SizedBody(int(length), sink)


def _is_chunked(codings: Sequence[str]) -> bool:
    """Return whether the last transfer coding is ``chunked``, and no other one is."""
    names = [each.strip().lower() for line in codings for each in line.split(",")]
    return names[-1] == "chunked" and names.count("chunked") == 1
