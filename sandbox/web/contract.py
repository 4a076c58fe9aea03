"""``openapi.yaml``, compiled once: operations, their request checks and their answer checks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import yaml

from sandbox.domain.errors import InvalidFields
from sandbox.scenario.yaml_file import PlainLoader
from sandbox.web.schemas import Document, Schema, expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import jsonschema_rs

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MULTIPART = "multipart/form-data"
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
    max_length: int | None


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


@dataclass(frozen=True, slots=True)
class Response:
    """What an operation may answer with one status."""

    validators: Mapping[str, jsonschema_rs.Draft202012Validator | None]
    examples: Mapping[str, Any]


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
    responses: Mapping[int, Response]
    _defaults: dict[str, Any] = field(default_factory=dict)

    def read_parameters(self, path: Mapping[str, str], query: bytes) -> dict[str, Any]:
        """Return every parameter's value, defaults filled in.

        Raises:
            InvalidFields: every parameter at fault with what was expected.
        """
        values = dict(self._defaults)
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

    def violation(self, status: int, media_type: str, content: Any) -> str | None:
        """Return how an answer breaks the contract, or None if it keeps it."""
        response = self.responses.get(status)
        if response is None:
            return f"{self.operation_id}: status {status} is not in the contract"
        if media_type not in response.validators:
            return f"{self.operation_id}: {status} as {media_type} is not in the contract"
        validator = response.validators[media_type]
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
            raise InvalidContract(f"{path}: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidContract(f"{path}: not a usable OpenAPI 3.1 file: {error!r}") from error
        except ValueError as error:
            raise InvalidContract(f"{path}: {error}") from error
        self.by_id = {operation.operation_id: operation for operation in self.operations}

    def _compile(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    shared = item.get("parameters", [])
                    yield self._operation(path, method, item[method], shared)

    def _operation(
        self, path: str, method: str, node: dict[str, Any], shared: list[Any]
    ) -> Operation:
        parameters = tuple(
            parameter
            for entry in [*shared, *node.get("parameters", [])]
            if (parameter := self._parameter(self._document.resolve(entry)))
        )
        form = self._form(self._document.resolve(node.get("requestBody", {})))
        return Operation(
            operation_id=node.get("operationId", f"{method} {path}"),
            method=method.upper(),
            path=path,
            permission=node.get("x-permission"),
            secured=bool(node.get("security", self.document.get("security"))),
            parameters=parameters,
            form=form,
            responses={
                int(status): self._response(self._document.resolve(response))
                for status, response in node["responses"].items()
                if str(status).isdigit()
            },
            _defaults={
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

    def _response(self, node: dict[str, Any]) -> Response:
        content = node.get("content", {})
        validators = {
            media_type: self._document.validator(media["schema"]) if "schema" in media else None
            for media_type, media in content.items()
        }
        examples: dict[str, Any] = {}
        for media in content.values():
            if "example" in media:
                examples["default"] = media["example"]
            for name, example in media.get("examples", {}).items():
                examples[name] = self._document.resolve(example).get("value")
        return Response(validators, examples)


def _form_field(name: str, schema: Schema) -> FormField:
    is_file = "contentMediaType" in schema or schema.get("format") == "binary"
    return FormField(
        name=name,
        is_file=is_file,
        expected=expected(schema),
        max_bytes=schema.get("x-max-bytes"),
        max_length=schema.get("maxLength"),
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
