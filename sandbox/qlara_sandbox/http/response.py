"""An answer before it is sent: status, content and headers as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"


class Response(NamedTuple):
    """What a request is answered with. ``content`` is a JSON value, or bytes of ``media_type``."""

    status: int
    content: Any
    headers: Mapping[str, str] = {}
    media_type: str = JSON

    def body(self) -> bytes:
        """Return the content as it is sent."""
        return self.content if isinstance(self.content, bytes) else orjson.dumps(self.content)
