"""What a scenario file's schema finds wrong, in words, with the likely correction."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

from qlara_sandbox.scenario.plain_yaml import PlainLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Schema = Mapping[str, Any]


class _Dumper(yaml.SafeDumper):
    """Writes scalars so that YAML 1.2 reads them as they were."""

    yaml_implicit_resolvers = PlainLoader.yaml_implicit_resolvers


_LONGEST_VALUE = 60
_BYTES = {"": 1, "b": 1, "kb": 1024, "kib": 1024, "mb": 1024**2, "mib": 1024**2, "gb": 1024**3}
_SIZE = re.compile(r"([0-9][0-9_,' ]*(?:\.[0-9]+)?) *([kmg]?i?b?)", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([a-z]*)", re.IGNORECASE)
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_UNITS = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds", "millisecond"), 1),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1000),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60_000),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600_000),
}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def in_words(schema: Schema, keyword: str, name: str | int | None, value: Any) -> str:
    """Return what is wrong with *value*, which breaks *keyword* of *schema*, and what to write instead.

    *name* is that of the field, or the index of the entry.
    """
    words = schema.get("x-qlara-expected")
    if isinstance(words, dict) and keyword in words:
        return str(words[keyword])
    return f"{_expected(schema, keyword, value)}{_correction(schema, name, value)}"


def unknown_field(name: str, schema: Schema, root: Schema) -> str:
    """Return what is wrong with a field that *schema* does not have, and where it may belong."""
    known = sorted(schema.get("properties", {}))
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"unknown field; did you mean {close[0]!r}?"
    places = [place for place in _places_of(name, root, "") if place]
    if places:
        return f"unknown field; it belongs in {' or '.join(dict.fromkeys(places))}"
    return f"unknown field; expected one of {', '.join(known)}"


def near(value: object, known: Sequence[str]) -> str:
    """Return ``; did you mean …?`` with the one of *known* that *value* is nearly, or nothing."""
    folded = {_folded(one): one for one in reversed(known)}
    text = _folded(str(value))
    ends = [one for one in known if _folded(one).rpartition("/")[2] == text]
    close = difflib.get_close_matches(text, folded, n=1, cutoff=0.85)
    meant = folded[close[0]] if close else ends[0] if ends else None
    return f"; did you mean {meant}?" if meant is not None else ""


def _expected(schema: Schema, keyword: str, value: Any) -> str:
    special = _SPECIAL.get(keyword)
    if special is not None:
        return special(schema, value)
    words = schema.get("x-qlara-expected")
    if not isinstance(words, str):
        words = f"one of {_listed(schema['enum'])}" if "enum" in schema else _kind(schema)
    return f"expected {words}; found {_found(value)}"


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "object":
        return f"fields: {', '.join(schema.get('properties', {})) or 'names and values'}"
    if kind in {"integer", "number"}:
        what = "a whole number" if kind == "integer" else "a number"
        low, high = schema.get("minimum"), schema.get("maximum")
        return what if low is None or high is None else f"{what} from {low} to {high}"
    return {"array": "a list", "string": "text", "boolean": "true or false"}.get(
        str(kind), "another value"
    )


def _too_short(_: Schema, __: Any) -> str:
    return "expected text; found none"


def _too_long(schema: Schema, value: Any) -> str:
    return f"expected at most {schema['maxLength']} characters; found {len(value)}"


def _too_many(schema: Schema, value: Any) -> str:
    return f"expected at most {schema['maxItems']} entries; found {len(value)}"


def _repeated(_: Schema, value: Any) -> str:
    ((twice, __),) = Counter(map(_found, value)).most_common(1)
    return f"expected every entry once; found {twice} more than once"


_SPECIAL: Mapping[str, Callable[[Schema, Any], str]] = {
    "minLength": _too_short,
    "maxLength": _too_long,
    "maxItems": _too_many,
    "uniqueItems": _repeated,
}


def _found(value: Any) -> str:
    if isinstance(value, dict):
        return f"fields ({', '.join(map(str, value))[:_LONGEST_VALUE]})" if value else "no fields"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[: _LONGEST_VALUE - 1]}…"


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))


def _correction(schema: Schema, name: str | int | None, value: Any) -> str:
    """Return ``; write `…` `` with the value that was most likely meant, or nothing."""
    validator = _validator_of(json.dumps(schema))
    for candidate in _candidates(schema, value):
        if candidate != value and validator.is_valid(candidate):
            if len(str(candidate)) > 2 * _LONGEST_VALUE:
                return ""  # nobody would write it from there, and to make it takes long
            written = as_yaml(candidate)
            if len(written) > _LONGEST_VALUE:
                return ""
            field = f"{name}: " if isinstance(name, str) else ""
            return f"; write `{field}{written}`"
    return ""


@lru_cache(maxsize=100)
def _validator_of(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def as_yaml(value: Any) -> str:
    """Return *value* on one line, as a scenario file has it."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        width=10_000,
        sort_keys=False,
        allow_unicode=True,
    )
    return text.removesuffix("...\n").strip()


