"""What Prism itself gets wrong: the exchanges that say nothing of the contract, by the cause of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.clients.tools.recording import Exchange

_BODY_BYTES = 10 * 1024 * 1024
_HEAD_BYTES = 16 * 1024


class _Part(NamedTuple):
    """The head of a part as parse-multipart-data cuts it: at each semicolon, also within quotes."""

    disposition: list[str]
    is_typed: bool


def _boundary(exchange: Exchange) -> str:
    """Return the boundary as it is written: quotes are part of it."""
    found = re.search(r"boundary=([^;]*)", exchange.header(b"content-type"), re.IGNORECASE)
    return found[1].strip() if found else ""


def _parts(exchange: Exchange) -> Iterator[_Part]:
    boundary = _boundary(exchange).strip('"').encode("latin-1")
    if not boundary:
        return
    for part in exchange.body.split(b"--" + boundary + b"\r\n")[1:]:
        head = part.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        lines = [line.partition(":") for line in head.split("\r\n")]
        headers = {name.lower(): value for name, _, value in lines}
        disposition = headers.get("content-disposition", "").split(";")
        yield _Part([each.strip() for each in disposition], "content-type" in headers)


def _is_json(parameter: str) -> bool:
    try:
        json.loads(parameter.partition("=")[2].strip())
    except ValueError:
        return False
    return True


def _any_part(holds: Callable[[_Part], bool]) -> Callable[[Exchange], bool]:
    return lambda exchange: any(holds(part) for part in _parts(exchange))


def _head(exchange: Exchange) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in exchange.headers)
    return lines + len(exchange.target)


# Each says whether it is there; a test asks Prism whether it still matters.
CAUSES: Mapping[str, Callable[[Exchange], bool]] = {
    "a body beyond its 10 MB": lambda one: len(one.body) > _BODY_BYTES,
    "a head beyond the 16 KB of Node.js": lambda one: _head(one) > _HEAD_BYTES,
    "a part whose name is not its first parameter": _any_part(
        lambda part: len(part.disposition) > 1 and not part.disposition[1].startswith("name=")
    ),
    "a file name that is no JSON string": _any_part(
        lambda part: len(part.disposition) > 2 and not _is_json(part.disposition[2])
    ),
    "a file without a Content-Type": _any_part(
        lambda part: len(part.disposition) > 2 and not part.is_typed
    ),
    "HEAD, of which a contract says nothing": lambda one: one.method == "HEAD",
    "OPTIONS, to which it responds itself": lambda one: one.method == "OPTIONS",
    "501, for which it makes up a response": lambda one: one.status == 501,
    "304, whose empty body it reads as JSON": lambda one: one.status == 304,
}


def cause(exchange: Exchange) -> str | None:
    """Return the first cause for which Prism cannot judge an exchange; None: it can."""
    return next((name for name, holds in CAUSES.items() if holds(exchange)), None)
