"""The contract as the suite reads it: the operation of a request, and the responses it may get."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jsonschema_rs

from qlara_contract import yaml_12
from qlara_contract.targets import SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


class UnresolvedReference(ValueError):
    """A ``$ref`` that points at nothing in the document; the message names it."""


@dataclass(frozen=True)
class ContractOperation:
    """One operation: its id, method, path template, and a validator per documented status.

    ``accepted`` validates what UC-020 shows of a response to an accepted request, and no more: what the
    contract decided of its fields is left out.
    """

    operation_id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    responses: dict[int, jsonschema_rs.Validator]
    accepted: jsonschema_rs.Validator


class ContractDocument:
    """openapi.yaml, compiled for checking responses. It is one file: nothing is fetched.

    Raises ``UnresolvedReference`` if a ``$ref`` leads out of it.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        for reference in _outside(document):
            _offline(reference)
        self.document = document
        self.operations = {each.operation_id: each for each in self._operations()}

    def operation_of(self, method: str, path: str) -> ContractOperation | None:
        """Return the operation of a request, or ``None`` outside the contract."""
        for each in self.operations.values():
            if each.method == method and each.pattern.fullmatch(path):
                return each
        return None

    def path_of(self, operation_id: str, **parameters: str) -> str:
        """Return the path of an operation with its parameters filled in, percent-encoded."""
        encoded = {name: quote(value, safe="") for name, value in parameters.items()}
        return self.operations[operation_id].template.format(**encoded)

    def resolve(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return *value*, or what its ``$ref`` points at.

        Raises:
            UnresolvedReference: there is nothing at that place.
        """
        while "$ref" in value:
            reference, found = str(value["$ref"]), self.document
            for step in reference.removeprefix("#/").split("/"):
                if step not in found:
                    raise UnresolvedReference(f"Unresolved $ref: {reference}")
                found = found[step]
            value = found
        return value

    def validator(self, schema: dict[str, Any]) -> jsonschema_rs.Validator:
        """Return a validator for *schema*, which may refer to the components of the document."""
        whole = {**schema, "components": self.document.get("components", {})}
        return jsonschema_rs.validator_for(whole, validate_formats=True, retriever=_offline)

    def _operations(self) -> list[ContractOperation]:
        return [
            ContractOperation(
                operation["operationId"],
                method.upper(),
                template,
                re.compile(re.sub(r"\{\w+\}", "([^/]+)", template)),
                self._responses(operation),
                self._accepted(operation),
            )
            for template, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in _METHODS and "operationId" in operation
        ]

    def _responses(self, operation: dict[str, Any]) -> dict[int, jsonschema_rs.Validator]:
        return {
            int(status): self.validator(
                self.resolve(response)["content"]["application/json"]["schema"]
            )
            for status, response in operation["responses"].items()
        }

    def _accepted(self, operation: dict[str, Any]) -> jsonschema_rs.Validator:
        success = min(status for status in operation["responses"] if str(status).startswith("2"))
        response = self.resolve(operation["responses"][success])
        schema = response["content"]["application/json"]["schema"]
        documented = ContractDocument.__new__(ContractDocument)
        documented.document = _as_documented(self.document)
        return documented.validator(schema)


# What the contract decided of a field that UC-020 shows, by schema and property: other values are free.
_DECIDED: dict[tuple[str, str], dict[str, Any]] = {
    ("Contact", "email"): {"type": ["string", "null"], "minLength": 0},
    ("Contact", "name"): {"type": ["string", "null"]},
    ("ContactPage", "page"): {"minimum": 0},
    ("ImportReport", "status"): {"enum": None, "minLength": 1},
    ("CardError", "name"): {"type": ["string", "null"]},
}


def _as_documented(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document* without what it decided of the fields of accepted requests' responses."""
    changed = deepcopy(document)
    schemas = changed.get("components", {}).get("schemas", {})
    for (schema, name), other in _DECIDED.items():
        field = schemas.get(schema, {}).get("properties", {}).get(name)
        if isinstance(field, dict):
            field.update(other)
            for key in [key for key, value in field.items() if value is None]:
                del field[key]
    contact = schemas.get("Contact", {})
    if "email" in contact.get("required", ()):
        contact["required"] = [each for each in contact["required"] if each != "email"]
    return changed


@lru_cache(maxsize=1)
def contract() -> ContractDocument:
    """Return the contract that ships with the suite."""
    return ContractDocument(load_document(SPEC))


def load_document(path: Path) -> dict[str, Any]:
    """Return the OpenAPI document in the file at *path*."""
    document: dict[str, Any] = yaml_12.read(path.read_text(encoding="utf-8"))
    return document


def _outside(node: Any) -> Iterator[str]:
    """Yield the references in *node* that lead out of the document."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield reference
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in values:
        yield from _outside(value)


def _offline(uri: str) -> Any:
    raise UnresolvedReference(f"Outside the document, and never fetched: {uri}")
