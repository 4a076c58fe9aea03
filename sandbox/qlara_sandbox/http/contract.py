"""``openapi.yaml``, compiled once: operations, their request checks and their response checks."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from qlara_sandbox import resources
from qlara_sandbox.domain.conventions import USUAL, Conventions, InvalidConvention
from qlara_sandbox.domain.phone import is_region
from qlara_sandbox.http.alternatives import (
    alternatives,
    always_required,
    properties_of,
    with_properties,
)
from qlara_sandbox.http.conventions import conventions_of, differs_of
from qlara_sandbox.http.json_body import JSON, JsonBody
from qlara_sandbox.http.operation import (
    MULTIPART,
    DocumentedResponse,
    Example,
    FormField,
    FormSchema,
    Operation,
    Parameter,
)
from qlara_sandbox.http.overlay import InvalidOverlay, apply_file
from qlara_sandbox.http.schemas import Document, Schema, expected, plain_types, renew_words
from qlara_sandbox.http.yaml_document import UnusableDocument, read_document, require_shape
from qlara_sandbox.scenario.errors import shown
from qlara_sandbox.scenario.plain_yaml import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import jsonschema_rs

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Without x-qlara-max-bytes, a file of an added path has the size that UC-020 allows.
DEFAULT_FILE_BYTES = 10 * 1024 * 1024
MAX_JSON_BYTES = 1024 * 1024
_LONGEST_MESSAGE = 1000
LINE_WIDTH = 110
# What a document that is YAML, but not the OpenAPI that is needed, can fail with.
_UNUSABLE = (KeyError, TypeError, AttributeError, ValueError)


class InvalidContract(Exception):
    """The contract file cannot be used; the message names the file and the place, on one line."""

    def __init__(self, message: str) -> None:
        super().__init__(shown(message, _LONGEST_MESSAGE))


class Contract:
    """The operations of a contract file, and the file itself.

    ``path`` is the file, ``overlay`` that of the overlay over it (None: none). ``text`` is the contract as
    YAML, ``conventions`` what it decides where UC-020 is silent.
    """

    def __init__(
        self,
        path: Path,
        overlay: Path | None = None,
        *,
        strict_query: bool = False,
        shipped: Path = resources.SPEC,
    ) -> None:
        """Compile the file; with *strict_query*, requests may have no query parameters beside it.

        *shipped* is the file that this one may be an edit of: what a schema of it says in words
        (``x-qlara-expected``) is kept only as far as it demands the same. A JSON body of a request has at most the ``x-qlara-max-bytes`` of its media type, 1 MB without.

        Raises:
            InvalidContract: it is not an OpenAPI 3.1 file that the sandbox can use, or the overlay cannot
                be applied to it.
        """
        self.path = path
        self.overlay = overlay
        self._strict_query = strict_query
        self.text = _read(path)
        with self._explaining():
            self.document = read_document(self.text)
            if overlay is not None:
                self._apply(overlay)
            self.conventions = _conventions(self.document)
            self.differs = differs_of(self.document)
            if path != shipped or overlay is not None:
                renew_words(self.document, read_document(_read(shipped)))
            self._document = Document(self.document)
            self.title: str = self.document["info"]["title"]
            self.version: str = str(self.document["info"]["version"])
            self.operations = tuple(self._compile())
        self.by_id = {operation.operation_id: operation for operation in self.operations}
        if len(self.by_id) < len(self.operations):
            twice = Counter(operation.operation_id for operation in self.operations)
            name = twice.most_common(1)[0][0]
            raise InvalidContract(f"{self.name}: Duplicate operationId {name!r}")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn whatever a file can be wrong in into InvalidContract, with the file and the place."""
        try:
            yield
        except yaml.YAMLError as error:
            line, problem = explained(error, self.text)
            place = f":{line}" if line else ""
            raise InvalidContract(f"{self.path}{place}: {problem}") from error
        except InvalidOverlay as error:
            raise InvalidContract(str(error)) from error
        except InvalidConvention as error:
            raise InvalidContract(f"{self.name}: {error}") from error
        except UnusableDocument as error:
            raise InvalidContract(f"{self.name}{error}") from error
        except _UNUSABLE as error:
            message = f"{self.name}: not a usable OpenAPI 3.1 file: {_reason(error)}"
            raise InvalidContract(message) from error

    @property
    def name(self) -> str:
        """The file, and the overlay over it, for messages."""
        return f"{self.path}" if self.overlay is None else f"{self.path} with {self.overlay}"

    @property
    def is_shipped(self) -> bool:
        """Whether this is the contract that ships with the sandbox, as it is."""
        return self.path == resources.SPEC and self.overlay is None

    def _apply(self, overlay: Path) -> None:
        self.document = apply_file(self.document, overlay)
        require_shape(self.document)
        self.text = yaml.safe_dump(
            self.document, allow_unicode=True, sort_keys=False, width=LINE_WIDTH
        )

    def schema_of_contacts(self) -> Schema:
        """Return the schema of one contact in a page of a list.

        Raises:
            InvalidContract: a page of a list has no contacts.
        """
        try:
            node = next(
                item[method]
                for item in self.document["paths"].values()
                for method in METHODS
                if item.get(method, {}).get("operationId") == "listContacts"
            )
            response = self._document.resolve(node["responses"]["200"])
            page = self._document.resolve(response["content"][JSON]["schema"])
            contacts = self._document.resolve(page["properties"]["contacts"])
            schema: Schema = self._document.resolve(contacts["items"])
            if not isinstance(schema, dict):
                raise TypeError("a schema of a contact is an object")
        except (*_UNUSABLE, StopIteration) as error:
            message = f"{self.name}: lacks the contacts in the 200 response of listContacts"
            raise InvalidContract(message) from error
        return schema

    def validator(self, schema: Schema) -> jsonschema_rs.Draft202012Validator:
        """Return a validator of a part of this contract."""
        return self._document.validator(schema)

    def expanded(self, schema: Schema) -> Any:
        """Return a part of this contract with every reference in it followed."""
        return self._document.expanded(schema)

    def _compile(self) -> Iterator[Operation]:
        for path, entry in self.document["paths"].items():
            item = self._document.resolve(entry)
            for method in METHODS:
                if method in item:
                    shared = item.get("parameters", [])
                    try:
                        yield self._operation(path, method, item[method], shared)
                    except _UNUSABLE as error:
                        message = f"{self.name}: {method.upper()} {path}: {_reason(error)}"
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
                raise ValueError(
                    f"no {{{parameter.name}}} in the path for the parameter {parameter.name!r}"
                )
        body = self._document.resolve(node.get("requestBody", {}))
        for parameter in parameters:
            _require_valid_default(
                f"parameter {parameter.name!r}", parameter.schema, self._document
            )
        return Operation(
            operation_id=node.get("operationId", f"{method} {path}"),
            method=method.upper(),
            path=path,
            permission=_text(node, "x-qlara-permission"),
            secured=bool(node.get("security", self.document.get("security"))),
            parameters=parameters,
            form=self._form(body),
            json_body=self._json_body(body),
            responses=self._responses(node["responses"]),
            other_responses=self._other_responses(node["responses"]),
            statuses=tuple(map(str, node["responses"])),
            strict_query=self._strict_query,
            given_twice=self.conventions.given_twice,
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
            above=self._above(schema) if node["name"] == "limit" else None,
            is_ignored=node["name"] == "page" and self.conventions.page_parameter == "ignored",
        )

    def _above(self, limit: Schema) -> int | None:
        """Return what a `limit` above the maximum is read as; ``None`` if it is refused."""
        taken = {"clamped": "maximum", "ignored": "default"}.get(self.conventions.limit_above, "")
        return limit.get(taken)

    def _form(self, body: dict[str, Any]) -> FormSchema | None:
        media = body.get("content", {}).get(MULTIPART)
        if media is None:
            return None
        schema = self._document.expanded(media["schema"])
        properties = properties_of(schema)
        for name, node in properties.items():
            _require_valid_default(f"field {name!r}", node, self._document)
        fields = {name: _form_field(name, node) for name, node in properties.items()}
        sizes = [field.max_bytes for field in fields.values() if field.max_bytes is not None]
        # A file is not read as text: its content is the domain's to judge.
        unchecked: dict[str, Schema] = {name: {} for name in fields if fields[name].is_file}
        return FormSchema(
            fields=fields,
            defaults={
                name: node["default"] for name, node in properties.items() if "default" in node
            },
            required=always_required(schema),
            alternatives=alternatives(schema),
            given_twice=self.conventions.given_twice,
            max_file_bytes=max(sizes, default=DEFAULT_FILE_BYTES),
            validator=self._document.validator(with_properties(schema, unchecked)),
        )

    def _json_body(self, body: dict[str, Any]) -> JsonBody | None:
        media = body.get("content", {}).get(JSON, {})
        if "schema" not in media:
            return None
        schema = self._document.resolve(media["schema"])
        validator = self._document.validator(schema)
        required = body.get("required", False)
        most = _size(media, "the body") or MAX_JSON_BYTES
        whole = frozenset(self._document.whole_arrays(schema))
        return JsonBody(required, schema, validator, self._document, most, whole)

    def _responses(self, node: dict[str, Any]) -> dict[int, DocumentedResponse]:
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

    def _other_responses(self, node: dict[str, Any]) -> dict[str, DocumentedResponse]:
        return {
            str(status): self._response(self._document.resolve(response))
            for status, response in node.items()
            if not str(status).isdigit()
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
        schemas = [media["schema"] for media in content.values() if "schema" in media]
        whole = frozenset(name for each in schemas for name in self._document.whole_arrays(each))
        return DocumentedResponse(validators, examples, whole)


def _conventions(document: dict[str, Any]) -> Conventions:
    conventions = conventions_of(document)
    if conventions.region != USUAL.region and not is_region(conventions.region):
        expected_region = "a country with telephone numbers"
        raise InvalidConvention("region", conventions.region, expected_region)
    return conventions


def _text(node: dict[str, Any], key: str) -> str | None:
    value = node.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} is text")
    return value


