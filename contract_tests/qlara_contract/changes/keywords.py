"""The keywords of JSON Schema, by what they say to the comparison."""

from __future__ import annotations

LOWER_BOUNDS = ("minItems", "minLength", "minProperties", "minimum")
UPPER_BOUNDS = ("maxItems", "maxLength", "maxProperties", "maximum")
# Their values are alternatives: one more is wider.
BRANCHES = ("anyOf", "oneOf")
ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "deprecated", "externalDocs", "xml", "$comment"}
)
# Keywords that demand something of values of one type alone.
_OF_NUMBERS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}
)
OF_TYPES = {
    "string": frozenset(
        {"minLength", "maxLength", "pattern", "format"}
        | {"contentEncoding", "contentMediaType", "contentSchema"}
    ),
    "number": _OF_NUMBERS,
    "integer": _OF_NUMBERS,
    "array": frozenset(
        {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"}
        | {"contains", "minContains", "maxContains"}
    ),
    "object": frozenset(
        {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties"}
        | {"required", "minProperties", "maxProperties", "propertyNames"}
        | {"dependentRequired", "dependentSchemas"}
    ),
    "boolean": frozenset(),
    "null": frozenset(),
}
