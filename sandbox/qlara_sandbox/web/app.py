"""Put the application together: the contract's operations, the gateway, and the pages beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from qlara_sandbox.domain.importing import Strategy
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.contract import InvalidContract, path_name
from qlara_sandbox.web import console, docs, pages
from qlara_sandbox.web.api import Api
from qlara_sandbox.web.exchange import headers_of
from qlara_sandbox.web.pipeline import Gateway
from qlara_sandbox.web.runtime import Runtime, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_sandbox.http.contract import Contract, Operation

EXPOSED = [
    "X-Request-Id",
    "X-Sandbox-Scenario",
    "X-Sandbox-Session",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Link",
]
# Paths of the sandbox itself: not the API's, and not for pages of other origins.
OWN_PATHS = "/__"


def create_app(settings: SandboxSettings | None = None) -> Starlette:
    """Return a sandbox as an ASGI application.

    Raises:
        InvalidContract: the contract cannot be used, or lacks an operation that has a handler.
        InvalidScenario, UnknownScenario: the default scenario cannot be used.
    """
    return assemble(Runtime(settings or SandboxSettings()))


def assemble(runtime: Runtime) -> Starlette:
    """Return the application of *runtime*, with its routes taken from the contract."""
    api = Api()
    _require_operations(runtime.contract, api)
    gateway = Gateway(runtime, api.handlers)
    # The paths that are asked for most come first: routes are tried in their order.
    routes: list[BaseRoute] = [
        Route(_template(path), PathEndpoint(gateway, operations))
        for path, operations in _by_path(runtime.contract).items()
    ]
    routes += [
        Route("/openapi.yaml", _contract_as(runtime, "yaml")),
        Route("/openapi.json", _contract_as(runtime, "json")),
        Mount("/__admin", ControlApi(runtime)),
        docs.route(runtime),
        *console.routes(runtime),
        pages.asset_route(),
    ]
    app = Starlette(routes=routes, middleware=[_cors()])
    app.router.redirect_slashes = False
    app.router.default = Unrouted(gateway)
    app.state.runtime = runtime
    return app


def _cors() -> Middleware:
    return Middleware(
        ApiCors,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )


class ApiCors(CORSMiddleware):
    """Lets pages of any origin call the API, and leaves the sandbox's own paths alone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(OWN_PATHS) or not _names_origin(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _names_origin(scope: Scope) -> bool:
    return any(name == b"origin" for name, _ in scope["headers"])


class ControlApi:
    """The control API; what it needs is loaded with its first request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._admin: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._admin is None:
            from qlara_sandbox.web.admin import Admin

            self._admin = Admin(self._runtime)
        await self._admin(scope, receive, send)


class PathEndpoint:
    """One path of the contract: the operation that the method names, or 405 with ``Allow``."""

    def __init__(self, gateway: Gateway, operations: Mapping[str, Operation]) -> None:
        self._gateway = gateway
        self._operations = dict(operations)
        if "GET" in operations:
            self._operations.setdefault("HEAD", operations["GET"])
        self._allow = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get(scope["method"])
        if operation is not None:
            await self._gateway.serve(operation, scope, receive, send)
            return
        data = {"method": f"Expected {self._allow}; found {scope['method']}."}
        response = error_responses.fail(405, data, {"Allow": self._allow})
        await self._gateway.refuse(response, scope, receive, send)


class Unrouted:
    """Every path that the contract does not have: 404 in the documented shape.

    Only a person who opens the bare address in a browser is led to the console.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/" and "text/html" in headers_of(scope).get("accept", ""):
            await RedirectResponse("/__console")(scope, receive, send)
            return
        data = {"path": f"No such path in the contract: {scope['path'][:200]}"}
        await self._gateway.refuse(error_responses.fail(404, data), scope, receive, send)


def _require_operations(contract: Contract, api: Api) -> None:
    missing = sorted(set(api.handlers) - set(contract.by_id))
    if missing:
        message = f"{contract.path}: lacks the operations {', '.join(missing)}"
        raise InvalidContract(message)
    for place, is_there in _needed(contract):
        if not is_there:
            raise InvalidContract(f"{contract.path}: lacks {place}")


def _needed(contract: Contract) -> Iterator[tuple[str, bool]]:
    """Yield what the handlers take from the contract, and whether it is there."""
    form = contract.by_id["uploadVCard"].form
    file = form.fields.get("file") if form else None
    defaults = contract.by_id["listContacts"].defaults
    yield "the multipart/form-data body of uploadVCard", form is not None
    yield "the file field of uploadVCard", file is not None and file.is_file
    yield "x-max-bytes of the file of uploadVCard", file is not None and _is_size(file.max_bytes)
    strategy = form.fields.get("duplicateStrategy") if form else None
    strategies = set(strategy.values) if strategy else set()
    yield "a handler for every duplicateStrategy", strategies <= set(Strategy)
    yield "a default for duplicateStrategy", bool(form and "duplicateStrategy" in form.defaults)
    yield "a default for limit of listContacts", "limit" in defaults
    yield "a default for page of listContacts", "page" in defaults


def _is_size(value: object) -> bool:
    return isinstance(value, int) and value > 0


def _by_path(contract: Contract) -> dict[str, dict[str, Operation]]:
    paths: dict[str, dict[str, Operation]] = {}
    # OpenAPI 3.1, Path Templating: a path without parameters comes before one that has them.
    for operation in sorted(contract.operations, key=lambda each: each.path.count("{")):
        paths.setdefault(operation.path, {})[operation.method] = operation
    return paths


def _template(path: str) -> str:
    # Starlette allows fewer characters in the name of a path parameter than OpenAPI does.
    return re.sub(r"{([^}]*)}", lambda found: f"{{{path_name(found[1])}}}", path)


def _contract_as(runtime: Runtime, form: str) -> ASGIApp:
    async def endpoint(_: Request) -> Response:
        if form == "yaml":
            return Response(runtime.contract.text, media_type="application/yaml")
        # Written without quotes, YAML reads a status as a number; JSON has no such keys.
        content = orjson.dumps(runtime.contract.document, option=orjson.OPT_NON_STR_KEYS)
        return Response(content, media_type="application/json")

    return endpoint  # type: ignore[return-value]
