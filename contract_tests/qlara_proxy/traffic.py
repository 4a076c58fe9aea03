"""What passes through the proxy: requests and responses, byte for byte, as everybody who watches gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

RawHeaders = tuple[tuple[str, str], ...]
"""Headers as they stood on the wire: order, repetitions and letter case kept; bytes as Latin-1."""


class KeptBody(Protocol):
    """A body as it passed, without the framing of chunks; large ones are in a file.

    ``size`` counts the bytes that passed. ``is_whole``: they are all kept, not only their beginning.
    """

    @property
    def size(self) -> int: ...
    @property
    def is_whole(self) -> bool: ...
    def read(self) -> bytes:
        """Return what is kept. It can be called until `Watcher.passed` returns."""
        ...


@dataclass(frozen=True, slots=True)
class PassedRequest:
    """A request as the client sent it; ``target`` is path and query, also if the request line has the whole URL.

    ``is_whole``: its end has arrived.
    """

    method: str
    target: str
    headers: RawHeaders
    body: KeptBody
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class PassedResponse:
    """A response as the deployment sent it. ``is_whole``: its end has arrived, and was passed on."""

    status: int
    reason: str
    headers: RawHeaders
    body: KeptBody
    is_whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)  # each is its own
class PassedExchange:
    """One request and its response, ``None`` if none came; ``failure`` then says why.

    ``number`` counts the exchanges from 1 in the order of their requests, ``connection`` those of the client.
    ``began`` is in seconds since 1970, ``seconds`` until the last byte of the response.
    """

    number: int
    connection: int
    began: float
    seconds: float
    request: PassedRequest
    response: PassedResponse | None
    failure: str = ""

    @property
    def key(self) -> str:
        """The API key that the request carries in ``X-Api-Key``; empty if none."""
        return next(iter(headers_named(self.request.headers, "x-api-key")), "")


class Watcher(Protocol):
    """Somebody who watches the traffic.

    All of it comes to one thread, one exchange after the other in the order in which they ended, never to the
    event loop that forwards. A watcher keeps what it needs of bodies; the proxy does not.
    """

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""
        ...


def headers_named(headers: RawHeaders, name: str) -> Iterable[str]:
    """Yield the values of the headers of this name, in order."""
    wanted = name.lower()
    return (value.strip() for key, value in headers if key.lower() == wanted)


def coding_of(message: PassedRequest | PassedResponse) -> str:
    """Return the content coding of a body, in small letters (RFC 9110 section 8.4); empty if it has none."""
    return ", ".join(headers_named(message.headers, "content-encoding")).lower()
