"""JSON bodies of requests, held against the contract; mistakes in words, field by field."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from qlara_sandbox.domain.errors import InvalidField, InvalidFields
from qlara_sandbox.http import large_json
from qlara_sandbox.http.large_json import shifted
from qlara_sandbox.scenario.load import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

    from qlara_sandbox.http.schemas import Document, Schema

JSON = "application/json"
_MOST_MISTAKES = 100
_LONGEST_MESSAGE = 500
# orjson writes no deeper than 254, and the sandbox puts some levels around what it was given.
_DEEPEST = 200
_NESTING = frozenset({dict, list})


class JsonBody(NamedTuple):
    """The JSON body that an operation takes, of at most ``max_bytes``."""

    required: bool
    schema: Schema
    validator: jsonschema_rs.Draft202012Validator
    document: Document
    max_bytes: int
    whole_arrays: frozenset[str] = frozenset()

    def read(self, raw: bytes, content_type: str) -> Any:
        """Return the value of a body; None for an empty one that is not required.

        Raises:
            InvalidField: it is not sent as JSON, or is none.
            InvalidFields: every field at fault with what was expected.
        """
        if not raw and not self.required:
            return None
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type != JSON:
            found = media_type[:100] or "none"
            raise InvalidField("content-type", f"Expected {JSON}; found {found}.")
        try:
            value = large_json.loads(raw)
        except orjson.JSONDecodeError as error:
            raise InvalidField("body", f"Expected JSON: {error}.") from error
        if not _is_shallow(value):
            raise InvalidField("body", f"Expected values nested at most {_DEEPEST} deep.")
        try:
            self._check(value)
            return whole_numbers(value)
        finally:
            if len(raw) > large_json.PIECE:
                large_json.clear(value)

    def _check(self, value: Any) -> None:
        mistakes: dict[str, str] = {}
        for content, at, start in large_json.slices(value, self.whole_arrays):
            if len(mistakes) < _MOST_MISTAKES and not self.validator.is_valid(content):
                for error in self.validator.iter_errors(content):
                    path = shifted(error.instance_path, at, start)
                    for field, message in self._blame(error, path):
                        mistakes.setdefault(field, message[:_LONGEST_MESSAGE])
        if mistakes:
            raise InvalidFields(dict(islice(mistakes.items(), _MOST_MISTAKES)))

    def _blame(self, error: Any, path: list[str | int]) -> Iterator[tuple[str, str]]:
        steps = list(error.schema_path)
        holder = self._schema_at(steps)
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

    def _schema_at(self, steps: list[str | int]) -> Schema:
        node: Any = self.schema
        for step in steps[:-1]:
            if step == "components":  # where a reference leads
                node = self.document.root["components"]
            elif step != "$ref":
                node = node[int(step)] if isinstance(node, list) else node[step]
        return node if isinstance(node, dict) else {}


def _dotted(path: list[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "body"


def _is_shallow(value: Any) -> bool:
    """Return whether values are nested at most ``_DEEPEST`` deep in *value*."""
    level: list[Any] = [[value]]
    for _ in range(1 + _DEEPEST):
        within = [each.values() if type(each) is dict else each for each in level]
        level = [each for items in within for each in items if type(each) in _NESTING]
        if not level:
            return True
    return False
