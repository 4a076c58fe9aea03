"""The paths of a contract as routes, and what becomes of requests that no operation takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.routing import Route

from qlara_sandbox.domain.errors import MethodNotAllowed, UnknownPath
from qlara_sandbox.http.operation import path_name
from qlara_sandbox.web.near_paths import hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.web.pipeline import Pipeline


def routes(operations: Iterable[Operation], pipeline: Pipeline) -> list[Route]:
    """Return one route for every path of *operations*, those without parameters first."""
    return [
        Route(_template(path), PathEndpoint(pipeline, by_method))
        for path, by_method in _by_path(operations).items()
    ]


class KnownPathsFirst:
    """Looks up the paths of a contract at once, and leaves all others to a router, which takes several times as long."""

    def __init__(self, api_routes: Sequence[Route], router: ASGIApp) -> None:
        self._fixed = {route.path: route.app for route in api_routes if "{" not in route.path}
        self._templates = [
            (route.path_regex.fullmatch, route.app) for route in api_routes if "{" in route.path
        ]
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._find(scope)(scope, receive, send)

    def _find(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._router
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        for match, app in self._templates:
            found = match(path)
            if found is not None:
                scope["path_params"] = found.groupdict()  # each is a string, whatever its schema
                return app
        return self._router


class PathEndpoint:
    """One path of a contract: the operation that the method names, or 405 with ``Allow``."""

    def __init__(self, pipeline: Pipeline, operations: Mapping[str, Operation]) -> None:
        self._pipeline = pipeline
        self._operations = dict(operations)
        if "GET" in operations:
            self._operations.setdefault("HEAD", operations["GET"])
        self._allowed = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get(scope["method"])
        if operation is not None:
            await self._pipeline.serve(operation, scope, receive, send)
        else:
            error = MethodNotAllowed(scope["method"], self._allowed)
            await self._pipeline.refuse(error, scope, receive, send)


class Unrouted:
    """Every path that is not there: 404 in the documented shape, with the one of *paths* that it nearly is."""

    def __init__(self, pipeline: Pipeline, paths: Iterable[str]) -> None:
        self._pipeline = pipeline
        self._paths = tuple(dict.fromkeys(paths))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            error = UnknownPath(scope["path"], hint(scope["path"], self._paths))
            await self._pipeline.refuse(error, scope, receive, send)


def _by_path(operations: Iterable[Operation]) -> dict[str, dict[str, Operation]]:
    paths: dict[str, dict[str, Operation]] = {}
    # OpenAPI 3.1, Path Templating: a path without parameters comes before one that has them.
    for operation in sorted(operations, key=lambda each: each.path.count("{")):
        paths.setdefault(operation.path, {})[operation.method] = operation
    return paths


def _template(path: str) -> str:
    # Starlette allows fewer characters in the name of a path parameter than OpenAPI does.
    return re.sub(r"{([^}]*)}", lambda found: f"{{{path_name(found[1])}}}", path)
