"""One line of a card as somebody wrote it to the same property of clean vCard 3.0 or 4.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from qlara_sandbox.domain import values
from qlara_sandbox.domain.properties import (
    BASE64,
    QUOTED_PRINTABLE,
    Property,
    name_and_parameters,
    read_any_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Version = Literal["3.0", "4.0"]

DECODED_QP = "quoted-printable text decoded"
DECODED_BASE64 = "base64 text decoded"
MADE_UTF_8 = "text of another character set made UTF-8"
REPLACED = "bytes that are no text replaced by U+FFFD"
NAMED_TYPES = "bare types written as TYPE="
RENAMED = "name of a property made a valid one"
LEFT_OUT = "property left out"
NOT_A_PROPERTY = "line that is no property left out"

_BINARY = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
_STRUCTURED = {"N", "ADR", "ORG", "GENDER"}
_LISTS = {"CATEGORIES", "NICKNAME"}
_TEXTS = {"FN", "TEL", "EMAIL", "NOTE", "TITLE", "ROLE", "LABEL", "SORT-STRING", "MAILER"}
# What the other version does not have; VERSION is written anew, and an AGENT is another person.
_UNWANTED = {"3.0": {"VERSION", "AGENT", "PROFILE"}, "4.0": {"VERSION", "AGENT", "PROFILE"}}
_UNWANTED["4.0"] |= {"LABEL", "MAILER", "NAME", "CLASS", "SORT-STRING"}
_ENCODINGS = {QUOTED_PRINTABLE, BASE64, "8BIT", "7BIT", "B"}
_DROPPED_PARAMETERS = {"ENCODING", "CHARSET", "VALUE", "PREF", "TYPE"}

_NAME = re.compile(r"[A-Za-z0-9-]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SEPARATOR = {";": re.compile(r"(?<!\\)((?:\\\\)*);"), ",": re.compile(r"(?<!\\)((?:\\\\)*),")}
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\n")}
_DATA = re.compile(r"data:[a-z]+/([a-z0-9.+-]+);base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;"})


class CleanProperty(NamedTuple):
    """A property as it is to be written: ``value`` is escaped, ``group`` may be empty."""

    name: str
    value: str
    parameters: dict[str, list[str]]
    group: str = ""


class CardSource(NamedTuple):
    """Where a line comes from, and what is made of it."""

    version: str  # of the card that it stands in
    target: Version


def clean(line: bytes, source: CardSource) -> tuple[CleanProperty | None, list[str]]:
    """Return the property of a logical line, or None if it is left out; and what was changed."""
    if b":" not in line:
        return None, [NOT_A_PROPERTY]
    head, prop, raw = read_any_line(line)
    full_name, parameters = name_and_parameters(head)
    group, _, name = full_name.strip().rpartition(".")
    changes = list(_changes(head, prop, raw))
    if _clean_name(name) != name or _clean_name(group) != group:
        changes.append(RENAMED)
        group, name = _clean_name(group), _clean_name(name)
    name = name.upper()
    if not name:
        return None, [NOT_A_PROPERTY]
    if name in _UNWANTED[source.target]:
        return None, [] if name == "VERSION" else [LEFT_OUT]
    written = _written(name, raw, prop, parameters, source)
    return CleanProperty(name, *written, group), changes


def escaped(text: str) -> str:
    """Return *text* as the value of a text property (RFC 6350 3.4)."""
    return text.translate(_ESCAPES)


def _clean_name(name: str) -> str:
    return name if _NAME.fullmatch(name) else re.sub("[^A-Za-z0-9-]+", "-", name).strip("-")


def _changes(head: str, prop: Property, raw: bytes) -> Iterator[str]:
    if prop.encoding == QUOTED_PRINTABLE:
        yield DECODED_QP
    elif prop.encoding == BASE64 and head.upper().rpartition(".")[2].split(";")[0] not in _BINARY:
        yield DECODED_BASE64
    if "\ufffd" in values.unfolded(raw, prop) and "\ufffd".encode() not in raw:
        yield REPLACED
    elif prop.charset.upper() not in {"", "UTF-8"} or not _is_utf_8(raw):
        yield MADE_UTF_8
    if any(part.strip() and "=" not in part for part in head.split(";")[1:]) and '"' not in head:
        yield NAMED_TYPES


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.replace(b"\0", b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _written(
    name: str, raw: bytes, prop: Property, parameters: dict[str, list[str]], source: CardSource
) -> tuple[str, dict[str, list[str]]]:
    kept = dict(_kept_parameters(parameters))
    types = list(_types(parameters))
    if name in _BINARY and (binary := _binary(name, raw, prop, types, source.target)):
        return binary[0], kept | binary[1]
    text = values.unfolded(raw, prop).translate(_CONTROLS)
    uri = text.strip().lower().startswith("tel:") if name == "TEL" else prop.uri
    if name == "TEL" and uri and source.target == "3.0":
        text, uri = escaped(_number_of_uri(text.strip())), False
    elif not uri:
        text = _rewritten(name, text, prop, source.version)
    if uri:
        kept["VALUE"] = ["uri"]
        text = text.strip()
    return text.replace("\n", " "), kept | _types_of(types, parameters, source.target)


def _kept_parameters(parameters: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    for name, given in parameters.items():
        if name not in _DROPPED_PARAMETERS and _NAME.fullmatch(name):
            yield name, [_parameter_value(value) for value in given]


def _parameter_value(value: str) -> str:
    return " ".join(value.translate(_CONTROLS).replace('"', "'").split())


def _types(parameters: dict[str, list[str]]) -> Iterator[str]:
    for value in dict.fromkeys(parameters.get("TYPE", ())):
        for word in (part.strip(" \\") for part in value.split(",")):
            if word and word.upper() not in _ENCODINGS:
                yield _parameter_value(word)


def _types_of(
    types: list[str], parameters: dict[str, list[str]], target: Version
) -> dict[str, list[str]]:
    """Return the types, and the preference as the version writes it."""
    preference = next((text.strip() for text in parameters.get("PREF", ())), "")
    if target == "4.0":
        others = [word for word in types if word.upper() != "PREF"]
        if not preference and len(others) < len(types):
            preference = "1"
        found = {"TYPE": others, "PREF": [preference]}
        return {name: given for name, given in found.items() if any(given)}
    if preference == "1" and not any(word.upper() == "PREF" for word in types):
        types = [*types, "pref"]
    return {"TYPE": types} if types else {}


def _binary(
    name: str, raw: bytes, prop: Property, types: list[str], target: Version
) -> tuple[str, dict[str, list[str]]] | None:
    """Return value and parameters of a picture, a sound or a key in base64; None for another one."""
    text = raw.replace(b"\0", b"").decode("ascii", "replace")
    data = _DATA.match(text)
    if data is None and prop.encoding != BASE64:
        return None
    form = data[1] if data else next(iter(types), "jpeg" if _BINARY[name] == "image" else "basic")
    octets = "".join((data[2] if data else text).split())
    if target == "3.0":
        return octets, {"ENCODING": ["b"], "TYPE": [form.upper()]}
    return f"data:{_BINARY[name]}/{form.lower()};base64,{octets}", {}


def _rewritten(name: str, text: str, prop: Property, version: str) -> str:
    if name in _STRUCTURED:
        return ";".join(_component(part, version) for part in _split(text, ";"))
    if name in _LISTS:
        return ",".join(escaped(_unescaped(part, version)) for part in _split(text, ","))
    if name in _TEXTS:
        return escaped(_unescaped(text, version))
    foreign = version in {"3.0", "4.0"} and not prop.encoding
    return text if foreign else text.replace("\n", "\\n")


def _component(text: str, version: str) -> str:
    parts = [text] if version == "2.1" else _split(text, ",")
    return ",".join(escaped(_unescaped(part, version)) for part in parts)


def _split(text: str, separator: str) -> list[str]:
    """Split *text* at every *separator* that no backslash stands before."""
    pieces = _SEPARATOR[separator].split(text)
    return [a + b for a, b in zip(pieces[::2], [*pieces[1::2], ""], strict=True)]


def _unescaped(text: str, version: str) -> str:
    def meant(escape: re.Match[str]) -> str:
        if escape[1] in "nN" and version != "2.1":
            return "\n"
        return escape[1] if escape[1] in "\\,;:" else escape[0]

    return _ESCAPED.sub(meant, text)


def _number_of_uri(uri: str) -> str:
    """Return a ``tel:`` URI as people write the number; 3.0 has no URIs there."""
    number, *parameters = unquote(uri[4:]).split(";")
    given = dict(parameter.partition("=")[::2] for parameter in parameters)
    context = given.get("phone-context", "")
    extension = f" ext. {given['ext']}" if given.get("ext") else ""
    prefix = context if context.startswith("+") and not number.startswith("+") else ""
    return prefix + number.lstrip("/") + extension
