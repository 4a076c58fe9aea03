"""One operation of a contract: what a request to it must be, and what its responses may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from qlara_sandbox.domain.errors import InvalidFields, InvalidParameters
from qlara_sandbox.http.large_json import shifted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import jsonschema_rs

    from qlara_sandbox.http.json_body import JsonBody
    from qlara_sandbox.http.schemas import Schema

MULTIPART = "multipart/form-data"
# One spelling per number: what a header or a log shows is what was meant.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_NOT_TEXT = frozenset({"integer", "number", "boolean"})
_LONGEST_NAME = 100
_MOST_KNOWN = 1000
_LONGEST_KNOWN = 300
# What the validator calls a mistake in an either-or, by the way in which it is written.
_OF_BRANCHES = frozenset({"OneOfNotValid", "OneOfMultipleValid", "AnyOf", "Not"})
_REQUIRED_OR_FORBIDDEN = frozenset({"Required", "FalseSchema"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or path parameter; a number above its maximum is read as ``above``, if that is given.

    One that ``is_ignored`` has its default, whatever a request says.
    """

    name: str
    location: str
    required: bool
    schema: Schema
    validator: jsonschema_rs.Draft202012Validator
    expected: str
    above: int | None = None
    is_ignored: bool = False

    def read(self, raw: str) -> Any:
        """Return the value of *raw*, or raise ValueError if it is not what is expected."""
        value = _plain(raw, self.schema.get("type", "string"))
        if self.above is not None and value > self.schema.get("maximum", value):
            value = self.above
        if not self.validator.is_valid(value):
            raise ValueError(raw)
        return value


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. A file field is sent as a file part; ``max_bytes`` bounds the file.

    A form has only text: ``types`` are those of JSON that the text of the field may stand for.
    """

    name: str
    is_file: bool
    expected: str
    max_bytes: int | None
    values: tuple[str, ...] = ()
    types: tuple[str, ...] = ("string",)

    def read(self, raw: str) -> Any:
        """Return the value of *raw*; *raw* itself if it is none."""
        try:
            return _plain(raw, self.types)
        except ValueError:
            return raw


@dataclass(frozen=True, slots=True)
class FormSchema:
    """A ``multipart/form-data`` body; a file in it has at most ``max_file_bytes``.

    ``required`` are the fields that are always needed, ``alternatives`` those of which exactly one is.
    ``given_twice`` says which of several text fields of one name counts: ``first`` or ``last``, or that
    they are ``refused``.
    """

    fields: Mapping[str, FormField]
    defaults: Mapping[str, str]
    required: tuple[str, ...]
    alternatives: tuple[str, ...]
    max_file_bytes: int
    validator: jsonschema_rs.Draft202012Validator
    given_twice: str = "refused"

    def check(self, present: Mapping[str, str]) -> dict[str, str]:
        """Return the text fields with defaults filled in; *present* holds ``""`` for a file.

        Raises:
            InvalidFields: every field at fault with what was expected.
        """
        values = {
            name: self.fields[name].read(raw) if name in self.fields else raw
            for name, raw in present.items()
        }
        if not self.validator.is_valid(values):
            mistakes = {name: self._missing(name) for name in self.required if name not in present}
            for error in self.validator.iter_errors(values):
                for name, message in self._blame(error, present):
                    mistakes.setdefault(name, message)
            raise InvalidFields(mistakes)
        return {**self.defaults, **present}

    def _blame(self, error: Any, present: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        kind, place = type(error.kind).__name__, error.instance_path
        missing = getattr(error.kind, "property", None)
        name = str(place[0]) if place else missing
        is_of_choice = name in self.alternatives and kind in _REQUIRED_OR_FORBIDDEN
        if is_of_choice or (name is None and kind in _OF_BRANCHES and self.alternatives):
            yield from self._blame_choice(present)
        elif name is not None:
            yield name, self._missing(name) if missing else self._expected(name)
        elif unexpected := getattr(error.kind, "unexpected", None):
            for each in unexpected:
                yield str(each)[:_LONGEST_NAME], "Unknown field."
        else:
            keyword = ".".join(map(str, error.schema_path))
            yield "form", f"Not what the contract expects of the form ({keyword})."

    def _blame_choice(self, present: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Tell that none of the alternatives was given, or more than one; else what was expected of the one."""
        given = [name for name in self.alternatives if name in present]
        if len(given) == 1:  # its value is at fault, unless another field of its branch is missing
            if all(name in present for name in self.required):
                yield given[0], self._expected(given[0])
            return
        choice, is_of_two = " or ".join(self.alternatives), len(self.alternatives) == 2  # noqa: PLR2004
        found = (
            ("both" if is_of_two else "several") if given else "neither" if is_of_two else "none"
        )
        for name in given or self.alternatives[:1]:
            yield name, f"Expected either {choice}, found {found}."

    def _missing(self, name: str) -> str:
        field = self.fields.get(name)
        return f"Missing. {field.expected if field else 'Expected a value.'}"

    def _expected(self, name: str) -> str:
        field = self.fields.get(name)
        return field.expected if field else "Not what the contract expects."


