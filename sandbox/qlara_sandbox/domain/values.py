"""What stands behind the colon of a vCard line: texts, names, addresses, numbers, made readable."""

from __future__ import annotations

import quopri
import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import unquote

from qlara_sandbox.domain.encoding import FOLD, decode

if TYPE_CHECKING:
    from qlara_sandbox.domain.properties import Property

# RFC 6350 3.4; ``\\:`` is not in it, but widely written. A line break in a name becomes a space.
_ESCAPE = re.compile(r"\\([\\,;:nN])")
_MEANS = {"n": " ", "N": " "}

# Escaped characters separate nothing: these stand for them while a value is taken apart. Control
# characters are gone by then, so a file cannot hold them.
_HIDES = {"\\": "\x01", ";": "\x02", ",": "\x03", "n": " ", "N": " "}
_SHOWS = {1: "\\", 2: ";", 3: ","}

_NO_CONTROLS: dict[int, str | None] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))),
    **dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " "),
}

_LONGEST_NORMALISED = 256

_LOCALITY, _CODE = 3, 5  # components of an ADR (RFC 6350 6.3.1)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NOT_A_PHONE = {"sip", "sips", "xmpp", "skype", "mailto", "http", "https", "facetime", "im"}


def text(raw: bytes, prop: Property) -> str:
    """Return a text value: decoded, unescaped, trimmed, without control characters, in NFC."""
    if raw.isascii() and not prop.quoted_printable:  # nearly all are as they stand
        value = raw.decode()
        if value.isprintable() and "\\" not in value:
            return value.strip()
    value = _decoded(raw, prop)
    if "\\" in value:
        value = _ESCAPE.sub(lambda escape: _MEANS.get(escape[1], escape[1]), value)
    return value.strip()


def phone(raw: bytes, prop: Property) -> str:
    """Return the number as typed, a ``tel:`` URI as such; empty for what is no telephone at all."""
    typed = text(raw, prop)
    if ":" not in typed:
        return typed
    scheme = _SCHEME.match(typed)
    if scheme is None:
        return typed
    name = scheme[1].lower()
    if name == "tel":
        return _percent_decoded(typed) if "%" in typed else typed
    return "" if prop.uri or name in _NOT_A_PHONE else typed


def name(raw: bytes, prop: Property) -> str:
    """Return an ``N`` (family; given; additional; prefixes; suffixes) as people say it."""
    family, given, additional, prefixes, suffixes, *_ = [*_components(raw, prop, " "), *[""] * 5]
    return " ".join(filter(None, (prefixes, given, additional, family, suffixes)))


def organisation(raw: bytes, prop: Property) -> str:
    """Return the organisation of an ``ORG``, without its units."""
    return next(filter(None, _components(raw, prop, ", ")), "")


def address(raw: bytes, prop: Property) -> str:
    """Return an ``ADR`` on one line: ``Via Roma 1, 20121 Milano, MI, Italia``."""
    parts = _components(raw, prop, ", ")
    if len(parts) > _CODE and parts[_CODE]:
        parts[_LOCALITY] = f"{parts[_CODE]} {parts[_LOCALITY]}".rstrip()
        parts[_CODE] = ""
    return ", ".join([part for part in parts if part])


def _components(raw: bytes, prop: Property, joint: str) -> list[str]:
    """Return the components between unescaped semicolons; the values of one are joined."""
    value = _decoded(raw, prop)
    if "\\" not in value and "," not in value:
        return [part.strip() for part in value.split(";")]
    hidden = _ESCAPE.sub(lambda escape: _HIDES.get(escape[1], escape[1]), value)
    return [
        joint.join(filter(None, (value.translate(_SHOWS).strip() for value in part.split(","))))
        for part in hidden.split(";")
    ]


def _decoded(raw: bytes, prop: Property) -> str:
    """Return the value as it was meant: unfolded, decoded, in NFC, without control characters."""
    if FOLD in raw:
        raw = raw.replace(b"=" + FOLD, b"") if prop.quoted_printable else raw
        raw = raw.replace(FOLD, b"")
    if prop.quoted_printable:
        raw = quopri.decodestring(raw)
    value = decode(raw, prop.charset)
    if not value.isprintable():
        value = value.translate(_NO_CONTROLS)
    # Normalising costs the square of a run of combining marks, and nobody's name is that long.
    if value.isascii() or len(value) > _LONGEST_NORMALISED:
        return value
    return normalize("NFC", value)


def _percent_decoded(uri: str) -> str:
    """Decode every part of a ``tel:`` URI (RFC 3966 3), but to no separator that it did not have."""
    parts = ((part, unquote(part)) for part in uri.split(";"))
    return ";".join(part if ";" in plain else plain for part, plain in parts).translate(
        _NO_CONTROLS
    )
