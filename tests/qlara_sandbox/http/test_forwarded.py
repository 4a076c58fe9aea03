"""What a proxy in front says of its client counts if the proxy is trusted, and costs nothing if there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.http.forwarded import ForwardedHeaders
from qlara_sandbox.http.server import configure

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PROTO, FOR = (b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"203.0.113.7")


def seen(app: Any, *headers: tuple[bytes, bytes], client: str = "127.0.0.1") -> tuple[str, Any]:
    """Return the scheme and the client of a request with these headers, as the application sees them."""
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (client, 1),
        "headers": [(b"host", b"localhost"), *headers],
    }
    asyncio.run(app(scope, None, None))
    return scope["scheme"], scope["client"][0]  # type: ignore[return-value]


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with nothing."""


@pytest.mark.parametrize(
    ("headers", "client", "expected"),
    [
        ((), "127.0.0.1", ("http", "127.0.0.1")),
        ((PROTO,), "127.0.0.1", ("https", "127.0.0.1")),
        ((FOR,), "127.0.0.1", ("http", "203.0.113.7")),
        ((PROTO, FOR), "127.0.0.1", ("https", "203.0.113.7")),
        ((PROTO, FOR), "198.51.100.9", ("http", "198.51.100.9")),
    ],
)
def test_a_trusted_proxy_says_how_its_client_came(
    headers: tuple[tuple[bytes, bytes], ...], client: str, expected: tuple[str, str]
) -> None:
    assert seen(ForwardedHeaders(nothing, "127.0.0.1"), *headers, client=client) == expected


def test_the_server_trusts_whom_it_is_told_to() -> None:
    config = configure(nothing, forwarded_allow_ips="198.51.100.9")
    config.load()

    assert seen(config.loaded_app, PROTO, client="198.51.100.9") == ("https", "198.51.100.9")
    assert seen(config.loaded_app, PROTO) == ("http", "127.0.0.1")


def test_a_lifespan_passes() -> None:
    asyncio.run(ForwardedHeaders(nothing, "127.0.0.1")({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
