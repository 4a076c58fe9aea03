"""One operation of the contract as plain values: what to send, what comes back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import orjson

from qlara_sandbox.http.alternatives import alternatives, always_required, properties_of
from qlara_sandbox.http.contract import METHODS
from qlara_sandbox.web.pages import BASE_URL
from qlara_sandbox.web.pages.provenance import Source, source_of
from qlara_sandbox.web.pages.shapes import FieldRow, TypeLabel, field_row, type_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_sandbox.http.schemas import Document, Schema

_MULTIPART = "multipart/form-data"


class DocumentedOperation(NamedTuple):
    """An operation of the contract, and the path item that it is part of."""

    path: str
    method: str
    item: Schema
    secured: bool

    @property
    def node(self) -> Schema:
        """The operation object."""
        node: Schema = self.item[self.method]
        return node

    @property
    def id(self) -> str:
        """The operationId, or method and path where there is none."""
        return str(self.node.get("operationId", f"{self.method} {self.path}"))

    @property
    def summary(self) -> str | None:
        """The summary, if there is one."""
        return self.node.get("summary")

    @property
    def responses(self) -> dict[str, Schema]:
        """The responses by status; unquoted, YAML reads a status as a number."""
        found = self.node.get("responses", {})
        return {str(status): response for status, response in found.items()}


class BodyTable(NamedTuple):
    """What a request carries, in one media type; ``one_of`` are fields of which exactly one is needed."""

    media_type: str
    is_form: bool
    type: TypeLabel
    one_of: list[str]
    fields: list[FieldRow]


class RulePhrase(NamedTuple):
    """A rule that JSON Schema cannot express."""

    text: str
    sources: list[Source]


class SampleRequest(NamedTuple):
    """A request to copy, as a command."""

    caption: str
    command: str


class SampleBody(NamedTuple):
    """A documented body of a response; the name is empty where there is only one."""

    name: str
    summary: str
    sources: list[Source]
    text: str


class HeaderPhrase(NamedTuple):
    """A header of a response."""

    name: str
    description: str
    sources: list[Source]


class ResponseSection(NamedTuple):
    """A response of an operation; a success is shown unfolded."""

    status: str
    description: str
    success: bool
    types: list[TypeLabel]
    sources: list[Source]
    headers: list[HeaderPhrase]
    samples: list[SampleBody]


class OperationSection(NamedTuple):
    """All that the page says of one operation."""

    id: str
    title: str
    method: str
    path: str
    description: str
    sources: list[Source]
    parameters: list[FieldRow]
    bodies: list[BodyTable]
    rules: list[RulePhrase]
    requests: list[SampleRequest]
    responses: list[ResponseSection]


def documented_operations(document: Document) -> Iterator[DocumentedOperation]:
    """Yield the operations of the contract, in the order of the file."""
    for path, item in document.root["paths"].items():
        for method in METHODS:
            if method in item:
                security = item[method].get("security", document.root.get("security"))
                yield DocumentedOperation(path, method, item, bool(security))


def operation_section(document: Document, operation: DocumentedOperation) -> OperationSection:
    """Return what the page says of *operation*."""
    node = operation.node
    return OperationSection(
        id=operation.id,
        title=operation.summary or operation.id,
        method=operation.method,
        path=operation.path,
        description=node.get("description", ""),
        sources=source_of(node),
        parameters=[_parameter_row(document, entry) for entry in _parameters(document, operation)],
        bodies=list(_bodies(document, node)),
        rules=[
            RulePhrase(str(entry.get("rule", "")), source_of(entry))
            for entry in node.get("x-qlara-rules", [])
        ],
        requests=_sample_requests(document, operation),
        responses=[
            _response_section(document, status, document.resolve(response))
            for status, response in operation.responses.items()
        ],
    )


def sample_bodies(document: Document, content: Mapping[str, Schema]) -> list[SampleBody]:
    """Return the documented bodies of a response, in all its media types."""
    return [
        SampleBody(name, example.get("summary", ""), source_of(example), pretty(example["value"]))
        for media in content.values()
        for name, example in _examples(document, media)
    ]


def forced_request(document: Document, operation: DocumentedOperation, status: str) -> str:
    """Return a command that gets the documented response with *status*."""
    target = _target(operation.path, _parameters(document, operation), document)
    command = _curl(operation.method, target, "", None, secured=True)
    return f'{command} \\\n  -H "Prefer: code={status}"'


def pretty(value: Any) -> str:
    """Return a JSON value on as many lines as it needs."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _examples(document: Document, media: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield name and example of a media type, parameter or field; every example has a value."""
    if "example" in media:
        yield "example", {"value": media["example"]}
    for name, node in {**media.get("x-qlara-examples", {}), **media.get("examples", {})}.items():
        yield name, {"value": None, **document.resolve(node)}


