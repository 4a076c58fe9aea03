"""The one door to the sandbox: its journal, events, console and control API, for what passes through a proxy."""

from __future__ import annotations

import asyncio
import re
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route, Router
from uvicorn.server import ServerState

from qlara_contract.errors import CannotRun
from qlara_contract.forms import read_form
from qlara_proxy.traffic import headers_named
from qlara_sandbox import __version__ as VERSION  # noqa: N812 - as it is called here
from qlara_sandbox.domain.errors import UnknownPath
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.http.protocol import Protocol
from qlara_sandbox.http.response import Response
from qlara_sandbox.http.server import configure
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.web import docs, pages, probes
from qlara_sandbox.web.api import example_handler
from qlara_sandbox.web.app import CONTROL_GATES
from qlara_sandbox.web.caller import AcceptedKeys, masked
from qlara_sandbox.web.console import PATH as CONSOLE_PATH, closed
from qlara_sandbox.web.control_api import ControlApi
from qlara_sandbox.web.control_spec import CONTROL_SPEC
from qlara_sandbox.web.gates.access import access
from qlara_sandbox.web.gates.head import head
from qlara_sandbox.web.headers import control_headers
from qlara_sandbox.web.observers.journal import (
    KEPT_OF_A_BODY,
    JournalEntry,
    RecordedBody,
    weigh,
)
from qlara_sandbox.web.pipeline import Pipeline
from qlara_sandbox.web.routing import Unrouted, routes
from qlara_sandbox.web.runtime import Runtime, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from qlara_proxy.traffic import PassedExchange, RawHeaders
    from qlara_sandbox.http.operation import Operation

__all__ = ["VERSION", "JournalEntry", "Live", "LiveSettings", "OwnPages"]

_CONTROL = Path(__file__).with_name("control.overlay.yaml")
_CONTRACT_PATH = f"{pages.DOCS_PATH}/openapi.json"
_MEDIA_TYPES = {"json": "application/json", "html": "text/html", "junit": "application/xml"}
_KEPT_OF_A_FIELD = 1000
# A shorter key may stand in a text by chance.
_SHORTEST_KEY = 6


class LiveSettings(NamedTuple):
    """How the proxy shows what passes. ``overlay`` is over the contract; the others as the sandbox has them.

    ``report`` makes the report of now in a format: ``json``, ``html``, ``junit``; called in a thread.
    """

    overlay: Path | None = None
    admin_token: str | None = None
    loopback: bool = True
    report: Callable[[str], bytes | dict[str, Any]] = lambda _: {}


class Live:
    """Watches the traffic, and shows it: in the journal, as events, and to whoever logs requests.

    ``broken`` says which promises an exchange broke, once those who judge it have seen it.
    """

    def __init__(
        self,
        settings: LiveSettings,
        loop: asyncio.AbstractEventLoop,
        log_request: Callable[[JournalEntry, Sequence[str]], None],
        broken: Callable[[PassedExchange], Sequence[str]] = lambda _: (),
    ) -> None:
        """Load the contract.

        Raises:
            CannotRun: it, or the overlay, cannot be used.
        """
        try:
            self._runtime = Runtime(
                SandboxSettings(
                    overlay=settings.overlay,
                    keys=AcceptedKeys(any_key=True),
                    admin_token=settings.admin_token,
                    loopback=settings.loopback,
                )
            )
        except (InvalidContract, InvalidScenario) as error:
            raise CannotRun(str(error)) from error
        self._loop = loop
        self._log_request = log_request
        self._broken = broken
        self._paths = [_pattern(each) for each in self._runtime.contract.operations]
        self.pages = OwnPages(self._runtime, settings.report)

    def passed(self, exchange: PassedExchange) -> None:
        """Show an exchange that is over."""
        broken = tuple(self._broken(exchange))
        found = (*broken, exchange.failure) if exchange.failure else broken
        entry = self._entry(exchange, found)
        self._loop.call_soon_threadsafe(self._show, entry, found)

    def _show(self, entry: JournalEntry, found: Sequence[str]) -> None:
        self._runtime.journal.add(entry)
        self._runtime.events.observe(entry)
        self._log_request(entry, found)

    def _entry(self, exchange: PassedExchange, found: tuple[str, ...]) -> JournalEntry:
        request, response = exchange.request, exchange.response
        hide = partial(_without_key, exchange.key)
        path, _, query = hide(request.target.encode("latin-1")).partition(b"?")
        headers = _raw(request.headers)
        response_headers = [
            (name, hide(value)) for name, value in _raw(response.headers if response else ())
        ]
        sent = _recorded(exchange, hide)
        kept = hide(response.body.read()[:KEPT_OF_A_BODY]) if response else b""
        weight = weigh(headers, len(path) + len(query), response_headers, kept)
        return JournalEntry(
            f"req_{exchange.number:08d}",
            exchange.began,
            exchange.seconds,
            request.method,
            path.decode("latin-1"),
            query,
            headers,
            sent,
            self._operation(request.method, request.target.partition("?")[0]),
            None,
            response.status if response else 0,
            response_headers,
            kept,
            response.body.size if response else 0,
            found,
            weight if sent is None else weight + sent.weight(),
        )

    def _operation(self, method: str, path: str) -> str | None:
        wanted = "GET" if method == "HEAD" else method
        return next((name for name, of, match in self._paths if of == wanted and match(path)), None)


