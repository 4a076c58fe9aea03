"""What stands behind the colon of a vCard line: texts, names, addresses, numbers, made readable."""

from __future__ import annotations

import binascii
import quopri
import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import unquote

from qlara_sandbox.domain.charset import decode, decode_other
from qlara_sandbox.domain.encoding import FOLD, FOLD_OCTET
from qlara_sandbox.domain.properties import BASE64, QUOTED_PRINTABLE, PropertyKind

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

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")

_REPLACED = "\ufffd".encode()

_LOCALITY, _CODE = 3, 5  # components of an ADR (RFC 6350 6.3.1)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NUMBER_SCHEMES = {"sms", "smsto", "mms", "mmsto", "callto"}
_NOT_A_PHONE = {"sip", "sips", "xmpp", "skype", "mailto", "http", "https", "facetime", "im"}
_WHATSAPP = re.compile(
    r"(?:https?://(?:www\.)?wa\.me/|(?:https?://api\.whatsapp\.com|whatsapp:/)/send/?\?(?:.*&)?phone=)"
    r"(?:\+|%2B)?([0-9]{5,20})(?![0-9])",
    re.IGNORECASE,
)
_LONGEST_LINK = 500
_OF_NUMBERS = b"0123456789+ -./()"  # what nearly all numbers are written with


def text(raw: bytes, prop: Property) -> str:
    """Return a text value: decoded, unescaped, trimmed, without control characters, in NFC."""
    value = _as_it_stands(raw, prop)
    if value is not None:
        return value.strip()
    value = _decoded(raw, prop)
    if "\\" in value:
        value = _ESCAPE.sub(lambda escape: _MEANS.get(escape[1], escape[1]), value)
    return value.strip()


def _as_it_stands(raw: bytes, prop: Property) -> str | None:
    """Return the text of a value that nothing has to be taken out of, in NFC; nearly all are such.

    Folds and escapes cannot be printed.
    """
    if prop[4]:  # encoding
        return None
    if raw.isascii():
        value = raw.decode("ascii")
        return value if value.isprintable() and "\\" not in value else None
    value = raw.decode("utf-8", "replace")  # catching what does not decode takes longer
    if "\ufffd" in value:
        value = decode(raw, prop.charset) if _REPLACED in raw else decode_other(raw, prop.charset)
    return _composed(value) if value.isprintable() and "\\" not in value else None


def phone(raw: bytes, prop: Property) -> str:
    """Return the number as typed, a ``tel:`` URI as such; empty for what is no telephone at all.

    Of other URIs with a number in them (``sms:``, ``callto:``, WhatsApp's) it is the number alone.
    """
    if not (raw.translate(None, _OF_NUMBERS) or prop[4]):  # encoding
        return raw.decode("ascii").strip()
    # What text() does, for numbers as many others are. Catching what does not decode takes longer.
    typed = raw.decode("utf-8", "replace")
    if "\ufffd" in typed:
        typed = "\\" if _REPLACED in raw else decode_other(raw, prop.charset)
    is_plain = typed.isprintable() or typed.replace("\xa0", " ").isprintable()
    if not is_plain or "\\" in typed or prop[4]:  # prop.encoding
        typed = text(raw, prop)
    else:
        typed = typed.strip() if typed.isascii() else _composed(typed).strip()
    if ":" not in typed:
        return typed
    if typed[:4] == "tel:" and "%" not in typed and typed[4:5] != "/":
        return typed
    return _of_uri(typed, uri=prop.uri)


def _of_uri(typed: str, *, uri: bool) -> str:
    if link := _WHATSAPP.match(typed[:_LONGEST_LINK]):
        return f"+{link[1]}"
    scheme = _SCHEME.match(typed)
    if scheme is None:
        return typed
    name, rest = scheme[1].lower(), typed[scheme.end() :]
    if name == "tel":
        rest = _percent_decoded(rest) if "%" in rest else rest
        return f"tel:{rest.lstrip('/')}"
    if name in _NUMBER_SCHEMES:
        return unquote(rest.partition("?")[0]).lstrip("/").translate(_NO_CONTROLS).strip()
    return "" if uri or name in _NOT_A_PHONE else typed


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
    value = _as_it_stands(raw, prop)
    if value is None:
        value = _decoded(raw, prop)
    if "\\" not in value and "," not in value:
        return [part.strip() for part in value.split(";")]
    hidden = _ESCAPE.sub(lambda escape: _HIDES.get(escape[1], escape[1]), value)
    return [
        joint.join(filter(None, (value.translate(_SHOWS).strip() for value in part.split(","))))
        for part in hidden.split(";")
    ]


def unfolded(raw: bytes, prop: Property) -> str:
    """Return the value as it was meant, without folds and encodings, but with all its characters."""
    if FOLD_OCTET in raw:
        raw = raw.replace(b"=" + FOLD, b"") if prop.encoding == QUOTED_PRINTABLE else raw
        raw = raw.replace(FOLD, b"")
    if not prop.encoding:
        return decode(raw, prop.charset)
    if prop.encoding == QUOTED_PRINTABLE:
        raw = quopri.decodestring(raw)
    return (prop.encoding == BASE64 and _from_base64(raw, prop)) or decode(raw, prop.charset)


def _decoded(raw: bytes, prop: Property) -> str:
    """Return the value as it was meant, in NFC, without control characters."""
    value = unfolded(raw, prop)
    if not value.isprintable():
        value = value.translate(_NO_CONTROLS)
    return value if value.isascii() else _composed(value)


def _composed(value: str) -> str:
    # Normalising costs the square of a run of combining marks, and nobody's name is that long.
    return normalize("NFC", value) if len(value) <= _LONGEST_NORMALISED else value


def _from_base64(raw: bytes, prop: Property) -> str:
    """Return the text in *raw*, or nothing if it is no base64 of a text: then it is one as it stands."""
    digits = b"".join(raw.split())
    try:
        octets = binascii.a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except binascii.Error:
        return ""
    if prop.kind == PropertyKind.TEL and not octets.isascii():  # a number looks like base64
        return ""
    value = decode(octets, prop.charset)
    return "" if _NO_TEXT.search(value) else value


def _percent_decoded(uri: str) -> str:
    """Decode every part of a ``tel:`` URI (RFC 3966 3), but to no separator that it did not have."""
    parts = ((part, unquote(part)) for part in uri.split(";"))
    return ";".join(part if ";" in plain else plain for part, plain in parts).translate(
        _NO_CONTROLS
    )
