"""The heads of requests and responses: where they end, what they say, and how one is addressed to the deployment.

Requests are read strictly, so that nobody can read them otherwise than the proxy did (RFC 9112 section 11.2);
responses as leniently as clients do, because they are passed on whatever they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from qlara_proxy.traffic import headers_named

if TYPE_CHECKING:
    from qlara_proxy.traffic import RawHeaders

# Deployments have bounds of their own: this one only keeps the proxy's memory bounded.
MOST_HEAD_BYTES = 256 * 1024
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# Any byte but those that end a field for one reader or another (RFC 9110 section 5.5).
_VALUE = rb"[^\0\r\n]*"
_REQUEST_LINE = re.compile(rb"(%b) ([!-~\x80-\xff]+) HTTP/1\.([01])" % _TOKEN)
_FIELDS = re.compile(rb"(?:%b:%b\r\n)*" % (_TOKEN, _VALUE))
_FIELD = re.compile(rb"%b:%b" % (_TOKEN, _VALUE))
_BLANKS = " \t"
_REMEMBERED_BYTES = 4096
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_END_OF_RESPONSE_HEAD = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([0-9]{3})(?: (.*))?")
_CRLF = b"\r\n"
_SHOWN = 80


class UnclearRequest(Exception):
    """A request that is not HTTP/1.1, or that two readers may read in two ways. ``status`` is what it is refused with."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class RequestFields(NamedTuple):
    """The header fields of a request: what they say, and where in their bytes the value of Host is.

    ``lengths`` and ``codings`` are the values of Content-Length and Transfer-Encoding.
    """

    headers: RawHeaders
    host: tuple[int, int] | None
    lengths: tuple[str, ...]
    codings: tuple[str, ...]


class RequestHead(NamedTuple):
    """The head of a request; ``line`` is where in ``raw`` its request line is, which the fields follow."""

    method: str
    target: str
    minor: int
    raw: bytes
    line: tuple[int, int]
    fields: RequestFields


class ResponseHead(NamedTuple):
    """The head of a response; ``minor`` is that of its version."""

    status: int
    reason: str
    minor: int
    headers: RawHeaders


def end_of_request_head(data: bytes) -> int:
    """Return where the head ends with which *data* begins; -1: not yet.

    Raises:
        UnclearRequest: it never will, or is too large.
    """
    end = data.find(b"\r\n\r\n", _begin(data))
    found = end + 4 if end >= 0 else -1
    if found > MOST_HEAD_BYTES or (found < 0 and len(data) > MOST_HEAD_BYTES):
        raise UnclearRequest(f"Expected at most {MOST_HEAD_BYTES // 1024} KB of headers.", 431)
    if found < 0 and _BARE_LINE_FEED.search(data):
        raise UnclearRequest("Expected lines that end with CR LF; found one that ends with LF.")
    return found


def parse_request(raw: bytes) -> RequestHead:
    """Return the head of a request, of all its bytes; empty lines may come first (RFC 9112 section 2.2).

    Raises:
        UnclearRequest: a line of it is not as RFC 9112 has it.
    """
    begin = _begin(raw)
    line_end = raw.index(_CRLF, begin)
    line = _REQUEST_LINE.fullmatch(raw, begin, line_end)
    if line is None:
        raise UnclearRequest(_not_a_request_line(raw[begin:line_end]))
    block = raw[line_end + 2 :]
    # A client sends the same fields again and again.
    fields = _known_fields(block) if len(block) <= _REMEMBERED_BYTES else _fields(block)
    method, target = line[1].decode("ascii"), line[2].decode("latin-1")
    return RequestHead(method, target, int(line[3]), raw, (begin, line_end), fields)


def addressed(head: RequestHead, target: str, host: str) -> bytes:
    """Return the bytes of a head with another target and Host, and everything else as it was."""
    raw, (begin, end) = head.raw, head.line
    line = raw[begin:end]
    if target != head.target:
        line = f"{head.method} {target} HTTP/1.{head.minor}".encode("latin-1")
    if head.fields.host is None:
        return raw[:begin] + line + raw[end:]
    at = end + 2
    value, after = head.fields.host
    return raw[:begin] + line + raw[end : at + value] + host.encode("ascii") + raw[at + after :]


def end_of_response_head(data: bytes | bytearray) -> int:
    """Return where the head ends with which *data* begins, whatever its line ends are; -1: not yet."""
    found = _END_OF_RESPONSE_HEAD.search(data)
    return found.end() if found else -1


def parse_response(raw: bytes) -> ResponseHead | None:
    """Return the head of a response; None: it has no status line of HTTP/1."""
    lines = raw.replace(_CRLF, b"\n").split(b"\n")
    line = _STATUS_LINE.fullmatch(lines[0])
    if line is None:
        return None
    headers: list[tuple[str, str]] = []
    for each in lines[1:]:
        text = each.decode("latin-1")
        if text[:1] in (" ", "\t") and headers:  # obs-fold, RFC 9112 section 5.2
            name, value = headers[-1]
            headers[-1] = name, f"{value} {text.strip()}"
        elif text:
            name, _, value = text.partition(":")
            headers.append((name, value.strip(" \t")))
    reason = (line[3] or b"").decode("latin-1")
    return ResponseHead(int(line[2]), reason, int(line[1]), tuple(headers))


def _not_a_field(lines: list[bytes]) -> str:
    at = next(at for at, line in enumerate(lines, 2) if _FIELD.fullmatch(line) is None)
    return f"Expected a header field in line {at} of the request; found something else."


def _inside(value: str, at: int) -> tuple[int, int]:
    """Return where *value*, which is *at* there, is without the blanks around it."""
    begin = at + len(value) - len(value.lstrip(_BLANKS))
    return begin, max(begin, at + len(value.rstrip(_BLANKS)))


def _fields(block: bytes) -> RequestFields:
    if _FIELDS.fullmatch(block, 0, len(block) - 2) is None:
        raise UnclearRequest(_not_a_field(block.split(_CRLF)))
    headers: list[tuple[str, str]] = []
    hosts: list[tuple[int, int]] = []
    at = 0
    for each in block[:-4].decode("latin-1").split("\r\n") if len(block) > len(_CRLF) else ():
        name, _, value = each.partition(":")
        if name.lower() == "host":
            hosts.append(_inside(value, at + len(name) + 1))
        headers.append((name, value.strip(_BLANKS)))
        at += len(each) + 2
    if len(hosts) > 1:
        raise UnclearRequest("Expected one Host; found several (RFC 9112 section 3.2).")
    kept = tuple(headers)
    return RequestFields(
        kept,
        hosts[0] if hosts else None,
        tuple(headers_named(kept, "content-length")),
        tuple(headers_named(kept, "transfer-encoding")),
    )


_known_fields = lru_cache(maxsize=256)(_fields)


def _begin(data: bytes) -> int:
    at = 0
    while data.startswith(_CRLF, at):
        at += 2
    return at


def _not_a_request_line(line: bytes) -> str:
    if line.endswith(b" HTTP/2.0"):
        return "Expected HTTP/1.1; found the beginning of HTTP/2."
    if line[:1] == b"\x16":
        return "Expected HTTP; found TLS. The proxy itself speaks http://, whatever it forwards to."
    method = line.split(b" ", 1)[0][:_SHOWN].decode("latin-1")
    return f"Expected a request line such as GET /path HTTP/1.1; found one that begins with {method!r}."
