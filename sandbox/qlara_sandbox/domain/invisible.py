"""Characters that nobody sees: format characters, blanks and fillers, as ranges of code points.

Devices, chat programs and web pages put them around numbers and joined files have them between cards.
Written out, since finding them in Unicode's tables takes longer than reading a file; a test holds the
ranges against these tables.
"""

from __future__ import annotations

import re
from typing import Final

# General category Cf, and what else is ignored by default (Unicode: Default_Ignorable_Code_Point).
_FORMAT: Final = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F)),
    *((0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD)),
    *((0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
# General categories Zs, Zl and Zp, and the empty Braille pattern.
_BLANK: Final = (
    *((0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x2800, 0x2800), (0x3000, 0x3000)),
)
_CONTROL: Final = ((0x00, 0x1F), (0x7F, 0x9F))


def _characters(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


def _pattern(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


FORMAT: Final = _characters(_FORMAT)
"""Characters that take no room."""

BLANK: Final = _characters(_BLANK)
"""Characters that are only room."""

INVISIBLE: Final = _pattern((*_CONTROL, *_BLANK, *_FORMAT))
"""All of these and the control characters, as the inside of a character class of `re`."""

# Bytes that are no text in their encoding, and byte order marks that were taken for text or for those of
# the other order. "surrogateescape" is how stray bytes of UTF-8 are kept.
ONE_STRAY: Final = rf"(?:[{INVISIBLE}\udc80-\udcff\ufffd\ufffe]|ï»¿|ÿþ|þÿ)"
STRAY: Final = rf"{ONE_STRAY}*"
"""What may stand before and after ``BEGIN:VCARD`` and ``END:VCARD``, as a pattern of `re`."""

_AT_THE_START: Final = re.compile(STRAY)


def without_stray_start(octets: bytes) -> bytes:
    """Return *octets* of UTF-8 without what nobody sees at their start."""
    text = octets.decode("utf-8", "surrogateescape")
    return _AT_THE_START.sub("", text, count=1).encode("utf-8", "surrogateescape")
