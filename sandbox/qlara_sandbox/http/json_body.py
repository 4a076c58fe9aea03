"""JSON bodies of requests, held against the contract; mistakes in words, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.domain.errors import InvalidField, InvalidFields
from qlara_sandbox.http import json_pieces
from qlara_sandbox.http.json_pieces import MalformedJson, TooMuch, located
from qlara_sandbox.scenario.load import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import jsonschema_rs

    from qlara_sandbox.http.json_pieces import Shifts
    from qlara_sandbox.http.large_json import Place
    from qlara_sandbox.http.schemas import Document, Schema

JSON = "application/json"
_MOST_MISTAKES = 100
# No object of a contract has so many properties.
_MOST_FIELDS = 1000
_LONGEST_MESSAGE = 500


class JsonBody(NamedTuple):
    """The JSON body that an operation takes, of at most ``max_bytes``."""

    required: bool
    schema: Schema
    validator: jsonschema_rs.Draft202012Validator
    document: Document
    max_bytes: int
    whole_arrays: frozenset[str] = frozenset()

    def read(self, raw: bytes | bytearray, content_type: str) -> Any:
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
            value = json_pieces.loads(raw, whole_numbers, self.whole_arrays)
        except MalformedJson as error:
            raise InvalidField("body", f"Expected JSON: {error}.") from error
        except TooMuch as error:
            raise InvalidField(_dotted(error.place), f"Expected {error.reason}.") from error
        self._check(value)
        return whole_numbers(value)

    def _check(self, value: Any) -> None:
        mistakes: dict[str, str] = {}
        for content, shifts in json_pieces.slices(value):
            if not self.validator.is_valid(content):
                for field, message in self._mistakes(content, shifts):
                    mistakes.setdefault(field, message[:_LONGEST_MESSAGE])
                    if len(mistakes) == _MOST_MISTAKES:
                        raise InvalidFields(mistakes)
        if mistakes:
            raise InvalidFields(mistakes)

    def _mistakes(self, content: Any, shifts: Shifts) -> Iterator[tuple[str, str]]:
        crowded = next(_crowded(content, ()), None)
        if crowded is not None:  # to name every field in it would take long
            yield _dotted(located(crowded, shifts)), f"Expected at most {_MOST_FIELDS} fields."
            return
        for error in self.validator.iter_errors(content):
            yield from self._blame(error, located(error.instance_path, shifts))

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
            words = holder.get("x-qlara-expected")
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


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "body"


def _crowded(value: Any, at: Place) -> Iterator[Place]:
    """Yield the places of objects with too many fields; a ``body`` may have as many as it likes."""
    if isinstance(value, dict):
        if len(value) > _MOST_FIELDS:
            yield at
            return
        for key, item in value.items():
            if key != "body":
                yield from _crowded(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _crowded(item, (*at, index))
