"""Schemas as people read them: type, limits, and the source of each, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.web.pages.markup import Html, inline, join, prose, table, tag
from qlara_sandbox.web.pages.provenance import Source, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from qlara_sandbox.http.schemas import Document, Schema

_REFERENCE = "#/components/schemas/"


def _number(value: Any) -> str:
    # Grouped in thin spaces as UC-020's unit is: 10 485 760.
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _count(value: Any, one: str, many: str) -> str:
    return f"{_number(value)} {one if value == 1 else many}"


def _json(value: Any) -> Html:
    return tag("code", orjson.dumps(value).decode())


def _choice(values: Iterable[Any]) -> Html:
    return join(
        piece
        for index, value in enumerate(values)
        for piece in ((", " if index else ""), tag("code", str(value)))
    )


# Every limit that a reader can run into, and how it is put.
LIMITS: Mapping[str, Callable[[Any], str]] = {
    "const": lambda value: join(["always ", _json(value)]),
    "enum": lambda value: join(["one of ", _choice(value)]),
    "default": lambda value: join(["default ", _json(value)]),
    "minimum": lambda value: f"at least {_number(value)}",
    "maximum": lambda value: f"at most {_number(value)}",
    "minLength": lambda value: "at least " + _count(value, "character", "characters"),
    "maxLength": lambda value: "at most " + _count(value, "character", "characters"),
    "minItems": lambda value: "at least " + _count(value, "item", "items"),
    "maxItems": lambda value: "at most " + _count(value, "item", "items"),
    "minProperties": lambda value: "at least " + _count(value, "property", "properties"),
    "maxProperties": lambda value: "at most " + _count(value, "property", "properties"),
    "x-max-bytes": lambda value: f"at most {_number(value)} bytes",
    "pattern": lambda value: join(["matches ", tag("code", str(value))]),
}


def anchor(name: str) -> str:
    """Return the id of a schema's section."""
    return f"schema-{name}"


def source_notes(found: Iterable[Source]) -> Html:
    """Return origins as notes: headings of UC-020 quietly, assumptions plainly as such."""
    return join(_note(source) for source in found)


def _note(source: Source) -> Html:
    if source.assumed:
        badge = tag("b", "Assumption")
        return tag("p", badge, " ", inline(source.text), class_="source assumption")
    return tag("p", inline(source.text), class_="source")


def kind(document: Document, schema: Schema) -> Html:
    """Return the type of a value, with a link where it has a name."""
    reference = str(schema.get("$ref", ""))
    if reference.startswith(_REFERENCE):
        name = reference.removeprefix(_REFERENCE)
        return tag("a", name, href=f"#{anchor(name)}")
    if "items" in schema:
        return join(["array of ", kind(document, schema["items"])])
    if schema.get("contentMediaType"):
        return Html("file")
    named = schema.get("type", "any")
    shown = " or ".join(map(str, named)) if isinstance(named, list) else str(named)
    form = schema.get("format")
    return tag("span", f"{shown} ({form})" if form else shown)


def limits(schema: Schema) -> Html:
    """Return the limits of a value, each with its assumption if it is one."""
    facts = [_limit(schema, name) for name in LIMITS if name in schema]
    return tag("ul", *facts, class_="limits") if facts else Html("")


def _limit(schema: Schema, name: str) -> Html:
    assumed = [source for source in source_of(schema, name) if source.assumed]
    return tag("li", LIMITS[name](schema[name]), source_notes(assumed))


def row(
    document: Document, name: str, node: Schema, *, schema: Schema, required: bool, place: str = ""
) -> list[str]:
    """Return a row for one parameter, field or property.

    *node* carries description and source, *schema* type and limits; they may be the same.
    """
    whole = document.resolve(schema)
    needed = tag("span", "required", class_="needed") if required else Html("optional")
    described = node.get("description") or whole.get("description", "")
    origin = source_of(node) or source_of(whole)
    label = join([tag("code", name), tag("span", place, class_="place") if place else ""])
    about = join([prose(described) if described else "", source_notes(origin)])
    named = tag("p", kind(document, schema), " · ", needed, class_="kind")
    return [label, join([named, limits(whole)]), about]


def properties(document: Document, schema: Schema, *, label: str) -> Html:
    """Return the table of an object's properties, those of inline objects under dotted names."""
    rows = list(_property_rows(document, schema, ""))
    heads = ("Name", "Type and limits", "Meaning and source")
    return table(heads, rows, label=label) if rows else Html("")


def _property_rows(document: Document, schema: Schema, prefix: str) -> Iterator[list[str]]:
    for name, node in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield row(document, prefix + name, node, schema=node, required=required)
        if "$ref" not in node:  # what has a name has a table of its own
            yield from _property_rows(document, node, f"{prefix}{name}.")
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        yield row(document, f"{prefix}*", extra, schema=extra, required=False)


def schema_section(document: Document, name: str, schema: Schema) -> Html:
    """Return the section of one named schema."""
    whole = document.resolve(schema)
    described = whole.get("description")
    return tag(
        "section",
        tag("h3", tag("a", name, href=f"#{anchor(name)}", class_="self")),
        prose(described) if described else "",
        source_notes(source_of(whole)),
        "" if "properties" in whole else tag("p", kind(document, whole), class_="kind"),
        limits(whole),
        properties(document, whole, label=f"Properties of {name}"),
        id=anchor(name),
        class_="schema",
    )
