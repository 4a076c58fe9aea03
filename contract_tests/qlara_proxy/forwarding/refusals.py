"""Responses of the proxy's own: marked, and in the shapes of the API's errors."""

from __future__ import annotations

import json
from http import HTTPStatus

MARK = "X-Sandbox-Proxy"


def refusal(status: int, field: str, message: str) -> bytes:
    """Return the response to a request that the proxy does not pass on (UC-020: Common errors)."""
    return _response(status, {"status": "fail", "data": {field: message}}, "refused")


def unreachable(status: int, message: str) -> bytes:
    """Return the response to a request for which the deployment cannot be reached: 502, or 504."""
    return _response(status, {"status": "error", "message": message}, "unreachable")


def _response(status: int, content: object, mark: str) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"{MARK}: {mark}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n"
        "\r\n"
    )
    return head.encode("ascii") + body
