"""What people and devices put around a telephone number, taken off: blanks, marks, labels, pauses.

What is left is short, so that no text is expensive to judge, whatever a file holds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from qlara_sandbox.domain.invisible import BLANK, FORMAT

LONGEST = 40
"""Characters of what is left of a number with its extension; a longer text is none."""

_LONGEST_URI = 96  # with a phone-context, which may be the name of a domain

_DOTS = "\u00b7\u0387\u2022\u2027\u2219\u22c5\u30fb\uff65"  # middle dots: 347·123·4567
_BLANKS = str.maketrans(
    {**dict.fromkeys(FORMAT), **dict.fromkeys(f"\t{BLANK}{_DOTS}", " "), "，": ",", "；": ";"}
)
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


class PhoneText(NamedTuple):
    """A number without pauses, and what may be a second one behind it."""

    number: str
    second: str = ""


_NONE = PhoneText("")


def phone_text(typed: str) -> PhoneText:
    """Return what there is to judge of a number as typed; nothing if it is too long to be one.

    Format characters (Unicode Cf) and middle dots are no part of a number, blanks of every kind are a
    space. Pauses and waits (``p w , ;``) are dropped with what is to be dialled after them. A second
    number in the same text is set apart where it could be one.
    """
    if not typed.isascii() or "\t" in typed:
        typed = typed.translate(_BLANKS)
    if "  " in typed:
        typed = _SPACES.sub(" ", typed)
    text = typed.strip()
    if not text[:1].isdecimal():
        if link := _WHATSAPP.match(text):
            text = f"+{text[link.end() :]}"
        elif text[:4].lower() == "tel:":
            text = _PARAMETER.sub("", text)
    context = ";" in text and ";phone-context=" in text.lower()
    number, second = _split(text if context else _without_label(text))
    if len(number) > LONGEST and not context:
        number = _RUN.sub(r"\1", number.partition(";isub=")[0])
    return (
        PhoneText(number, second)
        if len(number) <= (_LONGEST_URI if context else LONGEST)
        else _NONE
    )


def _without_label(text: str) -> str:
    """Return the text from its first digit or plus on, as the library would: ``Mobile: 347 …``."""
    if text[:1].isdecimal() or text[:1] == "+":
        return text
    start = _NUMBER_START.search(text)
    return text[start.start() :] if start else ""


def _split(text: str) -> PhoneText:
    if not _MAY_PAUSE.search(text):
        return PhoneText(text)
    pause = _PAUSE.search(text, len(text.rstrip(_DIALLED_LATER)))
    if pause is None:
        return PhoneText(text)
    second = _ONE_SEPARATOR.fullmatch(text, pause.start(1))
    return PhoneText(text[: pause.start()], second[1][:LONGEST] if second else "")