def _parameters(document: Document, operation: DocumentedOperation) -> list[Schema]:
    """Return the parameters of an operation, also those that its path shares."""
    given = [*operation.item.get("parameters", []), *operation.node.get("parameters", [])]
    return [document.resolve(entry) for entry in given]


def _parameter_row(document: Document, entry: Schema) -> FieldRow:
    return field_row(
        document,
        entry["name"],
        entry,
        schema=entry.get("schema", {}),
        required=entry.get("required", False),
        place=entry["in"],
    )


def _bodies(document: Document, node: Schema) -> Iterator[BodyTable]:
    body = document.resolve(node.get("requestBody", {}))
    for media_type, media in body.get("content", {}).items():
        schema = media.get("schema", {})
        whole = document.resolve(schema)
        expanded = document.expanded(schema)
        required = always_required(expanded)
        yield BodyTable(
            media_type=media_type,
            is_form=media_type == _MULTIPART,
            type=type_label(schema),
            one_of=list(alternatives(expanded)),
            fields=[
                field_row(document, name, field, schema=field, required=name in required)
                for name, field in {
                    **properties_of(expanded),
                    **whole.get("properties", {}),
                }.items()
            ],
        )


def _sample_requests(document: Document, operation: DocumentedOperation) -> list[SampleRequest]:
    method, secured = operation.method, operation.secured
    target = _target(operation.path, _parameters(document, operation), document)
    body = document.resolve(operation.node.get("requestBody", {}))
    found = [
        SampleRequest(
            example.get("summary", name),
            _curl(method, target, media_type, example["value"], secured=secured),
        )
        for media_type, media in body.get("content", {}).items()
        for name, example in _examples(document, media)
    ]
    return found or [SampleRequest("", _curl(method, target, "", None, secured=secured))]


def _target(path: str, parameters: list[Schema], document: Document) -> str:
    query = []
    for entry in parameters:
        found = next((example["value"] for _, example in _examples(document, entry)), None)
        value = (
            found if found is not None else document.resolve(entry.get("schema", {})).get("default")
        )
        if entry["in"] == "path":
            shown = entry["name"] if value is None else quote(str(value), safe="")
            path = path.replace(f"{{{entry['name']}}}", shown)
        elif entry["in"] == "query" and value is not None:
            query.append(f"{quote(entry['name'])}={quote(str(value))}")
    return path + ("?" + "&".join(query) if query else "")


def _curl(method: str, target: str, media_type: str, value: Any, *, secured: bool) -> str:
    verb = "" if method == "get" else f"-X {method.upper()} "
    lines = [f'curl {verb}"{BASE_URL}{target}"']
    if secured:
        lines.append('-H "X-Api-Key: YOUR_API_KEY"')
    if media_type == _MULTIPART and isinstance(value, dict):
        lines += [f"-F {_form_field(name, text)}" for name, text in value.items()]
    elif media_type:
        lines += [
            f'-H "Content-Type: {media_type}"',
            f"-d {shlex.quote(orjson.dumps(value).decode())}",
        ]
    return " \\\n  ".join(lines)


def _form_field(name: str, text: Any) -> str:
    return '"file=@contacts.vcf"' if name == "file" else shlex.quote(f"{name}={text}")


def _response_section(document: Document, status: str, response: Schema) -> ResponseSection:
    content: Mapping[str, Schema] = response.get("content", {})
    return ResponseSection(
        status=status,
        description=response.get("description", ""),
        success=status.startswith("2"),
        types=[type_label(media["schema"]) for media in content.values() if "schema" in media],
        sources=source_of(response),
        headers=[
            _header(name, document.resolve(node))
            for name, node in response.get("headers", {}).items()
        ],
        samples=sample_bodies(document, content),
    )


def _header(name: str, header: Schema) -> HeaderPhrase:
    return HeaderPhrase(name, header.get("description", ""), source_of(header))
