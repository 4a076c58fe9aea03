"""Puts the application together: the contract's operations behind their pipeline, and what is beside them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, Router

from qlara_sandbox.http.request import headers_of
from qlara_sandbox.web import console, contract_files, docs, llms, pages, probes
from qlara_sandbox.web.api import ContactApi, example_handler
from qlara_sandbox.web.control_spec import control_contract
from qlara_sandbox.web.gates.access import access
from qlara_sandbox.web.gates.contract import contract as contract_gate
from qlara_sandbox.web.gates.faults import faults
from qlara_sandbox.web.gates.forced_response import forced_response
from qlara_sandbox.web.gates.head import head
from qlara_sandbox.web.gates.key import key
from qlara_sandbox.web.gates.permission import permission
from qlara_sandbox.web.gates.rate_limit import rate_limit
from qlara_sandbox.web.headers import EXPOSED, api_headers, control_headers
from qlara_sandbox.web.insider import SandboxInsider
from qlara_sandbox.web.pipeline import Pipeline
from qlara_sandbox.web.requirements import require_same_operations, require_usable
from qlara_sandbox.web.routing import KnownPathsFirst, Unrouted, routes
from qlara_sandbox.web.runtime import Runtime, SandboxSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.web.contacts import Terms
    from qlara_sandbox.web.control_api import ControlApi

# The order is that of the architecture: what is refused first, hides what would be refused later.
API_GATES = (key, permission, forced_response, rate_limit, faults, contract_gate)
CONTROL_GATES = (contract_gate,)
# Paths of the sandbox itself: not the API's, and not for pages of other origins.
OWN_PATHS = "/__"
# What is beside the API for people and tools, as a hint to whoever mistypes it.
OWN_PAGES = (
    console.PATH,
    pages.DOCS_PATH,
    contract_files.YAML_PATH,
    contract_files.JSON_PATH,
    contract_files.FUZZING_PATH,
    llms.PATH,
)


def create_app(settings: SandboxSettings | None = None) -> Starlette:
    """Return a sandbox as an ASGI application.

    Raises:
        InvalidContract: the contract cannot be used, or lacks an operation that has a handler.
        InvalidScenario, UnknownScenario: the default scenario cannot be used.
    """
    return assemble(Runtime(settings or SandboxSettings()))


def assemble(runtime: Runtime, terms: Terms | None = None) -> Starlette:
    """Return the application of *runtime*, with its routes taken from the contract of *terms*.

    Without *terms*, it is the contract in force.

    Raises:
        InvalidContract: it lacks something, or a response of the sandbox would break it.
    """
    contract, contacts, _ = terms or runtime.terms
    require_usable(contract, contacts)

    def require(overlaid: Terms) -> None:
        require_same_operations(overlaid.contract, contract)
        require_usable(overlaid.contract, overlaid.contacts)

    if terms is None:
        for each in runtime.overlaid.values():  # of the scenario that is loaded already
            require(each)
    runtime.require_usable = require
    handlers = ContactApi(runtime.importer, runtime.contact_rules).handlers
    pipeline = Pipeline(
        runtime=runtime,
        contract=contract,
        next_request_id=runtime.next_request_id,
        outer_gates=(head,),
        gates=API_GATES,
        handlers=handlers,
        default_handler=example_handler,
        headers=api_headers,
        observers=(
            runtime.journal.add,
            runtime.metrics.observe,
            runtime.coverage.observe,
            runtime.events.observe,
            runtime.log_request,
        ),
    )
    # A handler needs the world that the key leads to, whatever the contract says of security.
    operations = [
        replace(one, secured=one.secured or pipeline.handles(one)) for one in contract.operations
    ]
    api_routes = routes(operations, pipeline)
    control = LazyControlApi(runtime)
    runtime.insider = SandboxInsider(runtime, control.respond)
    own_routes: list[BaseRoute] = [
        *contract_files.routes(runtime),
        Route("/__admin{rest:path}", control),
        *probes.routes(runtime),
        docs.route(runtime),
        llms.route(runtime),
        *console.routes(runtime),
        pages.asset_route(),
    ]
    app = SandboxApplication(routes=own_routes)
    app.known = KnownPathsFirst(api_routes, app.router)
    app.router.redirect_slashes = False
    app.router.default = ConsoleAtRoot(Unrouted(pipeline, [*_paths(contract), *OWN_PAGES]))
    app.state.runtime = runtime
    return app


def assemble_control_api(runtime: Runtime) -> tuple[ASGIApp, ControlApi]:
    """Return the control API of *runtime*, and its handlers: the same pipeline, with its own contract and gates."""
    from qlara_sandbox.web.control_api import ControlApi

    spec = control_contract(more_keys=not runtime.settings.keys.are_usual)
    numbers, api = count(1), ControlApi(runtime, spec.document)
    pipeline = Pipeline(
        runtime=runtime,
        contract=spec,
        next_request_id=lambda: f"ctl_{next(numbers):08d}",
        outer_gates=(head, access),  # who may not call it, does not learn what it has
        gates=CONTROL_GATES,
        handlers=api.handlers,
        default_handler=example_handler,
        headers=control_headers,
    )
    router = Router(
        routes=routes(spec.operations, pipeline),
        default=Unrouted(pipeline, _paths(spec)),
        redirect_slashes=False,
    )
    return router, api


class LazyControlApi:
    """The control API; what it needs is loaded with its first request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._app: ASGIApp | None = None
        self._handlers: ControlApi | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._assembled()(scope, receive, send)

    async def respond(self, name: str, values: dict[str, Any]) -> tuple[int, bytes]:
        """Return status and content of an operation, for another sandbox that shares the worlds of this one."""
        self._assembled()
        assert self._handlers is not None, "as it is assembled"
        return await self._handlers.respond(name, values)

    def _assembled(self) -> ASGIApp:
        if self._app is None:
            self._app, self._handlers = assemble_control_api(self._runtime)
        return self._app


class ConsoleAtRoot:
    """Leads a person who opens the bare address in a browser to the console."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/" and "text/html" in headers_of(scope).get("accept", ""):
            await RedirectResponse("/__console")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class SandboxApplication(Starlette):
    """A Starlette application without the middleware that looks for errors in every request.

    The pipeline leaves it none to find, and the pages raise none.
    """

    known: KnownPathsFirst

    def build_middleware_stack(self) -> ASGIApp:
        """Return the router behind CORS alone."""
        return ApiCors(
            self.known,
            allow_origins=["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            allow_private_network=True,
            expose_headers=EXPOSED,
        )


class ApiCors(CORSMiddleware):
    """Lets pages of any origin call the API, and leaves the sandbox's own paths alone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _needs_no_cors(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _needs_no_cors(scope: Scope) -> bool:
    if scope["path"].startswith(OWN_PATHS):
        return True
    return all(name != b"origin" for name, _ in scope["headers"])


def _paths(contract: Contract) -> list[str]:
    return [operation.path for operation in contract.operations]
