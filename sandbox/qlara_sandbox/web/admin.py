"""The control API at ``/__admin``: its gate, and its calls checked against its own contract."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers

from qlara_sandbox.domain.errors import InvalidField, InvalidFields, Refusal
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.http.multipart import Body, ClientGone
from qlara_sandbox.http.schemas import Document
from qlara_sandbox.scenario.load import whole_numbers
from qlara_sandbox.web import access
from qlara_sandbox.web.control import Control, Missing
from qlara_sandbox.web.observers.events import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import jsonschema_rs
    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.http.contract import Operation
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.runtime import Runtime

SPEC = Path(__file__).with_name("admin_openapi.yaml")
MOST_BODY_BYTES = 64 * 1024 * 1024
_JSON = "application/json"
log = logging.getLogger("qlara_sandbox.web")


class JsonBody(NamedTuple):
    """The JSON body that an operation takes."""

    required: bool
    schema: Mapping[str, Any]
    validator: jsonschema_rs.Draft202012Validator


class Admin:
    """The control API as an ASGI application; loaded with its first request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        contract = Contract(SPEC)
        self._document = Document(contract.document)
        self._operations = contract.operations
        self._fixed = {one.path for one in contract.operations if "{" not in one.path}
        self._bodies = dict(self._json_bodies(contract.document))
        self._control = Control(runtime, contract.document)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        body = Body(receive, headers)
        try:
            response = await self._answer(scope, headers, body)
        except ClientGone:
            return
        except Exception:
            log.exception("%s %s: a bug", scope["method"], scope["path"])
            response = error_responses.bug(
                "The control API failed; the log of the sandbox says why."
            )
        if isinstance(response, Stream):
            await response(scope, receive, send)
        else:
            await _deliver(response, body, scope, send)

    async def _answer(self, scope: Scope, headers: Headers, body: Body) -> Response | Stream:
        refused = access.refused(self._runtime.settings, headers, scope["scheme"])
        if refused is not None:
            return refused
        found = self._route(scope["path"])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if not found:
            return error_responses.fail(404, {"path": f"No such path: {scope['path'][:200]}"})
        if method not in found:
            allow = ", ".join(sorted(found))
            data = {"method": f"Expected {allow}; found {method[:50]}."}
            return error_responses.fail(405, data, {"Allow": allow})
        operation, path = found[method]
        try:
            values = _read_query(operation, path, scope["query_string"])
            values |= await self._read_body(operation, headers, body)
            return self._control.call(operation.operation_id, values)
        except Missing as error:
            return error_responses.fail(error.status, error.data)
        except Refusal as error:
            return error_responses.refusal(error)

    def _route(self, path: str) -> dict[str, tuple[Operation, Mapping[str, str]]]:
        found: dict[str, tuple[Operation, Mapping[str, str]]] = {}
        for operation in self._operations:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
            match = re.fullmatch(pattern, path)
            if match is not None and (operation.path == path or path not in self._fixed):
                found[operation.method] = (operation, match.groupdict())
        return found

    async def _read_body(
        self, operation: Operation, headers: Headers, body: Body
    ) -> dict[str, Any]:
        wanted = self._bodies.get(operation.operation_id)
        raw = bytearray()
        async for chunk in body.chunks():
            raw += chunk
            if len(raw) > MOST_BODY_BYTES:
                raise InvalidField("body", "Expected at most 64 MB.")
        if wanted is None or (not raw and not wanted.required):
            return {}
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != _JSON:
            found = media_type[:100] or "none"
            raise InvalidField("content-type", f"Expected {_JSON}; found {found}.")
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise InvalidField("body", f"Expected JSON: {error}.") from error
        self._check(wanted, value)
        return dict(whole_numbers(value))

    def _check(self, wanted: JsonBody, value: Any) -> None:
        if wanted.validator.is_valid(value):
            return
        mistakes: dict[str, str] = {}
        for error in wanted.validator.iter_errors(value):
            for field, message in self._in_words(wanted, error):
                mistakes.setdefault(field, message)
        raise InvalidFields(mistakes)

    def _in_words(self, wanted: JsonBody, error: Any) -> Iterator[tuple[str, str]]:
        path, steps = list(error.instance_path), list(error.schema_path)
        holder = self._schema_at(wanted.schema, steps)
        missing = getattr(error.kind, "property", None)
        unexpected = getattr(error.kind, "unexpected", None)
        if isinstance(missing, str):
            yield _dotted([*path, missing]), "Missing."
        elif unexpected:
            known = ", ".join(sorted(holder.get("properties", {}))) or "nothing"
            for name in unexpected:
                yield _dotted([*path, name]), f"Unknown. Expected one of: {known}."
        else:
            words = holder.get("x-expected")
            if isinstance(words, dict):
                words = words.get(str(steps[-1]), "").removeprefix("expected ")
            yield _dotted(path), f"Expected {words}." if words else f"{error.message}."

    def _schema_at(self, schema: Any, steps: list[str | int]) -> Any:
        node = schema
        for step in steps[:-1]:
            if step == "components":  # where a reference leads
                node = self._document.root["components"]
            elif step != "$ref":
                node = node[int(step)] if isinstance(node, list) else node[step]
        return node if isinstance(node, dict) else {}

    def _json_bodies(self, document: Mapping[str, Any]) -> Iterator[tuple[str, JsonBody]]:
        for item in document["paths"].values():
            for operation in item.values():
                body = self._document.resolve(operation.get("requestBody", {}))
                media = body.get("content", {}).get(_JSON)
                if media is not None:
                    schema = self._document.resolve(media["schema"])
                    validator = self._document.validator(schema)
                    required = body.get("required", False)
                    yield operation["operationId"], JsonBody(required, schema, validator)


def _read_query(operation: Operation, path: Mapping[str, str], query: bytes) -> dict[str, Any]:
    # A filter that is misspelled must not mean "no filter".
    known = sorted(one.name for one in operation.parameters if one.location == "query")
    given = {name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
    unknown = sorted(given.difference(known))
    if unknown:
        expected = f"one of: {', '.join(known)}" if known else "no parameters"
        raise InvalidFields({name[:100]: f"Unknown. Expected {expected}." for name in unknown})
    return operation.read_parameters(path, query)


async def _deliver(response: Response, body: Body, scope: Scope, send: Send) -> None:
    content = response.body()
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", b"%d" % len(content)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ),
    ]
    if not body.complete:
        headers.append((b"connection", b"close"))
    shown = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if not body.complete:
        await send({"type": "http.response.body", "body": shown, "more_body": True})
        await body.drain()
        shown = b""
    await send({"type": "http.response.body", "body": shown, "more_body": False})


def _dotted(path: list[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "body"
