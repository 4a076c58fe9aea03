"""Schemas as people read them: type, limits, and the source of each, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from qlara_sandbox.web.pages.provenance import Source, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qlara_sandbox.http.schemas import Document, Schema

_REFERENCE = "#/components/schemas/"


class TypeLabel(NamedTuple):
    """The type of a value in words; ``anchor`` is where a named schema is described."""

    prefix: str
    name: str
    anchor: str | None = None


class LimitPhrase(NamedTuple):
    """A limit in words, the values that end the phrase, and the assumptions behind it."""

    words: str
    values: tuple[str, ...]
    assumptions: list[Source]


class FieldRow(NamedTuple):
    """One parameter, form field or property; ``place`` is where a parameter goes."""

    name: str
    place: str
    type: TypeLabel
    required: bool
    limits: list[LimitPhrase]
    description: str
    sources: list[Source]


class SchemaSection(NamedTuple):
    """A named schema; ``type`` is None where properties say more."""

    name: str
    anchor: str
    description: str
    sources: list[Source]
    type: TypeLabel | None
    limits: list[LimitPhrase]
    properties: list[FieldRow]


def _number(value: Any) -> str:
    # Grouped in thin spaces as UC-020's unit is: 10 485 760.
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _count(value: Any, one: str, many: str) -> str:
    return f"{_number(value)} {one if value == 1 else many}"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


# Every limit that a reader can run into, in words, and the values that are shown as code.
_LIMITS: Mapping[str, Callable[[Any], tuple[str, tuple[str, ...]]]] = {
    "const": lambda value: ("always ", (_json(value),)),
    "enum": lambda value: ("one of ", tuple(map(str, value))),
    "default": lambda value: ("default ", (_json(value),)),
    "minimum": lambda value: (f"at least {_number(value)}", ()),
    "maximum": lambda value: (f"at most {_number(value)}", ()),
    "minLength": lambda value: (f"at least {_count(value, 'character', 'characters')}", ()),
    "maxLength": lambda value: (f"at most {_count(value, 'character', 'characters')}", ()),
    "minItems": lambda value: (f"at least {_count(value, 'item', 'items')}", ()),
    "maxItems": lambda value: (f"at most {_count(value, 'item', 'items')}", ()),
    "minProperties": lambda value: (f"at least {_count(value, 'property', 'properties')}", ()),
    "maxProperties": lambda value: (f"at most {_count(value, 'property', 'properties')}", ()),
    "x-qlara-max-bytes": lambda value: (f"at most {_number(value)} bytes", ()),
    "pattern": lambda value: ("matches ", (str(value),)),
}


def anchor(name: str) -> str:
    """Return the id of a schema's section."""
    return f"schema-{name}"


def type_label(schema: Schema) -> TypeLabel:
    """Return the type of a value, with the place where it is described if it has a name."""
    reference = str(schema.get("$ref", ""))
    if reference.startswith(_REFERENCE):
        name = reference.removeprefix(_REFERENCE)
        return TypeLabel("", name, anchor(name))
    if "items" in schema:
        item = type_label(schema["items"])
        return item._replace(prefix=f"array of {item.prefix}")
    if schema.get("contentMediaType") or schema.get("format") == "binary":
        return TypeLabel("", "file")
    named = schema.get("type", "any")
    shown = " or ".join(map(str, named)) if isinstance(named, list) else str(named)
    form = schema.get("format")
    return TypeLabel("", f"{shown} ({form})" if form else shown)


def limits(schema: Schema) -> list[LimitPhrase]:
    """Return the limits of a value, each with its assumption if it is one."""
    return [_limit(schema, name) for name in _LIMITS if name in schema]


def _limit(schema: Schema, name: str) -> LimitPhrase:
    words, values = _LIMITS[name](schema[name])
    assumed = [source for source in source_of(schema, name) if source.assumed]
    return LimitPhrase(words, values, assumed)


def field_row(
    document: Document, name: str, node: Schema, *, schema: Schema, required: bool, place: str = ""
) -> FieldRow:
    """Return one parameter, field or property.

    *node* carries description and source, *schema* type and limits; they may be the same.
    """
    whole = document.resolve(schema)
    return FieldRow(
        name=name,
        place=place,
        type=type_label(schema),
        required=required,
        limits=limits(whole),
        description=node.get("description") or whole.get("description", ""),
        sources=source_of(node) or source_of(whole),
    )


def properties(document: Document, schema: Schema, prefix: str = "") -> Iterator[FieldRow]:
    """Yield the properties of an object, those of inline objects under dotted names."""
    for name, node in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield field_row(document, prefix + name, node, schema=node, required=required)
        if "$ref" not in node:  # a named schema has a section of its own
            yield from properties(document, node, f"{prefix}{name}.")
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        yield field_row(document, f"{prefix}*", extra, schema=extra, required=False)


def schema_sections(document: Document) -> list[SchemaSection]:
    """Return the named schemas of the contract, in the order of the file."""
    named = document.root.get("components", {}).get("schemas", {})
    return [_schema_section(document, name, schema) for name, schema in named.items()]


def _schema_section(document: Document, name: str, schema: Schema) -> SchemaSection:
    whole = document.resolve(schema)
    return SchemaSection(
        name=name,
        anchor=anchor(name),
        description=whole.get("description", ""),
        sources=source_of(whole),
        type=None if "properties" in whole else type_label(whole),
        limits=limits(whole),
        properties=list(properties(document, whole)),
    )
