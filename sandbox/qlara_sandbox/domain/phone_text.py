"""What people and devices put around a telephone number, taken off: blanks, marks, labels, pauses.

What is left is short, so that no text is expensive to judge, whatever a file holds.
"""

from __future__ import annotations

import re

from qlara_sandbox.domain.invisible import BLANK, FORMAT

LONGEST = 40
"""Characters of what is left of a number with its extension; a longer text is none."""

_LONGEST_URI = 96  # with a phone-context, which may be the name of a domain

_DOTS = "\u00b7\u0387\u2022\u2027\u2219\u22c5\u30fb\uff65"  # middle dots: 347·123·4567
_BLANKS = str.maketrans(
    {**dict.fromkeys(FORMAT), **dict.fromkeys(f"\t{BLANK}{_DOTS}", " "), "，": ",", "；": ";"}
)
_LATIN_BLANKS = bytes.maketrans(b"\t\xa0\xb7", b"   ")
_BEYOND_LATIN = re.compile(r"[^\0-\xff]")
# The library passes over them however many they are, but not for nothing.
_RUN = re.compile(r"([-./()~\[\]])[-./()~\[\] ]*(?=[-./()~\[\]])")
_SPACES = re.compile(r" {2,}")

# Behind a number: what is dialled later. "x" and words are extensions, which the library knows.
_DIALLED_LATER = "0123456789 #*pwPW,;.\\-"
_PAUSE = re.compile(r"(?<=[\d)])[ .-]*([pwPW,;\\])")
_MAY_PAUSE = re.compile(r"[pwPW,;\\]")
_ONE_SEPARATOR = re.compile(r"[,;]([\d .-]+)")

_PARAMETER = re.compile(r";(?!ext=|phone-context=|isub=)[a-z0-9-]+(?:=[^;]*)?", re.IGNORECASE)
_WHATSAPP = re.compile(r"(?:www\.)?wa\.me/\+?(?=\d)", re.IGNORECASE)
_NUMBER_START = re.compile(r"[+\uff0b\d]")


def phone_text(typed: str) -> tuple[str, str]:
    """Return what there is to judge of a number as typed, and what may be a second one behind it.

    The number is empty if it is too long to be one. Format characters (Unicode Cf) and middle dots are
    no part of it, blanks of every kind are a space. Pauses and waits (``p w , ;``) are dropped with what
    is to be dialled after them.
    """
    typed = without_marks(typed)
    if "  " in typed:
        typed = _SPACES.sub(" ", typed)
    text = typed.strip()
    if not text[:1].isdecimal():
        if link := _WHATSAPP.match(text):
            text = f"+{text[link.end() :]}"
        elif text[:4].lower() == "tel:":
            text = _PARAMETER.sub("", text)
    if ";" in text and ";phone-context=" in text.lower():
        number, second, longest = *_split(text), _LONGEST_URI
    else:
        number, second, longest = *_split(_without_label(text)), LONGEST
        if len(number) > LONGEST:
            number = _RUN.sub(r"\1", number.partition(";isub=")[0])
    return ("", "") if len(number) > longest else (number, second)


def without_marks(typed: str) -> str:
    """Return the text without format characters, and with a space for each blank and middle dot."""
    if typed.isascii():
        return typed.replace("\t", " ") if "\t" in typed else typed
    if _BEYOND_LATIN.search(typed):
        return typed.translate(_BLANKS)
    # Twice as fast, where all of it is in ISO 8859-1.
    return typed.encode("latin-1").translate(_LATIN_BLANKS, b"\xad").decode("latin-1")


def _without_label(text: str) -> str:
    """Return the text from its first digit or plus on, as the library would: ``Mobile: 347 …``."""
    if text[:1].isdecimal() or text[:1] == "+":
        return text
    start = _NUMBER_START.search(text)
    return text[start.start() :] if start else ""


def _split(text: str) -> tuple[str, str]:
    if not _MAY_PAUSE.search(text):
        return text, ""
    pause = _PAUSE.search(text, len(text.rstrip(_DIALLED_LATER)))
    if pause is None:
        return text, ""
    second = _ONE_SEPARATOR.fullmatch(text, pause.start(1))
    return text[: pause.start()], second[1][:LONGEST] if second else ""
