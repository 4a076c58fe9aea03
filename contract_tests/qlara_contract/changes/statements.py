"""A contract as flat statements: each says one thing of one place, and who sends what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_contract.changes.schemas import (
    LOWER_BOUNDS,
    UPPER_BOUNDS,
    combinations_of,
    folded,
    other_keywords,
)
from qlara_contract.targets import Document, always_required, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Place = tuple[str, ...]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Keywords that are compared each by itself; how is for `qlara_contract.changes.comparison`.
_KEYWORDS = (
    *sorted(LOWER_BOUNDS),
    *sorted(UPPER_BOUNDS),
    *("max-bytes", "pattern", "format", "default", "multipleOf", "uniqueItems"),
)
EXISTS = "exists"
CHOICE = "exactly one of"
CREDENTIALS = "credentials"


class Sender(StrEnum):
    """Who sends what a statement is about."""

    CLIENT = "client"
    DEPLOYMENT = "deployment"
    NOBODY = "nobody"  # it is about what a deployment does


class StatementKey(NamedTuple):
    """What a statement is about: a place, and what of it."""

    place: Place
    aspect: str


@dataclass(frozen=True)
class Statement:
    """What the contract says: the value of an aspect, and where the contract has it from."""

    value: Any
    sender: Sender
    source: str


def statements(document: Mapping[str, Any]) -> dict[StatementKey, Statement]:
    """Return all that an OpenAPI document states of operations, their requests and responses, and conventions.

    The document is one that the sandbox can serve.
    """
    return dict(_StatementReader(document).all())


class _StatementReader:
    """Walks through a document; references are followed, but for those that lead into themselves."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._references = Document(document)

    def all(self) -> Iterator[tuple[StatementKey, Statement]]:
        for path, entry in self._document["paths"].items():
            item = self._references.expanded(entry)
            for method in _METHODS:
                if method in item:
                    yield from self._operation(path, method, item)
        said = _extension(self._document, "conventions") or {}
        sources = _extension(said, "source") or {}
        for name, value in said.items():
            if not name.startswith("x-"):
                statement = Statement(value, Sender.NOBODY, str(sources.get(name, "")))
                yield StatementKey(("convention", name), "value"), statement

    def _operation(
        self, path: str, method: str, item: Mapping[str, Any]
    ) -> Iterator[tuple[StatementKey, Statement]]:
        node = item[method]
        name = node.get("operationId", f"{method} {path}")
        said = _Saying((name,), Sender.CLIENT, _source_of(node))
        yield said.that(EXISTS, True)
        yield said.that("request line", f"{method.upper()} {path}")
        security = node.get("security", self._document.get("security")) or []
        is_secured = bool(security) and {} not in security
        yield said.that("needs a key", is_secured)
        yield said.that(CREDENTIALS, self._credentials(security) if is_secured else None)
        yield said.that("permission", _extension(node, "permission"))
        for rule in _extension(node, "rules") or []:
            text = str(rule.get("rule", ""))
            about = _Saying((name, "rule", text), Sender.NOBODY, _source_of(rule))
            yield about.that(EXISTS, True)
        for parameter in {
            (each["name"], each["in"]): each
            for each in [*item.get("parameters", []), *node.get("parameters", [])]
        }.values():
            yield from _parameter(said, parameter)
        yield from _body(said, node.get("requestBody", {}))
        for status, response in node.get("responses", {}).items():
            yield from _response(said, str(status), response)

    def _credentials(self, security: list[Mapping[str, Any]]) -> frozenset[str]:
        """Return each way to say who one is, in words."""
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        return frozenset(
            " and ".join(
                sorted(_credential(self._references.resolve(schemes.get(name, {}))) for name in way)
            )
            for way in security
        )


def _credential(scheme: Mapping[str, Any]) -> str:
    name = str(scheme.get("name", ""))
    named = name.lower() if scheme.get("in") == "header" else name
    said = (scheme.get("type"), scheme.get("scheme"), scheme.get("in"), named)
    return " ".join(str(each) for each in said if each)


@dataclass(frozen=True)
class _Saying:
    """Makes statements about one place."""

    place: Place
    sender: Sender
    source: str

    def that(self, aspect: str, value: Any, source: str = "") -> tuple[StatementKey, Statement]:
        return StatementKey(self.place, aspect), Statement(
            value, self.sender, source or self.source
        )

    def of(self, step: str, node: Any = None, sender: Sender | None = None) -> _Saying:
        source = (_source_of(node) if isinstance(node, dict) else "") or self.source
        return _Saying((*self.place, step), sender or self.sender, source)


