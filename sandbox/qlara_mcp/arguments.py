"""The arguments that several tools take, with the schemas that the control API has for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic_core import core_schema

from qlara_sandbox.http.yaml_document import read_document
from qlara_sandbox.web.control_spec import CONTROL_SPEC

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

_REFERENCE = "#/components/schemas/"


@cache
def control_schemas() -> dict[str, Any]:
    """Return the schemas of the control API's contract by name."""
    document = read_document(CONTROL_SPEC.read_text(encoding="utf-8"))
    schemas: dict[str, Any] = document["components"]["schemas"]
    return schemas


@dataclass(frozen=True)
class Like:
    """Marks a text that has a pattern; ``expected`` says in words what it is."""

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _checked(self, value: str) -> str:
        if re.fullmatch(self.pattern, value, re.ASCII) is None:
            raise ValueError(f"expected {self.expected}")
        return value


@dataclass(frozen=True)
class ControlSchema:
    """Marks an argument that the control API has a schema for. Texts are checked against its pattern."""

    name: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = _resolved(control_schemas()[self.name])
        assert isinstance(schema, dict)
        return schema

    def _checked(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value  # the control API checks it
        schema = control_schemas()[self.name]
        fits = len(value) <= schema.get("maxLength", len(value))
        if "pattern" in schema:
            fits = fits and re.fullmatch(schema["pattern"], value, re.ASCII) is not None
        if not fits or not value:
            raise ValueError(f"expected {schema['x-qlara-expected']}")
        return value


def _resolved(node: Any) -> Any:
    """Return a schema without references and without extensions of ours."""
    if isinstance(node, list):
        return [_resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        return _resolved(control_schemas()[reference.removeprefix(_REFERENCE)])
    return {name: _resolved(each) for name, each in node.items() if not name.startswith("x-")}


ApiKey = Annotated[
    str,
    ControlSchema("ApiKey"),
    Field(
        description="API key of the account: YOUR_API_KEY, or sandbox_ANYTHING for an account of its own."
    ),
]
Session = Annotated[
    str,
    ControlSchema("Session"),
    Field(description="Session of the key: each has a world of its own."),
]
Page = Annotated[int, Field(ge=1, le=100, description="Which page, counted from 1.")]
Limit = Annotated[int, Field(ge=1, le=50, description="How many entries a page has.")]


def account_headers(api_key: str, session: str) -> dict[str, str]:
    """Return the headers of a request to the API that name its account."""
    return {"X-Api-Key": api_key, "X-Sandbox-Session": session}
