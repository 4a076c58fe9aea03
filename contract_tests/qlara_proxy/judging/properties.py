"""The logical lines of a vCard file, each with where it stands and how it was folded (RFC 6350 section 3.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

_PHYSICAL = re.compile(rb"\r\n|\n|\r")
_PROPERTY = re.compile(
    r"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)"
    r'(?P<parameters>(?:;(?:[^:;"]|"[^"]*")*)*):(?P<value>.*)',
    re.DOTALL,
)
_LIKE_A_PROPERTY = re.compile(rb"(?:BEGIN|END|VERSION|FN|N|TEL|EMAIL|ORG|ADR)[;:]", re.IGNORECASE)
_PARAMETER = re.compile(r';((?:[^:;"]|"[^"]*")*)')


class CardLine(NamedTuple):
    """One logical line. ``first`` and ``last`` are the 1-based lines of the file that it stands on.

    ``name`` is in capitals, ``written`` as it stands; both are empty where the line is no property.
    """

    text: str
    name: str
    written: str
    group: str
    parameters: tuple[str, ...]
    value: str
    first: int
    last: int
    is_folded: bool
    is_split: bool  # folded between the bytes of one character
    is_misleading: bool = False  # folded so that a part of it looks like a property


def logical_lines(content: bytes) -> list[CardLine]:
    """Return the lines of a file in UTF-8, continued ones joined."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    found: list[CardLine] = []
    parts: list[bytes] = []
    first = 1
    for at, physical in enumerate(_PHYSICAL.split(content), 1):
        if parts and physical[:1] in (b" ", b"\t"):
            parts.append(physical[1:])
            continue
        if parts:
            found.append(_line(parts, first))
        parts, first = [physical], at
    found.append(_line(parts, first))
    return found


def _line(parts: list[bytes], first: int) -> CardLine:
    text = b"".join(parts).decode("utf-8", "replace")
    matched = _PROPERTY.fullmatch(text)
    is_split = any(not _is_whole(each) for each in parts) and len(parts) > 1
    last = first + len(parts) - 1
    is_misleading = any(_LIKE_A_PROPERTY.match(each) for each in parts[1:])
    if matched is None:
        return CardLine(text, "", "", "", (), "", first, last, len(parts) > 1, is_split)
    parameters = tuple(each for each in _PARAMETER.findall(matched["parameters"]))
    return CardLine(
        text,
        matched["name"].upper(),
        matched["name"],
        matched["group"] or "",
        parameters,
        matched["value"],
        first,
        last,
        len(parts) > 1,
        is_split,
        is_misleading,
    )


def _is_whole(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
