"""``/openapi.yaml``, ``/openapi.json`` and ``/openapi.fuzzing.yaml``: the contract in force, as tools read it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson
import yaml
from starlette.responses import RedirectResponse, Response

from qlara_sandbox.domain.errors import NotFound, Refusal
from qlara_sandbox.http.contract import LINE_WIDTH
from qlara_sandbox.http.fuzzing import at, for_fuzzing
from qlara_sandbox.http.local_servers import document_at, names_another, text_at
from qlara_sandbox.http.overlay import InvalidOverlay
from qlara_sandbox.web.pages import PageRoute, reached, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.web.runtime import Runtime

YAML_PATH, JSON_PATH, FUZZING_PATH = "/openapi.yaml", "/openapi.json", "/openapi.fuzzing.yaml"
# Beside the path that was asked for, whatever is before both of them.
_FUZZING_BESIDE = FUZZING_PATH.removeprefix("/")
_FUZZER = "schemathesis/"
_YAML, _JSON = "application/yaml", "application/json"
_VARIES = {"vary": "User-Agent"}

log = logging.getLogger("qlara_sandbox.web")


def routes(runtime: Runtime) -> list[PageRoute]:
    """Return the routes of the contract, and of what is made of it for generators of requests."""
    fuzzing = FuzzingDocument(runtime)

    def unless_fuzzing(content: Callable[[Contract, str], Response]) -> Callable[..., Any]:
        async def endpoint(request: Request) -> Response:
            try:
                is_fuzzer = request.headers.get("user-agent", "").startswith(_FUZZER)
                if is_fuzzer and await fuzzing.document() is not None:
                    log.info("Schemathesis is led from %s to %s.", request.url.path, FUZZING_PATH)
                    return RedirectResponse(_FUZZING_BESIDE, headers=_VARIES)
            except Refusal as error:
                return refused(error)
            response = content(runtime.contract, reached(request))
            response.headers.update(_VARIES)
            return response

        return endpoint

    return [
        PageRoute(YAML_PATH, unless_fuzzing(_as_yaml)),
        PageRoute(JSON_PATH, unless_fuzzing(_as_json)),
        PageRoute(FUZZING_PATH, fuzzing.respond),
    ]


class FuzzingDocument:
    """The document for generated requests, made of the contract in force with the first request for it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._made: tuple[Contract, dict[str, Any] | None] | None = None

    async def document(self) -> dict[str, Any] | None:
        """Return it; None: the contract lacks what generated requests need.

        Raises:
            Overloaded: no thread can be started.
        """
        contract = self._runtime.contract
        if self._made is None or self._made[0] is not contract:
            document = await self._runtime.threads.run(lambda: _for_fuzzing(contract))
            self._made = contract, document
            return document
        return self._made[1]

    async def respond(self, request: Request) -> Response:
        """Send it, with the address at which it was reached as its only server."""
        try:
            document = await self.document()
            if document is None:
                raise NotFound("path", "The contract in use lacks what generated requests need.")
            here = at(document, reached(request))
            text = await self._runtime.threads.run(lambda: _text(here))
        except Refusal as error:
            return refused(error)
        return Response(text, media_type=_YAML)


def _for_fuzzing(contract: Contract) -> dict[str, Any] | None:
    try:
        return for_fuzzing(contract.document)
    except InvalidOverlay:
        return None


def _as_yaml(contract: Contract, here: str) -> Response:
    text = contract.text
    if names_another(contract.document, here):
        text = text_at(text, here)
    return Response(text, media_type=_YAML)


def _as_json(contract: Contract, here: str) -> Response:
    return Response(orjson.dumps(document_at(contract.document, here)), media_type=_JSON)


def _text(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=LINE_WIDTH)
