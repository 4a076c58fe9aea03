"""The contract as the suite reads it: which operation a request is, and what its answers may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

from qlara_contract.targets import SPEC

if TYPE_CHECKING:
    from pathlib import Path

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True)
class Operation:
    """One operation: its id, method, path template, and a validator per documented status."""

    operation_id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    answers: dict[int, jsonschema_rs.Validator]


class Contract:
    """openapi.yaml, compiled for judging answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = {each.operation_id: each for each in _operations(document)}

    def operation_of(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request is, or ``None`` outside the contract."""
        for each in self.operations.values():
            if each.method == method and each.pattern.fullmatch(path):
                return each
        return None

    def path_of(self, operation_id: str, **parameters: str) -> str:
        """Return the path of an operation with its parameters filled in."""
        return self.operations[operation_id].template.format(**parameters)


@lru_cache(maxsize=1)
def contract() -> Contract:
    """Return the contract that ships with the suite."""
    return Contract(load_document(SPEC))


def load_document(path: Path) -> dict[str, Any]:
    """Return the OpenAPI document in the file at *path*."""
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return document


def _operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(
            operation["operationId"],
            method.upper(),
            template,
            re.compile(re.sub(r"\{\w+\}", "[^/]+", template)),
            _answers(document, operation["responses"]),
        )
        for template, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS and "operationId" in operation
    ]


def _answers(
    document: dict[str, Any], responses: dict[str, Any]
) -> dict[int, jsonschema_rs.Validator]:
    answers = {}
    for status, response in responses.items():
        described = _resolved(document, response)
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        answers[int(status)] = jsonschema_rs.validator_for(whole, validate_formats=True)
    return answers


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    if reference is None:
        return value
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: dict[str, Any] = found
    return resolved
