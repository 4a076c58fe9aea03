"""The operations of a contract as parts: what they are called with, and what they respond."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.parts import (
    CREDENTIALS,
    MEDIA_TYPE,
    NAME,
    REQUEST_LINE,
    REQUIRED,
    ContractPart,
    Inner,
    PartOrigin,
    Sender,
    extension,
)
from qlara_contract.changes.schema_parts import SchemaReader
from qlara_contract.targets import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_JSON = "application/json"
_FORM = "multipart/form-data"
# OpenAPI: a header parameter of one of these names is ignored.
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_VARIABLE = re.compile(r"\{([^{}]*)\}")


def without_names(path: str) -> str:
    """Return a path, or what has one, without the names of its parameters, which are on no wire."""
    return _VARIABLE.sub("{}", path)


@dataclass(frozen=True)
class DescribedOperation:
    """One operation, its path item, and how it is called."""

    method: str
    path: str
    item: Mapping[str, Any]
    node: Mapping[str, Any]

    @property
    def request_line(self) -> str:
        """Its method and path."""
        return f"{self.method.upper()} {self.path}"

    @property
    def operation_id(self) -> str | None:
        """Its id, if it has one."""
        return self.node.get("operationId")

    @property
    def name(self) -> str:
        """What it is called: by its id, or else by its method and path."""
        return self.operation_id or f"{self.method} {self.path}"


class ContractReader:
    """Reads an OpenAPI document: one that is a single file, and has what OpenAPI demands.

    Whatever it reads may raise KeyError: a reference leads nowhere.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._references = Document(document)
        self._schemas = SchemaReader(self._references)

    def operations(self) -> Iterator[DescribedOperation]:
        """Yield every operation."""
        for path, entry in self._document["paths"].items():
            if not path.startswith("x-"):
                item = self._references.resolve(entry)
                for method in _METHODS:
                    if method in item:
                        yield DescribedOperation(method, path, item, item[method])

    def conventions(self) -> Iterator[tuple[str, ContractPart]]:
        """Yield what a deployment decides, by name."""
        said = extension(self._document, "conventions") or {}
        sources = extension(said, "source") or {}
        for name, value in said.items():
            if not name.startswith("x-"):
                about = PartOrigin(Sender.NOBODY, str(sources.get(name, "")))
                yield name, about.part({"value": value})

    def servers(self) -> Iterator[tuple[str, ContractPart]]:
        """Yield the servers, by their URL."""
        for server in self._document.get("servers") or []:
            yield str(server.get("url", "")), PartOrigin(Sender.NOBODY, "").part({})

    def operation(self, operation: DescribedOperation) -> ContractPart:
        """Return what is said of an operation."""
        node = operation.node
        about = PartOrigin(Sender.CLIENT, "").of(node)
        security = node.get("security", self._document.get("security")) or []
        is_secured = bool(security) and {} not in security
        says = {
            REQUEST_LINE: operation.request_line,
            NAME: operation.operation_id,
            "needs a key": is_secured,
            CREDENTIALS: self._credentials(security) if is_secured else None,
            "permission": extension(node, "permission"),
        }
        inner = {
            **dict(self._rules(node)),
            **dict(self._parameters(operation, about)),
            **dict(self._bodies(node, about)),
            **dict(self._responses(node, about)),
        }
        return about.part(says, inner)

    def _credentials(self, security: list[Mapping[str, Any]]) -> frozenset[str]:
        """Return each way to say who one is, in words."""
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        return frozenset(
            " and ".join(
                sorted(
                    _credential(self._references.resolve(schemes.get(name, {"type": name})), scopes)
                    for name, scopes in way.items()
                )
            )
            for way in security
        )

    def _rules(self, node: Mapping[str, Any]) -> Iterator[tuple[str, Inner]]:
        for rule in extension(node, "rules") or []:
            text = str(rule.get("rule", ""))
            about = PartOrigin(Sender.NOBODY, "").of(rule)
            yield f"rule {text}", Inner(("rule", text), partial(about.part, {}))

    def _parameters(
        self, operation: DescribedOperation, about: PartOrigin
    ) -> Iterator[tuple[str, Inner]]:
        entries = [*operation.item.get("parameters", []), *operation.node.get("parameters", [])]
        for node in map(self._references.resolve, entries):
            name, place = node["name"], node["in"]
            known = name
            if place == "header":
                known = name.lower()
                if known in _NO_PARAMETERS:
                    continue
            variables = _VARIABLE.findall(operation.path)
            if place == "path" and name in variables:
                known = str(variables.index(name))
            read = partial(self._parameter, node, about.of(node))
            yield f"{place} {known}", Inner((f"{place} {name}",), read)

    def _parameter(self, node: Mapping[str, Any], about: PartOrigin) -> ContractPart:
        content: Mapping[str, Any] = node.get("content") or {}
        media_type = next(iter(content), None)
        schema = node.get("schema", content[media_type].get("schema", {}) if media_type else {})
        part = self._schemas.part(schema, about)
        says: dict[str, Any] = {
            REQUIRED: bool(node.get("required")) or node["in"] == "path",
            MEDIA_TYPE: media_type,
        }
        if (part.value("type") or frozenset()) & {"array", "object"}:
            style = node.get("style", "form" if node["in"] in {"query", "cookie"} else "simple")
            is_exploded = node.get("explode", style == "form")
            says["style"] = f"{style}, {'exploded' if is_exploded else 'not exploded'}"
        return part.but(says)

    def _bodies(self, node: Mapping[str, Any], about: PartOrigin) -> Iterator[tuple[str, Inner]]:
        body = self._references.resolve(node.get("requestBody") or {})
        for media_type, media in (body.get("content") or {}).items():
            bare = _bare(media_type)
            step = "form" if bare == _FORM else bare
            is_required = bool(body.get("required"))
            yield f"body {bare}", Inner((step,), partial(self._body, media, about, is_required))

    def _body(self, media: Mapping[str, Any], about: PartOrigin, is_required: bool) -> ContractPart:
        part = self._schemas.part(media.get("schema", {}), about, media.get("encoding"))
        return part.but({REQUIRED: is_required})

    def _responses(self, node: Mapping[str, Any], about: PartOrigin) -> Iterator[tuple[str, Inner]]:
        for status, entry in (node.get("responses") or {}).items():
            if not status.startswith("x-"):
                response = self._references.resolve(entry)
                read = partial(self._response, response, about.of(response, Sender.DEPLOYMENT))
                yield f"status {status.upper()}", Inner((status,), read)

    def _response(self, node: Mapping[str, Any], about: PartOrigin) -> ContractPart:
        inner = {}
        for name, entry in (node.get("headers") or {}).items():
            header = self._references.resolve(entry)
            read = partial(self._header, header, about.of(header))
            inner[f"header {name.lower()}"] = Inner((f"header {name}",), read)
        for media_type, media in (node.get("content") or {}).items():
            bare = _bare(media_type)
            steps = () if bare == _JSON else (bare,)
            read = partial(self._schemas.part, media.get("schema", {}), about)
            inner[f"body {bare}"] = Inner(steps, read, exists=(MEDIA_TYPE, bare))
        return about.part({}, inner)

    def _header(self, node: Mapping[str, Any], about: PartOrigin) -> ContractPart:
        part = self._schemas.part(node.get("schema", {}), about)
        return part.but({REQUIRED: bool(node.get("required"))})


def _credential(scheme: Mapping[str, Any], scopes: list[str]) -> str:
    name = str(scheme.get("name", ""))
    named = name.lower() if scheme.get("in") == "header" else name
    said = (scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in"), named)
    words = " ".join(str(each) for each in said if each)
    return f"{words} ({', '.join(sorted(map(str, scopes)))})" if scopes else words


def _bare(media_type: str) -> str:
    """Return a media type without its parameters, such as a charset."""
    return media_type.partition(";")[0].strip().lower()
