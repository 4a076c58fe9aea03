"""Telephone numbers as typed to E.164, by the phonenumbers package alone."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberType as Kind

_PERSON = {
    Kind.MOBILE,
    Kind.FIXED_LINE,
    Kind.FIXED_LINE_OR_MOBILE,
    Kind.VOIP,
    Kind.PERSONAL_NUMBER,
}
_MOBILE = {Kind.MOBILE, Kind.FIXED_LINE_OR_MOBILE}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00]")
_BLANKS = re.compile(r"\s+")
_URI = re.compile(r"^(?:tel|sms|callto):/*", re.IGNORECASE)
_LINK = re.compile(
    r"^https?://(?:wa\.me|api\.whatsapp\.com/send)/?(?:\?phone=)?\+?(\d+).*$", re.IGNORECASE
)
_PAUSE = re.compile(r"(?<=\d)\s*(?:[,;]|[pPwW](?=[\d,;pPwW]))[\d\s,;pPwW#*]*$")
_MOST_DIGITS = 15


def cleaned(text: str) -> str:
    """Return *text* without URI syntax, pauses, invisible characters and odd blanks."""
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", text)).strip()
    link = _LINK.match(text)
    if link:
        return f"+{link[1]}"
    if _URI.match(text):
        text = _from_uri(_URI.sub("", text))
    return _PAUSE.sub("", text)


def _from_uri(text: str) -> str:
    number, *parameters = unquote(text).split("?")[0].split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "phone-context" and not number.startswith("+"):
            return f"{value}{number}" if value.startswith("+") else number
    return number


@lru_cache(maxsize=100_000)
def e164(text: str, region: str, kinds: str) -> str | None:
    """Return the E.164 form of *text*, or ``None`` if it is not a number of these *kinds*."""
    try:
        number = phonenumbers.parse(cleaned(text), region)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _is_contact(number, kinds) or len(written) - 1 > _MOST_DIGITS:
        return None
    return str(written)


def _is_contact(number: phonenumbers.PhoneNumber, kinds: str) -> bool:
    if kinds == "possible":
        return bool(phonenumbers.is_possible_number(number))
    if not phonenumbers.is_valid_number(number):
        return False
    kind = phonenumbers.number_type(number)
    return kinds == "any" or kind in (_MOBILE if kinds == "mobile" else _PERSON)
