"""``openapi.yaml``, compiled once: operations, their request checks and their answer checks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
import yaml

from qlara_sandbox.domain.errors import InvalidFields
from qlara_sandbox.http.schemas import Document, Schema, expected
from qlara_sandbox.scenario.yaml_file import PlainLoader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import jsonschema_rs

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MULTIPART = "multipart/form-data"
JSON = "application/json"
# What a document that is YAML, but not the OpenAPI that is needed, can fail with.
_UNUSABLE = (KeyError, TypeError, AttributeError, ValueError)
# One spelling per number: what a header or a log shows is what was meant.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


class InvalidContract(Exception):
    """The contract file cannot be used; the message names the file and the place."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or path parameter."""

    name: str
    location: str
    required: bool
    schema: Schema
    validator: jsonschema_rs.Draft202012Validator
    expected: str

    def read(self, raw: str) -> Any:
        """Return the value of *raw*, or raise ValueError if it is not what is expected."""
        value = _plain(raw, self.schema.get("type", "string"))
        if not self.validator.is_valid(value):
            raise ValueError(raw)
        return value


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. A file field is sent as a file part; ``max_bytes`` bounds the file."""

    name: str
    is_file: bool
    expected: str
    max_bytes: int | None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A ``multipart/form-data`` body."""

    fields: Mapping[str, FormField]
    defaults: Mapping[str, str]
    alternatives: tuple[str, ...]
    validator: jsonschema_rs.Draft202012Validator

    def check(self, present: Mapping[str, str]) -> dict[str, str]:
        """Return the text fields with defaults filled in; *present* holds ``""`` for a file.

        Raises:
            InvalidFields: every field at fault with what was expected.
        """
        if not self.validator.is_valid(dict(present)):
            mistakes: dict[str, str] = {}
            for error in self.validator.iter_errors(dict(present)):
                for name, message in self._blame(error, present):
                    mistakes.setdefault(name, message)
            raise InvalidFields(mistakes)
        return {**self.defaults, **present}

    def _blame(self, error: Any, present: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        missing = getattr(error.kind, "property", None)
        if error.instance_path:
            name = str(error.instance_path[0])
            yield name, self.fields[name].expected
        elif isinstance(missing, str):
            field = self.fields.get(missing)
            yield missing, f"Missing. {field.expected if field else 'Expected a value.'}"
        else:
            given = [name for name in self.alternatives if name in present]
            choice = " or ".join(self.alternatives)
            for name in given or self.alternatives[:1]:
                found = "both" if given else "neither"
                yield name, f"Expected either {choice}, found {found}."


class Example(NamedTuple):
    """One documented answer."""

    media_type: str
    content: Any


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """What an operation may answer with one status; without validators it has no content."""

    validators: Mapping[str, jsonschema_rs.Draft202012Validator | None]
    examples: Mapping[str, Example]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    operation_id: str
    method: str
    path: str
    permission: str | None
    secured: bool
    parameters: tuple[Parameter, ...]
    form: Form | None
    json_body: jsonschema_rs.Draft202012Validator | None
    responses: Mapping[int, DocumentedResponse]
    defaults: dict[str, Any] = field(default_factory=dict)

    def read_parameters(self, path: Mapping[str, str], query: bytes) -> dict[str, Any]:
        """Return every parameter's value, defaults filled in.

        Raises:
            InvalidFields: every parameter at fault with what was expected.
        """
        values = dict(self.defaults)
        mistakes: dict[str, str] = {}
        given = _query(query) if query else {}
        for parameter in self.parameters:
            name = parameter.name
            in_path = parameter.location == "path"
            raws = [path[path_name(name)]] if in_path else given.get(name, [])
            if len(raws) > 1:
                mistakes[name] = f"Given {len(raws)} times. {parameter.expected}"
            elif raws:
                try:
                    values[name] = parameter.read(raws[0])
                except ValueError:
                    mistakes[name] = parameter.expected
            elif parameter.required:
                mistakes[name] = f"Missing. {parameter.expected}"
        if mistakes:
            raise InvalidFields(mistakes)
        return values

    def check_json(self, raw: bytes) -> None:
        """Hold a JSON body against the contract, where the contract gives the operation one.

        Raises:
            InvalidFields: it is no JSON, or not what is expected.
        """
        if self.json_body is None:
            return
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise InvalidFields({"body": f"Expected JSON: {error}."}) from error
        mistakes = {
            ".".join(map(str, error.instance_path)) or "body": f"Not as expected: {error.message}."
            for error in self.json_body.iter_errors(value)
        }
        if mistakes:
            raise InvalidFields(mistakes)

    def violation(self, status: int, media_type: str, content: Any) -> str | None:
        """Return how an answer breaks the contract, or None if it keeps it."""
        response = self.responses.get(status)
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
        where = ".".join(map(str, error.instance_path)) or "the answer"
        return f"{self.operation_id}: {status}: {where}: {error.message}"


class Contract:
    """The operations of a contract file, and the file itself."""

    def __init__(self, path: Path) -> None:
        """Compile the file.

        Raises:
            InvalidContract: it is not an OpenAPI 3.1 file that the sandbox can use.
        """
        self.path = path
        self.text = _read(path)
        try:
            self.document: dict[str, Any] = yaml.load(self.text, Loader=PlainLoader)  # noqa: S506 - a safe loader
            self._document = Document(self.document)
            self.title: str = self.document["info"]["title"]
            self.version: str = str(self.document["info"]["version"])
            self.operations = tuple(self._compile())
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or "not a YAML file"
            raise InvalidContract(f"{path}{line}: {problem}") from error
        except _UNUSABLE as error:
            message = f"{path}: not a usable OpenAPI 3.1 file: {_reason(error)}"
            raise InvalidContract(message) from error
        self.by_id = {operation.operation_id: operation for operation in self.operations}
        if len(self.by_id) < len(self.operations):
            twice = Counter(operation.operation_id for operation in self.operations)
            name = twice.most_common(1)[0][0]
            raise InvalidContract(f"{path}: the operationId {name!r} stands there twice")

    def _compile(self) -> Iterator[Operation]:
        for path, entry in self.document["paths"].items():
            item = self._document.resolve(entry)
            for method in METHODS:
                if method in item:
                    shared = item.get("parameters", [])
                    try:
                        yield self._operation(path, method, item[method], shared)
                    except _UNUSABLE as error:
                        message = f"{self.path}: {method.upper()} {path}: {_reason(error)}"
                        raise InvalidContract(message) from error

    def _operation(
        self, path: str, method: str, node: dict[str, Any], shared: list[Any]
    ) -> Operation:
        _require_path(path)
        found = [self._document.resolve(entry) for entry in [*shared, *node.get("parameters", [])]]
        # What an operation says of a parameter counts more than what its path says.
        distinct = {(entry["name"], entry["in"]): entry for entry in found}
        parameters = tuple(
            parameter for entry in distinct.values() if (parameter := self._parameter(entry))
        )
        for parameter in parameters:
            if parameter.location == "path" and f"{{{parameter.name}}}" not in path:
                raise ValueError(f"the path has no place for its parameter {parameter.name!r}")
        body = self._document.resolve(node.get("requestBody", {}))
        return Operation(
            operation_id=node.get("operationId", f"{method} {path}"),
            method=method.upper(),
            path=path,
            permission=_text(node, "x-permission"),
            secured=bool(node.get("security", self.document.get("security"))),
            parameters=parameters,
            form=self._form(body),
            json_body=self._json_body(body),
            responses=self._responses(node["responses"]),
            defaults={
                parameter.name: parameter.schema["default"]
                for parameter in parameters
                if "default" in parameter.schema
            },
        )

    def _parameter(self, node: dict[str, Any]) -> Parameter | None:
        if node["in"] not in {"path", "query"}:
            return None
        schema = self._document.resolve(node.get("schema", {}))
        return Parameter(
            name=node["name"],
            location=node["in"],
            required=node.get("required", False),
            schema=schema,
            validator=self._document.validator(schema),
            expected=expected(schema),
        )

    def _form(self, body: dict[str, Any]) -> Form | None:
        media = body.get("content", {}).get(MULTIPART)
        if media is None:
            return None
        schema = self._document.resolve(media["schema"])
        properties = {
            name: self._document.resolve(node) for name, node in schema["properties"].items()
        }
        fields = {name: _form_field(name, node) for name, node in properties.items()}
        # A file is not read as text: its content is the domain's to judge.
        checked = {name: {} if fields[name].is_file else properties[name] for name in fields}
        return Form(
            fields=fields,
            defaults={
                name: node["default"] for name, node in properties.items() if "default" in node
            },
            alternatives=tuple(
                name for choice in schema.get("oneOf", []) for name in choice.get("required", [])
            ),
            validator=self._document.validator({**schema, "properties": checked}),
        )

    def _json_body(self, body: dict[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
        media = body.get("content", {}).get(JSON, {})
        return self._document.validator(media["schema"]) if "schema" in media else None

    def _responses(self, node: dict[str | int, Any]) -> dict[int, DocumentedResponse]:
        exact = {int(status): status for status in node if str(status).isdigit()}
        for status in node:
            if status not in exact.values():
                first = _first_of(str(status))
                if first is not None and not any(known // 100 == first // 100 for known in exact):
                    exact[first] = status
        return {
            number: self._response(self._document.resolve(node[status]))
            for number, status in exact.items()
        }

    def _response(self, node: dict[str, Any]) -> DocumentedResponse:
        content = node.get("content", {})
        validators = {
            media_type: self._document.validator(media["schema"]) if "schema" in media else None
            for media_type, media in content.items()
        }
        examples: dict[str, Example] = {}
        for media_type, media in content.items():
            if "example" in media:
                examples["default"] = Example(media_type, media["example"])
            for name, example in media.get("examples", {}).items():
                value = self._document.resolve(example).get("value")
                examples[name] = Example(media_type, value)
        for name, (media_type, value) in examples.items():
            _require_valid(name, value, validators[media_type])
        return DocumentedResponse(validators, examples)


def _text(node: dict[str, Any], key: str) -> str | None:
    value = node.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} is text")
    return value


def _require_path(path: str) -> None:
    names = re.findall(r"{([^}]*)}", path)
    if not path.startswith("/"):
        raise ValueError("a path begins with a slash")
    if len(set(names)) < len(names):
        raise ValueError("a parameter stands twice in the path")


def _require_valid(
    name: str, value: Any, validator: jsonschema_rs.Draft202012Validator | None
) -> None:
    if validator is not None and not validator.is_valid(value):
        error = next(iter(validator.iter_errors(value)))
        where = "".join(f".{step}" for step in error.instance_path)
        raise ValueError(
            f"the example {name!r} breaks its own schema: {name}{where}: {error.message}"
        )


def _first_of(status: str) -> int | None:
    """Return the first status of a range: 200 for ``2XX`` and for ``default``; None for others."""
    if status == "default":
        return 200
    number = status.upper().replace("X", "0")
    return int(number) if number.isdigit() else None


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        named = str(error.args[0])
        return f"the reference {named!r} leads nowhere" if "/" in named else f"lacks {named!r}"
    return str(error).partition("\n")[0]


def _form_field(name: str, schema: Schema) -> FormField:
    is_file = "contentMediaType" in schema or schema.get("format") == "binary"
    return FormField(
        name=name,
        is_file=is_file,
        expected=expected(schema),
        max_bytes=schema.get("x-max-bytes"),
        values=tuple(map(str, schema.get("enum", ()))),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidContract(f"{path}: cannot be read: {error}") from error


def path_name(name: str) -> str:
    """Return the name of a path parameter as an identifier."""
    return name if name.isidentifier() else "p_" + name.encode().hex()


def _query(query: bytes) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, []).append(value)
    return given


def _plain(raw: str, type_: str) -> Any:
    if type_ == "integer":
        if not _INTEGER.fullmatch(raw):
            raise ValueError(raw)
        return int(raw)
    if type_ == "number":
        if not _NUMBER.fullmatch(raw):
            raise ValueError(raw)
        return float(raw)
    if type_ == "boolean":
        if raw not in _BOOLEANS:
            raise ValueError(raw)
        return _BOOLEANS[raw]
    return raw
