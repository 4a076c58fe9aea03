"""The text of a telephone number to the digits to dial, as ``phonenumbers.parse`` reads it.

Letters of a keypad are digits (``347-CALL-NOW``), extensions and subaddresses are cut off (``int. 12``,
``x7``, ``;ext=3``), and RFC 3966's ``phone-context`` goes before the number. These are the library's
rules, with patterns that take linear time: those of the library try every way to cut an extension off,
and a file may hold a million numbers.
"""

from __future__ import annotations

import re
from unicodedata import digit

_PLUS = "+\uff0b"
_PUNCTUATION = (
    "-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09\uff3b\uff3d"
    r".\[\]/~\u2053\u223c\uff5e*"
)
_FLAGS = re.IGNORECASE

_START = re.compile(rf"[{_PLUS}\d]")
_SECOND_NUMBER = re.compile(r"[\\/] *x")
_NUMBER = re.compile(rf"\d\d|[{_PLUS}]*(?:[{_PUNCTUATION}]*\d){{3}}[{_PUNCTUATION}a-z\d]*", _FLAGS)

# The same for ASCII alone, which takes a third of the time: without IGNORECASE and wide characters.
_ASCII_START = re.compile(r"[+0-9]")
_ASCII_NUMBER = re.compile(r"[0-9]{2}|\+*(?:[-xX./ ()[\]~*]*[0-9]){3}[-xX./ ()[\]~*a-zA-Z0-9]*")
_ASCII_END = "".join(
    chr(code) for code in range(128) if not (chr(code).isalnum() or chr(code) == "#")
)

# An extension, from its last character to its first: so it is found at once. Longer ones come first.
_AFTER, _BEFORE = "[ \u00a0\t,-]*[:.\uff0e]?", "[ \u00a0\t,]*"
_LABEL = (
    r"(?:n?(?:(?:\u0301?o|\u00f3)isne)?txe?|\uff4e?\uff54\uff58\uff45?|\u0431\u043e\u0434|oxena)"
)
_SIGN = r"(?:[x\uff58#\uff03~\uff5e]|tni|\uff54\uff4e\uff49)"
_BACKWARDS_EXTENSION = re.compile(
    r"\d{1,20}=txe;"
    rf"|#?\d{{1,20}}{_AFTER}{_LABEL}{_BEFORE}"
    rf"|#?\d{{1,9}}{_AFTER}{_SIGN}{_BEFORE}"
    rf"|#?\d{{1,15}}{_AFTER};[ \u00a0\t]*"
    rf"|#?\d{{1,9}}{_AFTER},+[ \u00a0\t]*"
    rf"|#?\d{{1,15}}{_AFTER},,[ \u00a0\t]*"
    r"|#\d{1,6}[- ]+",
    _FLAGS,
)
# Without one of these there is no extension to look for.
_MAY_EXTEND = re.compile("[x\uff58#\uff03~\uff5e;,\u0434]|int|\uff49\uff4e\uff54", _FLAGS)

_ASCII_MAY_EXTEND = re.compile("[xX#~;,]|[iI][nN][tT]")

_CONTEXT, _SUBADDRESS, _SCHEME = ";phone-context=", ";isub=", "tel:"
_GLOBAL_CONTEXT = re.compile(r"\+[\d().-]*\d[\d().-]*")
_DOMAIN = re.compile(
    r"(?:[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?\.)*[A-Za-z](?:[A-Za-z\d-]*[A-Za-z\d])?\.?"
)

_VANITY_LETTERS = 3
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEYS = bytes.maketrans(_LETTERS, b"22233344455566677778889999" * 2)
_OTHERS = bytes(octet for octet in range(256) if octet not in b"0123456789")
_NEITHER = bytes(octet for octet in _OTHERS if octet not in _LETTERS)


def dialled(text: str) -> tuple[str, bool] | None:
    """Return the ASCII digits that *text* says to dial, and whether a ``+`` stands before them.

    It is None if *text* does not look like a number.
    """
    if text.isascii() and ";" not in text:
        return _ascii_dialled(text)
    whole = _number_part(text)
    number = _without_extension(whole)
    if not _NUMBER.fullmatch(number):  # then what was cut off may be a part of it
        if len(number) == len(whole) or not _NUMBER.fullmatch(whole):
            return None
        number = whole
    national = number.lstrip(_PLUS)
    return _digits(national), len(national) < len(number)


def _ascii_dialled(text: str) -> tuple[str, bool] | None:
    """Return the same for ASCII without parameters, as nearly all numbers are."""
    start = _ASCII_START.search(text)
    if start is None:
        return None
    whole = text[start.start() :].rstrip(_ASCII_END) or text[start.start()]
    if ("/" in whole or "\\" in whole) and (second := _SECOND_NUMBER.search(whole)):
        whole = whole[: second.start()]
    extension = _ASCII_MAY_EXTEND.search(whole) and _BACKWARDS_EXTENSION.match(whole[::-1])
    number = whole[: -extension.end()] if extension else whole
    if not _ASCII_NUMBER.fullmatch(number):
        if not extension or not _ASCII_NUMBER.fullmatch(whole):
            return None
        number = whole
    octets = number.encode()
    digits = octets.translate(None, _OTHERS)
    if len(octets) - len(digits) >= _VANITY_LETTERS:  # there may be enough letters
        return _digits(number), number[0] == "+"
    return digits.decode(), number[0] == "+"


def _number_part(text: str) -> str:
    if ";" not in text:
        return _without_surroundings(text)
    context_at = text.find(_CONTEXT)
    number = _in_context(text, context_at) if context_at >= 0 else _without_surroundings(text)
    subaddress_at = number.find(_SUBADDRESS)
    return number[:subaddress_at] if subaddress_at > 0 else number


def _in_context(text: str, context_at: int) -> str:
    """Return the number with the digits of its context; nothing if that is none (RFC 3966 5.1.5)."""
    context = text[context_at + len(_CONTEXT) :].partition(";")[0]
    scheme_at = text.find(_SCHEME)
    number = text[scheme_at + len(_SCHEME) if scheme_at >= 0 else 0 : context_at]
    if _GLOBAL_CONTEXT.fullmatch(context):
        return context + number
    return number if _DOMAIN.fullmatch(context) else ""


def _without_surroundings(text: str) -> str:
    start = _START.search(text)
    if start is None:
        return ""
    end = len(text)
    while not (text[end - 1].isalnum() or text[end - 1] == "#" or end - 1 == start.start()):
        end -= 1
    number = text[start.start() : end]
    second = _SECOND_NUMBER.search(number) if "/" in number or "\\" in number else None
    return number[: second.start()] if second else number


def _without_extension(number: str) -> str:
    if not _MAY_EXTEND.search(number):
        return number
    extension = _BACKWARDS_EXTENSION.match(number[::-1])
    return number[: -extension.end()] if extension else number


def _digits(number: str) -> str:
    octets = number.encode("ascii", "replace")
    if (
        len(octets.translate(None, _NEITHER)) - len(octets.translate(None, _OTHERS))
        >= _VANITY_LETTERS
    ):
        return number.upper().encode("ascii", "replace").translate(_KEYS, _NEITHER).decode()
    if number.isascii():
        return octets.translate(None, _OTHERS).decode()
    return "".join(str(value) for sign in number if (value := digit(sign, -1)) >= 0)
