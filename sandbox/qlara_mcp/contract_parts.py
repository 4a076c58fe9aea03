"""Parts of a contract: its operations, one of them with what it refers to, and what a status means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPONENTS = "#/components/"


def operation_ids(document: Mapping[str, Any]) -> list[str]:
    """Return the operationIds of a contract, in its order."""
    return [operation["operationId"] for _, _, operation in _operations(document)]


def only_operation(document: Mapping[str, Any], operation_id: str) -> dict[str, Any]:
    """Return the contract of one operation: its path, and the components that it refers to."""
    path, method, operation = next(
        each for each in _operations(document) if each[2]["operationId"] == operation_id
    )
    shared = {
        name: value
        for name, value in document["paths"][path].items()
        if name in {"parameters", "summary", "description"}
    }
    components: dict[str, dict[str, Any]] = {}
    waiting = [operation, shared]
    while waiting:
        for reference in _references(waiting.pop()):
            kind, _, name = reference.removeprefix(_COMPONENTS).partition("/")
            if name not in components.setdefault(kind, {}):
                part = document["components"][kind][name]
                components[kind][name] = part
                waiting.append(part)
    return {
        "openapi": document["openapi"],
        "info": {name: document["info"][name] for name in ("title", "version")},
        "paths": {path: {**shared, method: operation}},
        "components": components,
    }


def documented_response(
    document: Mapping[str, Any], operation_id: str | None, status: int
) -> dict[str, str]:
    """Return the description and the source of a response of an operation; empty, if it has none."""
    for _, _, operation in _operations(document):
        if operation["operationId"] == operation_id:
            responses = operation.get("responses", {})
            response = responses.get(str(status), {})
            if "$ref" in response:
                name = str(response["$ref"]).rpartition("/")[2]
                response = document["components"]["responses"][name]
            found = {
                "description": response.get("description"),
                "source": response.get("x-qlara-source"),
            }
            return {name: text for name, text in found.items() if isinstance(text, str)}
    return {}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield path, method, operation


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(_COMPONENTS):
            yield reference
        for each in node.values():
            yield from _references(each)