def _candidates(schema: Schema, value: Any) -> Iterator[Any]:
    """Yield what somebody may have meant who wrote *value*; not all of it is allowed."""
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return
    if "enum" in schema:
        yield from _of_enum(schema["enum"], value)
        return
    yield from _BY_TYPE.get(str(schema.get("type")), _nothing)(schema, value)


def _nothing(_: Schema, __: Any) -> Iterator[Any]:
    yield from ()


def _of_enum(options: Sequence[Any], value: Any) -> Iterator[Any]:
    folded = {_folded(str(one)): one for one in options}
    text = _folded(str(value))
    for close in difflib.get_close_matches(text, folded, n=1):
        yield folded[close]
    containing = [one for name, one in folded.items() if text and text in name]
    if len(containing) == 1:
        yield containing[0]


def _folded(text: str) -> str:
    return re.sub(r"[-\s]+", "_", text.strip()).lower()


def _of_boolean(_: Schema, value: Any) -> Iterator[Any]:
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        yield _BOOLEANS[value.strip().lower()]


def _of_number(_: Schema, value: Any) -> Iterator[Any]:
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None and found[2].lower() in _BYTES:
        number = float(re.sub(r"[_,' ]", "", found[1])) * _BYTES[found[2].lower()]
        yield int(number) if number.is_integer() else number


def _of_string(schema: Schema, value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) or value is None:
        return
    text = value if isinstance(value, str) else json.dumps(value)
    pattern = str(schema.get("pattern", ""))
    if "(ms|s" in pattern:
        yield from _durations(text)
    elif schema.get("format") == "date-time":
        yield from _moments(text)
    elif pattern.startswith("^\\+"):
        digits = re.sub(r"[^0-9]", "", text)
        if text.strip().startswith(("+", "00")) or not isinstance(value, str):
            yield f"+{digits.removeprefix('00')}"
    else:
        yield from (text, text.strip(), text.strip().upper())
        yield re.sub(r"[^A-Za-z0-9_-]+", "_", text.strip()).strip("_")


def _durations(text: str) -> Iterator[str]:
    found = _DURATION.fullmatch(text.strip())
    if found is None or found[2].lower() not in _UNITS:
        return
    length = float(found[1]) * _UNITS[found[2].lower()]
    for unit, size in sorted(_MILLISECONDS.items(), key=lambda each: -each[1]):
        if length % size == 0:
            yield f"{int(length // size)}{unit}"


def _moments(text: str) -> Iterator[str]:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return
    written = moment.isoformat()
    yield written if moment.tzinfo is not None else f"{written}Z"


def _of_array(schema: Schema, value: Any) -> Iterator[Any]:
    if isinstance(value, str) and "," in value:
        yield [one.strip() for one in value.split(",") if one.strip()]
    yield [value]
    items = schema.get("items", {})
    yield from ([each] for each in _candidates(items, value))


def _of_object(schema: Schema, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and len(value) == 1:
        yield value[0]
    if isinstance(value, dict | list) or value is None:
        return
    validator = _validator_of(json.dumps(schema))
    possible = []
    for name, each in schema.get("properties", {}).items():
        if each.get("type") == "string" and not each.keys() & {"pattern", "format"}:
            continue  # any text would do
        meant = ({name: one} for one in (value, *_candidates(each, value)))
        possible += [one for one in meant if validator.is_valid(one)][:1]
    if len(possible) == 1:  # of several nobody knows which
        yield possible[0]


_BY_TYPE: Mapping[str, Callable[[Schema, Any], Iterator[Any]]] = {
    "boolean": _of_boolean,
    "integer": _of_number,
    "number": _of_number,
    "string": _of_string,
    "array": _of_array,
    "object": _of_object,
}


def _places_of(name: str, schema: Schema, place: str) -> Iterator[str]:
    for field, each in schema.get("properties", {}).items():
        if field == name:
            yield place
        inner = each.get("items", each) if isinstance(each, dict) else {}
        yield from _places_of(name, inner, f"{place}.{field}" if place else field)
