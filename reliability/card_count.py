"""Counts the cards of a file by the rule of the contract, without reading the file as the product does.

The rule: every ``BEGIN:VCARD`` that begins a line or follows an ``END:VCARD`` is a card, whatever blanks,
marks and invisible characters stand around it (``openapi.yaml``, ``x-qlara-rules`` of ``uploadVCard``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANKS = re.compile(rb"[\0\s]+")
# Behind BEGIN may be parameters, which RFC 6350 does not allow there: whether that is a frame is in doubt.
_ANYWHERE = re.compile(rb"BEGIN[^:]{0,200}?:VCARD", re.IGNORECASE)
_LINE_END = re.compile(rb"\r\r\n|\r\n|\r|\n")
_BEGINS = re.compile(rb"(?:END:VCARD)?BEGIN:VCARD[ \t]*", re.IGNORECASE)
_HEADER = re.compile(rb"BEGIN:VCARD[ \t]*", re.IGNORECASE)
_ENDS = re.compile(rb"END:VCARD[ \t]*", re.IGNORECASE)
_FOLDED = (b" ", b"\t")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class CardCount(NamedTuple):
    """How many cards a file has at least and at most; where nothing is in doubt, both are the same."""

    least: int
    most: int


def count_cards(data: bytes) -> CardCount:
    """Return what the rule says of *data*.

    In doubt are frames that are folded or inside a line, those of agents, and files that are not ASCII
    with a superset of it.
    """
    most = len(_ANYWHERE.findall(_BLANKS.sub(b"", data)))
    if not _is_plain(data):
        return CardCount(0, most)
    lines = _LINE_END.split(data)
    return CardCount(sum(_is_frame(lines, at, _BEGINS) for at in range(len(lines))), most)


def is_a_vcard_file(data: bytes) -> bool:
    """Return whether *data* surely begins with a ``BEGIN:VCARD`` and ends with an ``END:VCARD``."""
    lines = _LINE_END.split(data)
    while lines and not lines[-1]:
        lines.pop()
    return (
        bool(lines)
        and _is_plain(data)
        and _is_frame(lines, 0, _HEADER)
        and _is_frame(lines, len(lines) - 1, _ENDS)
    )


def _is_plain(data: bytes) -> bool:
    return (
        b"\0" not in data
        and not data.startswith(_WIDE)
        and b"AGENT" not in _BLANKS.sub(b"", data).upper()
    )


def _is_frame(lines: list[bytes], at: int, frame: re.Pattern[bytes]) -> bool:
    """Return whether the whole line *at* is a frame, and no part of a folded one."""
    is_continued = at + 1 < len(lines) and lines[at + 1].startswith(_FOLDED)
    continues = at > 0 and lines[at - 1].endswith(b"=")
    return not is_continued and not continues and frame.fullmatch(lines[at]) is not None
