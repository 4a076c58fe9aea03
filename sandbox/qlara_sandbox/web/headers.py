"""The headers that responses get, for the API and for the control API."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from qlara_sandbox.http.response import RawHeaders, Response
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.context import RequestContext

# What a page of another origin may read of a response of the API.
EXPOSED = [
    "X-Request-Id",
    "X-Sandbox-Scenario",
    "X-Sandbox-Session",
    "X-Sandbox-World",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Link",
]

# Statuses that the contract says nothing of, so that /__docs has no section on them.
_OF_THE_CONNECTION = frozenset({408, 431})


def api_headers(context: RequestContext, response: Response, length: int) -> RawHeaders:
    """Return the headers of a response of the API, whose body has *length* bytes."""
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", b"%d" % length),
        (b"x-request-id", context.request_id.encode("ascii")),
    ]
    if response.headers:
        headers += _raw(response)
    entry = context.entry
    if entry is not None and entry.world.rate_limit is not None:
        headers += _rate_limit_headers(entry.world)
    if context.runtime.settings.sandbox_headers:
        if entry is not None:
            headers.append((b"x-sandbox-scenario", _quoted(entry.key.scenario)))
            headers.append((b"x-sandbox-session", entry.key.session.encode("ascii")))
            if entry.replaces_evicted:
                entry.replaces_evicted = False
                headers.append((b"x-sandbox-world", b"new, the previous one was evicted"))
        # Client errors and server errors, RFC 9110 section 15.5 and 15.6.
        if response.status >= 400 and response.status not in _OF_THE_CONNECTION:  # noqa: PLR2004
            headers.append((b"link", b'</__docs#errors-%d>; rel="help"' % response.status))
    return headers


def control_headers(_: RequestContext, response: Response, length: int) -> RawHeaders:
    """Return the headers of a response of the control API, whose body has *length* bytes."""
    return [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", b"%d" % length),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *_raw(response),
    ]


@lru_cache(maxsize=256)
def _quoted(scenario: str) -> bytes:
    return quote(scenario).encode()


def _raw(response: Response) -> RawHeaders:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]


def _rate_limit_headers(world: World) -> RawHeaders:
    assert world.rate_limit is not None, "asked before"
    standing = world.rate_limit.standing(world.clock.now())
    return [
        (b"x-ratelimit-limit", b"%d" % standing.limit),
        (b"x-ratelimit-remaining", b"%d" % standing.remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(standing.reset.timestamp())),
    ]