class Example(NamedTuple):
    """One documented response."""

    media_type: str
    content: Any


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """What an operation may respond with for one status; without validators it has no content.

    ``whole_arrays`` are the properties of which something is demanded as an array, such as its length.
    """

    validators: Mapping[str, jsonschema_rs.Draft202012Validator | None]
    examples: Mapping[str, Example]
    whole_arrays: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract.

    ``statuses`` are those that it documents, as the contract writes them. ``responses`` holds what single statuses mean, ``other_responses`` a whole class of them (``4XX``) or
    all the rest (``default``). With ``strict_query``, unknown query parameters are refused.
    """

    operation_id: str
    method: str
    path: str
    permission: str | None
    secured: bool
    parameters: tuple[Parameter, ...]
    form: FormSchema | None
    json_body: JsonBody | None
    responses: Mapping[int, DocumentedResponse]
    other_responses: Mapping[str, DocumentedResponse] = field(default_factory=dict)
    statuses: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    strict_query: bool = False
    given_twice: str = "refused"
    # The values of parameters that were read before: clients send the same few again and again.
    _known: dict[tuple[bytes | str, ...], dict[str, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def read_parameters(self, path: Mapping[str, str], query: bytes) -> dict[str, Any]:
        """Return every parameter's value, defaults filled in.

        Raises:
            InvalidFields: every parameter at fault with what was expected.
        """
        key: tuple[bytes | str, ...] = (query, *path.values())
        known = self._known.get(key)
        if known is None:
            known = self._read_parameters(path, query)
            if sum(map(len, key)) <= _LONGEST_KNOWN:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = known
        return known.copy()

    def _read_parameters(self, path: Mapping[str, str], query: bytes) -> dict[str, Any]:
        values = dict(self.defaults)
        mistakes: dict[str, str] = {}
        given = _query(query) if query else {}
        if self.strict_query:
            self._require_known(given)
        for parameter in self.parameters:
            name = parameter.name
            if parameter.is_ignored:
                continue
            in_path = parameter.location == "path"
            raws = [path[path_name(name)]] if in_path else given.get(name, [])
            if len(raws) > 1 and self.given_twice == "refused":
                mistakes[name] = f"Given {len(raws)} times. {parameter.expected}"
            elif raws:
                try:
                    values[name] = parameter.read(raws[-1 if self.given_twice == "last" else 0])
                except ValueError:
                    mistakes[name] = parameter.expected
            elif parameter.required:
                mistakes[name] = f"Missing. {parameter.expected}"
        if mistakes:
            raise InvalidParameters(mistakes)
        return values

    def documented(self, status: int) -> DocumentedResponse | None:
        """Return what the contract says of responses with *status*, if it says anything."""
        others = self.other_responses
        return (
            self.responses.get(status) or others.get(f"{status // 100}XX") or others.get("default")
        )

    def whole_arrays(self, status: int) -> frozenset[str]:
        """Return the properties of a response that cannot be checked item by item."""
        response = self.documented(status)
        return response.whole_arrays if response is not None else frozenset()

    def violation(
        self,
        status: int,
        media_type: str,
        content: Any,
        slice_of: tuple[tuple[str | int, ...], int] = ((), 0),
    ) -> str | None:
        """Return how a response breaks the contract, or None if it keeps it.

        *slice_of* is the place of an array of which *content* has only a slice, and the index at which
        that begins.
        """
        response = self.documented(status)
        if response is None:
            return f"{self.operation_id}: status {status} is not in the contract"
        if not response.validators and content == b"":
            return None
        if media_type not in response.validators:
            return f"{self.operation_id}: {status} as {media_type} is not in the contract"
        validator = response.validators[media_type]
        content = content.decode() if isinstance(content, bytes) else content
        if validator is None or validator.is_valid(content):
            return None
        error = next(iter(validator.iter_errors(content)))
        where = ".".join(map(str, shifted(error.instance_path, *slice_of))) or "the response"
        return f"{self.operation_id}: {status}: {where}: {error.message}"

    def _require_known(self, given: Mapping[str, list[str]]) -> None:
        # A filter that is misspelled must not mean "no filter".
        known = sorted(one.name for one in self.parameters if one.location == "query")
        expected = f"one of: {', '.join(known)}" if known else "no parameters"
        mistakes = {
            name[:_LONGEST_NAME]: f"Unknown. Expected {expected}."
            for name in given
            if name not in known
        }
        if mistakes:
            raise InvalidParameters(mistakes)


def path_name(name: str) -> str:
    """Return the name of a path parameter as an identifier."""
    return name if name.isidentifier() else "p_" + name.encode().hex()


def _query(query: bytes) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, []).append(value)
    return given


def _plain(raw: str, types: str | Sequence[str]) -> Any:
    """Return what a text says, as the first of its types that it can be.

    Raises:
        ValueError: it can be none of them.
    """
    known = {types} if isinstance(types, str) else set(types)
    if "integer" in known and _INTEGER.fullmatch(raw):
        return int(raw)
    if "number" in known and _NUMBER.fullmatch(raw):
        return float(raw)
    if "boolean" in known and raw in _BOOLEANS:
        return _BOOLEANS[raw]
    if known & _NOT_TEXT and "string" not in known:
        raise ValueError(raw)
    return raw