class OwnPages:
    """The proxy's own paths, served by the sandbox's server on connections that never leave the process."""

    def __init__(self, runtime: Runtime, report: Callable[[str], bytes | dict[str, Any]]) -> None:
        self._config = configure(_application(runtime, report))
        self._config.load()
        self._state = ServerState()
        self._runtime = runtime

    async def connect(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect *protocol* with the server."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        for each in (ours, theirs):
            each.setblocking(False)
        await loop.connect_accepted_socket(self._protocol, theirs)
        if ours.family == getattr(socket, "AF_UNIX", None):
            transport, _ = await loop.create_unix_connection(lambda: protocol, sock=ours)
        else:
            transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
        return transport

    def stop(self) -> None:
        """Say to probes that the proxy stops."""
        self._runtime.stop()

    def _protocol(self) -> asyncio.Protocol:
        return Protocol(config=self._config, server_state=self._state, app_state={})


class _ProxyControl(ControlApi):
    """The handlers of those operations of the control API that a proxy has, and of its report."""

    def __init__(
        self, runtime: Runtime, spec: Contract, report: Callable[[str], bytes | dict[str, Any]]
    ) -> None:
        super().__init__(runtime, spec.document)
        self._report = report
        self.operations["getReport"] = self.report
        known = {**self.handlers, "getReport": self._handler("getReport")}
        self.handlers = {name: known[name] for name in spec.by_id}

    async def report(self, values: dict[str, Any]) -> Response:
        form = values["format"]
        content = await self._runtime.threads.run(lambda: self._report(form))
        return Response(200, content, {}, _MEDIA_TYPES[form])


def _application(runtime: Runtime, report: Callable[[str], bytes | dict[str, Any]]) -> Starlette:
    async def console(request: Request) -> Any:
        response = closed(runtime, request)
        return pages.page(pages.read("proxy.html")) if response is None else response

    async def contract(_: Request) -> JSONResponse:
        return JSONResponse(runtime.contract.document, headers={"cache-control": "no-cache"})

    async def health(_: Request) -> RedirectResponse:
        return RedirectResponse(probes.LIVE)

    return Starlette(
        routes=[
            Route("/__admin{rest:path}", _control(runtime, report)),
            *probes.routes(runtime),
            Route("/__health", health),
            pages.PageRoute(_CONTRACT_PATH, contract, methods=["GET"]),
            docs.route(runtime, of_proxy=True),
            pages.PageRoute(CONSOLE_PATH, console, methods=["GET"]),
            pages.asset_route(),
            Route("/{rest:path}", _unknown),
        ]
    )


def _control(runtime: Runtime, report: Callable[[str], bytes | dict[str, Any]]) -> Router:
    spec = Contract(CONTROL_SPEC, _CONTROL, strict_query=True, shipped=CONTROL_SPEC)
    pipeline = Pipeline(
        runtime=runtime,
        contract=spec,
        next_request_id=lambda: "ctl",
        outer_gates=(head, access),  # who may not call it, does not learn what it has
        gates=CONTROL_GATES,
        handlers=_ProxyControl(runtime, spec, report).handlers,
        default_handler=example_handler,
        headers=control_headers,
    )
    known = [operation.path for operation in spec.operations]
    return Router(
        routes=routes(spec.operations, pipeline),
        default=Unrouted(pipeline, known),
        redirect_slashes=False,
    )


async def _unknown(request: Request) -> PlainTextResponse:
    refused = error_responses.refusal(UnknownPath(request.url.path, ""))
    return PlainTextResponse(refused.body(), refused.status, media_type=refused.media_type)


def _pattern(operation: Operation) -> tuple[str, str, Callable[[str], object]]:
    parts = re.split(r"\{[^}]*\}", operation.path)
    text = "[^/]+".join(re.escape(each) for each in parts)
    return operation.operation_id, operation.method, re.compile(f"(?:/.*)?{text}").fullmatch


def _recorded(exchange: PassedExchange, hide: Callable[[bytes], bytes]) -> RecordedBody | None:
    body = exchange.request.body
    if not body.size:
        return None
    data = body.read()
    content_type = next(iter(headers_named(exchange.request.headers, "content-type")), "")
    form = read_form(content_type, data)
    if form is None:
        return RecordedBody(body.size, hide(data[:KEPT_OF_A_BODY]))
    fields: dict[str, str] = {}
    file_name: str | None = None
    for part in form.parts:
        found = re.search(rb'filename="([^"]*)"', part.head)
        if found is not None:
            file_name = file_name or hide(found[1]).decode("utf-8", "replace")
        else:
            text = hide(part.content[:_KEPT_OF_A_FIELD]).decode("utf-8", "replace")
            fields.setdefault(part.name[:100], text)
    file = form.file or b""
    return RecordedBody(body.size, hide(file[:KEPT_OF_A_BODY]), fields, file_name, len(file))


def _without_key(key: str, data: bytes) -> bytes:
    """Return *data* with the key masked that the request carried in its header, should it be there, too."""
    if len(key) < _SHORTEST_KEY:
        return data
    return data.replace(key.encode("latin-1"), masked(key).encode("utf-8"))


def _raw(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