def _parameter(said: _Saying, node: Mapping[str, Any]) -> Iterator[tuple[StatementKey, Statement]]:
    about = said.of(f"{node['in']} {node['name']}", node)
    yield about.that(EXISTS, True)
    yield about.that("required", bool(node.get("required")))
    content: Mapping[str, Any] = node.get("content", {})
    media_type = next(iter(content), None)
    yield about.that("media type", media_type)
    in_content = content[media_type].get("schema", {}) if media_type else {}
    schema = node.get("schema", in_content)
    if isinstance(schema, dict) and (_types(schema) or frozenset()) & {"array", "object"}:
        style = node.get("style", "form" if node["in"] in {"query", "cookie"} else "simple")
        is_exploded = node.get("explode", style == "form")
        yield about.that("style", f"{style}, {'exploded' if is_exploded else 'not exploded'}")
    yield from _schema(about, schema)


def _body(said: _Saying, node: Mapping[str, Any]) -> Iterator[tuple[StatementKey, Statement]]:
    for media_type, media in node.get("content", {}).items():
        bare = _bare(media_type)
        about = said.of("form" if bare == "multipart/form-data" else bare)
        yield about.that(EXISTS, True)
        yield about.that("required", bool(node.get("required")))
        yield from _schema(about, media.get("schema", {}))


def _response(
    said: _Saying, status: str, node: Mapping[str, Any]
) -> Iterator[tuple[StatementKey, Statement]]:
    about = said.of(status, node, Sender.DEPLOYMENT)
    yield about.that(EXISTS, True)
    for name, header in node.get("headers", {}).items():
        of_header = about.of(f"header {name}", header)
        yield of_header.that(EXISTS, True)
        yield of_header.that("required", bool(header.get("required")))
        yield from _schema(of_header, header.get("schema", {}))
    for media_type, media in node.get("content", {}).items():
        bare = _bare(media_type)
        of_media = about if bare == "application/json" else about.of(bare)
        yield of_media.that("media type", bare)
        yield from _schema(of_media, media.get("schema", {}))


def _bare(media_type: str) -> str:
    """Return a media type without its parameters, such as a charset."""
    return media_type.partition(";")[0].strip().lower()


def _schema(said: _Saying, node: Any) -> Iterator[tuple[StatementKey, Statement]]:
    if isinstance(node, bool):
        yield said.that("values", None if node else frozenset())
        return
    if not isinstance(node, dict) or "$ref" in node:  # a reference that leads into itself
        return
    node = folded(node)
    is_file = node.get("format") == "binary" or "contentMediaType" in node
    yield said.that("type", frozenset(["file"]) if is_file else _types(node))
    yield said.that("values", _values(node))
    for keyword in _KEYWORDS:
        value = None if is_file and keyword == "format" else node.get(keyword)
        if keyword == "max-bytes":
            value = _extension(node, keyword)
        yield said.that(keyword, value, _source_of(node, keyword))
    for keyword, value in other_keywords(node, is_file=is_file):
        yield said.that(keyword, value)
    yield from _object(said, node)
    if isinstance(node.get("items"), dict | bool):
        yield from _schema(said.of("[]", node["items"]), node["items"])


def _object(said: _Saying, node: dict[str, Any]) -> Iterator[tuple[StatementKey, Statement]]:
    required = always_required(node)
    # A field that may be anything has no rules; one that may be nothing is none.
    free = [name for name, inner in node.get("properties", {}).items() if inner is True]
    properties = {**properties_of(node), **{name: {} for name in free}}
    together = combinations_of(node)
    yield said.that(CHOICE, together if together and together.names else None)
    for name, inner in properties.items():
        about = said.of(name, inner)
        yield about.that(EXISTS, True)
        yield about.that("required", name in required)
        yield from _schema(about, inner)
    others = node.get("additionalProperties", True)
    if properties:
        yield said.that("only these fields", others is False)
    if isinstance(others, dict):
        yield from _schema(said.of("*", others), others)


def _types(node: Mapping[str, Any]) -> frozenset[str] | None:
    types = node.get("type")
    if types is None:
        return None
    found = {types} if isinstance(types, str) else set(types)
    return frozenset(found | ({"integer"} if "number" in found else set()))


def _values(node: Mapping[str, Any]) -> frozenset[str] | None:
    if "const" in node:
        return frozenset([str(node["const"])])
    return frozenset(map(str, node["enum"])) if "enum" in node else None


def _source_of(node: Mapping[str, Any], part: str = "field") -> str:
    source = _extension(node, "source") or ""
    if isinstance(source, dict):
        source = source.get(part) or source.get(f"x-qlara-{part}", "")
    return str(source)


def _extension(node: Mapping[str, Any], name: str) -> Any:
    """Return an extension of the contract; its first versions wrote them without the name of the API."""
    return node.get(f"x-qlara-{name}", node.get(f"x-{name}"))
