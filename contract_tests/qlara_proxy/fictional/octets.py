"""The bytes of a value as characters, each with its place, so that one can be replaced where it stands.

What stands for a character is put in the bytes that it had: lines stay as long as they were, folds and soft
breaks stay where they are, also in the middle of a character, and errors keep their lines.
"""

from __future__ import annotations

import binascii
import codecs
import re
from typing import TYPE_CHECKING, NamedTuple, cast

from qlara_proxy.sandbox import decode, decode_strictly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Replace = Callable[[str], list[str]]
    # What stands for each octet; bytes, if one octet stands for each.
    Replaced = bytes | list[bytes]

_UNKNOWN = "\ufffd"
_HEX = b"0123456789ABCDEFabcdef"
_PRINTABLE = frozenset(range(0x21, 0x7F)) - {0x3D}
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes(_BASE64[octet % 64] for octet in range(256))
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]+")
_ESCAPE = 0x1B


class _Character(NamedTuple):
    """A character and the octets that it had; it is U+FFFD where they are none."""

    text: str
    octets: bytes


def together(parts: Iterable[Replaced]) -> Replaced:
    """Return parts that follow each other as one."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(each, bytes) for each in parts):
        return b"".join(cast("list[bytes]", parts))
    return [piece for each in parts for piece in _apart(each)]


def joined(octets: Replaced) -> bytes:
    """Return what stands for all of them."""
    return octets if isinstance(octets, bytes) else b"".join(octets)


def replaced(octets: bytes, replace: Replace, charset: str = "") -> Replaced:
    """Return what stands for each octet of a value in 8 bits."""
    if octets.isascii() and _ESCAPE not in octets:
        pieces = replace(octets.decode())
        whole = "".join(pieces).encode("utf-8", "replace")
        if len(whole) == len(octets):
            return whole
        return [each.encode("utf-8", "replace") for each in pieces]
    return _replaced_in_utf_8(octets, replace, charset) or _replaced_one_by_one(
        octets, replace, charset
    )


def _replaced_in_utf_8(octets: bytes, replace: Replace, charset: str) -> bytes | None:
    """Return the same for a value in UTF-8 for which as many octets stand: nearly every one."""
    if _ESCAPE in octets:
        return None
    try:
        new = "".join(replace(octets.decode())).encode()
    except UnicodeError:
        return None
    is_as_long = len(new) == len(octets) and len(decode(new, charset)) == len(
        decode(octets, charset)
    )
    return new if is_as_long else None


def _replaced_one_by_one(octets: bytes, replace: Replace, charset: str) -> list[bytes]:
    characters, codec = _characters(octets, charset)
    if characters is None:
        return _whole(octets, replace, charset)
    text = "".join(each.text for each in characters)
    new = _encoded(characters, replace(text), codec)
    if len(decode(b"".join(new), charset)) != len(decode(octets, charset)):
        # Other bytes may look like another charset: plain letters look like none.
        new = _encoded(characters, [_plain(each) for each in replace(text)], codec)
    return [piece for each, one in zip(characters, new, strict=True) for piece in _cut(one, each)]


def replaced_quoted_printable(octets: bytes, replace: Replace, charset: str = "") -> Replaced:
    """Return what stands for each octet of a quoted-printable value."""
    units: list[tuple[int, bytes]] = []  # how each octet was written, and what it is
    at = 0
    while at < len(octets):
        code = octets[at + 1 : at + 3]
        if octets[at] == 0x3D and len(code) == 2 and all(each in _HEX for each in code):
            units.append((3, binascii.unhexlify(code)))
            at += 3
        else:
            units.append((1, octets[at : at + 1]))
            at += 1
    new = _apart(replaced(b"".join(octet for _, octet in units), replace, charset))
    out: list[bytes] = []
    for (length, old), one in zip(units, new, strict=True):
        if one == old:
            written = octets[len(out) : len(out) + length]
        else:
            written = b"".join(_quoted(bytes([each]), always=length == 3) for each in one)
        out += _pieces(written, length)
    return out


def replaced_base64(
    octets: bytes, replace: Replace | None, fill: Callable[[int], bytes], charset: str = ""
) -> Replaced:
    """Return what stands for each octet of a value in base64, whose text is replaced with *replace*.

    Without it the value is no text, and what *fill* returns takes its place.
    """
    if replace is None:
        return _BASE64_RUN.sub(lambda run: fill(len(run[0])).translate(_TO_BASE64), octets)
    out = _apart(octets)
    places = [at for at, each in enumerate(out) if not each.isspace()]
    digits = octets.translate(None, b" \t\r\n")
    plain = binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    written = binascii.b2a_base64(joined(replaced(plain, replace, charset)), newline=False)
    if not digits.endswith(b"=") and len(digits) % 4:
        written = written.rstrip(b"=")
    for at, place in enumerate(places):
        is_last = at == len(places) - 1
        out[place] = written[at:] if is_last else written[at : at + 1]
    return out


def _characters(octets: bytes, charset: str) -> tuple[list[_Character] | None, str]:
    """Return the characters and their codec; None if they have no octets of their own (ISO-2022)."""
    if _ESCAPE not in octets:
        try:
            return _each(octets, "utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    if charset:
        try:
            decode_strictly(octets, charset)
            return _each(octets, charset), charset
        except (LookupError, UnicodeError):
            pass
    if _ESCAPE in octets and charset:
        return None, charset
    if len(decode(octets, charset)) == len(octets):
        return [
            _Character(octets[at : at + 1].decode("cp1252", "replace"), octets[at : at + 1])
            for at in range(len(octets))
        ], "cp1252"
    return _mixed(octets), "utf-8"


def _each(octets: bytes, codec: str) -> list[_Character]:
    """Return the characters of a text in a charset without states; raise UnicodeDecodeError, LookupError."""
    decoder = codecs.getincrementaldecoder(codec)()
    found, start = [], 0
    for at in range(len(octets)):
        text = decoder.decode(octets[at : at + 1])
        if text:
            found.append(_Character(text, octets[start : at + 1]))
            start = at + 1
    decoder.decode(b"", final=True)
    return found


def _mixed(octets: bytes) -> list[_Character]:
    """Return the characters of a text in UTF-8 with bad bytes, each of which is one that is none."""
    found: list[_Character] = []
    at = 0
    while at < len(octets):
        for length in (1, 2, 3, 4):
            some = octets[at : at + length]
            try:
                found.append(_Character(some.decode(), some))
                break
            except UnicodeDecodeError:
                continue
        else:
            found.append(_Character(_UNKNOWN, octets[at : at + 1]))
        at += len(found[-1].octets)
    return found


def _encoded(characters: Sequence[_Character], new: Sequence[str], codec: str) -> list[bytes]:
    """Return the octets of what stands for each character."""
    flat = iter(new)
    out = []
    for each in characters:
        one = "".join(next(flat) for _ in each.text)
        if one == each.text:
            out.append(each.octets)
            continue
        try:
            out.append(one.encode(codec))
        except UnicodeEncodeError:
            out.append(each.octets if len(each.octets) < 3 else b"?")
    return out


def _plain(text: str) -> str:
    return "".join(each if each.isascii() or not each.isalpha() else "e" for each in text)


def _apart(octets: Replaced) -> list[bytes]:
    if isinstance(octets, bytes):
        return [octets[at : at + 1] for at in range(len(octets))]
    return octets


def _cut(new: bytes, old: _Character) -> list[bytes]:
    return _pieces(new, len(old.octets))


def _pieces(new: bytes, length: int) -> list[bytes]:
    """Return octets in *length* pieces, one for each octet that they stand for."""
    pieces = [new[at : at + 1] for at in range(length)]
    pieces[-1] += new[length:]
    return pieces


def _quoted(octet: bytes, *, always: bool) -> bytes:
    if not always and (octet[0] in _PRINTABLE or octet in {b" ", b"\t"}):
        return octet
    return b"=%02X" % octet[0]


def _whole(octets: bytes, replace: Replace, charset: str) -> list[bytes]:
    """Return the same for a charset with states: all of it stands in the first octet's place."""
    new = "".join(replace(decode(octets, charset)))
    try:
        written = new.encode(charset)
    except (LookupError, UnicodeEncodeError):
        written = new.encode()
    return [written, *[b""] * (len(octets) - 1)]