def _require_path(path: str) -> None:
    names = re.findall(r"{([^}]*)}", path)
    if not path.startswith("/"):
        raise ValueError("a path must begin with a slash")
    if len(set(names)) < len(names):
        raise ValueError("duplicate parameter in the path")


def _require_valid(
    name: str, value: Any, validator: jsonschema_rs.Draft202012Validator | None
) -> None:
    if validator is not None and not validator.is_valid(value):
        error = next(iter(validator.iter_errors(value)))
        where = "".join(f".{step}" for step in error.instance_path)
        raise ValueError(
            f"the example {name!r} breaks its own schema: {name}{where}: {error.message}"
        )


def _require_valid_default(place: str, schema: Schema, document: Document) -> None:
    if not isinstance(schema, dict):
        raise ValueError(f"the {place}: a schema is an object")  # noqa: TRY004 - told with its place
    if "default" in schema and not document.validator(schema).is_valid(schema["default"]):
        error = next(iter(document.validator(schema).iter_errors(schema["default"])))
        raise ValueError(f"the {place}: its default breaks its own schema: {error.message}")


def _first_of(status: str) -> int | None:
    """Return the first status of a range: 200 for ``2XX`` and for ``default``; None for others."""
    if status == "default":
        return 200
    number = status.upper().replace("X", "0")
    return int(number) if number.isdigit() else None


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        named = str(error.args[0])
        return f"Unresolved $ref {named!r}" if "/" in named else f"lacks {named!r}"
    return str(error).partition("\n")[0]


def _form_field(name: str, schema: Schema) -> FormField:
    is_file = "contentMediaType" in schema or schema.get("format") == "binary"
    return FormField(
        name=name,
        is_file=is_file,
        expected=expected(schema),
        max_bytes=_size(schema, f"the field {name!r}"),
        values=tuple(map(str, schema.get("enum", ()))),
        types=tuple(sorted(plain_types(schema))) or ("string",),
    )


def _size(node: dict[str, Any], place: str) -> int | None:
    size = node.get("x-qlara-max-bytes")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ValueError(f"{place} lacks x-qlara-max-bytes as an integer of at least 1")
    return size


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidContract(f"{path}: cannot be read: {error}") from error
