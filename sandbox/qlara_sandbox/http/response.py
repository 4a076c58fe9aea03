"""A response before it is sent: status, content and headers as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

JSON = "application/json"

RawHeaders = list[tuple[bytes, bytes]]


class Response(NamedTuple):
    """What a request is responded to with: a JSON value, or bytes of ``media_type``.

    ``stream`` sends a response that has no end of its own; then there is no content. ``is_large``: it
    is checked and written in a thread, slice by slice, as ``qlara_sandbox.http.large_json`` does it.
    ``is_kept``: it has been held against the contract, and keeps it.
    """

    status: int
    content: Any
    headers: Mapping[str, str] = {}
    media_type: str = JSON
    stream: ASGIApp | None = None
    is_large: bool = False
    is_kept: bool = False

    def body(self) -> bytes:
        """Return the content as it is sent."""
        return self.content if isinstance(self.content, bytes) else orjson.dumps(self.content)
