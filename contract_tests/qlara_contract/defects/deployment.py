"""The wrong deployment: an ASGI application around a right one, with defects switched on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from qlara_contract.defects.defect import Group
from qlara_contract.defects.messages import ServedRequest, ServedResponse

if TYPE_CHECKING:
    from qlara_contract.defects.defect import Behaviour, Defect, Forward

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The sandbox's own pages and its contract are not part of the API: they stay right.
_OWN_PATHS = ("/__", "/openapi.")


class NoResponse(Exception):
    """The application ended without a response: it closed the connection."""


class WrongDeployment:
    """*app* with *defects*, in the order of their groups.

    The first sees a request first and its response last.
    """

    def __init__(self, app: App, *defects: Defect) -> None:
        self._app = app
        groups = list(Group)
        in_order = sorted(defects, key=lambda each: groups.index(each.group))
        self._behaviours = [each.begin() for each in in_order]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(_OWN_PATHS):
            await self._app(scope, receive, send)
            return
        request = await _request(scope, receive)
        if request is None:
            return
        forward = _to(self._app, scope, receive)
        for behaviour in reversed(self._behaviours):
            forward = _through(behaviour, forward)
        try:
            response = await forward(request)
        except NoResponse:
            return
        await _send(response, send)


def _through(behaviour: Behaviour, forward: Forward) -> Forward:
    async def onward(request: ServedRequest) -> ServedResponse:
        return await behaviour(request, forward)

    return onward


def _to(app: App, scope: Scope, receive: Receive) -> Forward:
    """Return a function that sends a request to *app*; a defect may send several, or others."""

    async def forward(request: ServedRequest) -> ServedResponse:
        body = [request.body]

        async def receive_body() -> Message:
            if body:
                return {"type": "http.request", "body": body.pop(), "more_body": False}
            return await receive()

        status, headers, chunks = 0, [], []

        async def collect(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message["headers"]
            elif message["type"] == "http.response.body":
                chunks.append(bytes(message.get("body", b"")))

        await app(request.scope(dict(scope)), receive_body, collect)
        if not status:
            raise NoResponse
        return ServedResponse(status, _decoded(headers), b"".join(chunks))

    return forward


async def _request(scope: Scope, receive: Receive) -> ServedRequest | None:
    """Return the whole request; ``None`` if the client has disconnected."""
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return ServedRequest(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        _decoded(scope["headers"]),
        b"".join(chunks),
    )


async def _send(response: ServedResponse, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _decoded(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
    )
