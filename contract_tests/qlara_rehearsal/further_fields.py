"""Responses as a later version may send them: with fields that nobody has documented, in another order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY_HEADER = b"x-api-key"
_FURTHER: dict[str, Any] = {
    "_links": {"self": "/"},
    "apiVersion": "2027-01",
    "warnings": [],
    "traceToken": None,
}


class FurtherFields:
    """Wraps the sandbox's application; what it sends to an account of ``keys`` has further fields."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return *app* with its JSON responses to these accounts changed."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and _key(scope) in self.keys:
                send = _Rewriter(send)
            await app(scope, receive, send)

        return wrapped


class _Rewriter:
    """Keeps the start of a response back until its body is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = changed(self._body)
        headers = [
            (name, str(len(body)).encode() if name.lower() == b"content-length" else value)
            for name, value in self._start["headers"]
        ]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def changed(body: bytes) -> bytes:
    """Return a JSON object with further fields and its own ones backwards; anything else as it is."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    if not isinstance(value, dict):
        return body
    return json.dumps(_further(value), ensure_ascii=False).encode()


def _further(value: Any) -> Any:
    if isinstance(value, list):
        return [_further(each) for each in value]
    if isinstance(value, dict):
        known = {name: _further(each) for name, each in reversed(value.items())}
        return {**_FURTHER, **known}
    return value


def _key(scope: Scope) -> str:
    return next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == _KEY_HEADER), ""
    )
