"""Features of a whole file: line ends, encodings, its beginning and its end.

Each has a small file of its own with the same few cards, since it may be refused as a whole.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from qlara_contract.torture.feature import Feature, WholeFile, WrittenCard
from qlara_contract.torture.given import NAME, NAME_1, NAME_2
from qlara_contract.torture.writing import reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.torture.given import Given

_ACCENTED = reads("", "cards.forgiving", "", name=f"Niccolò {NAME}")
_FOLDED = reads("", "cards.forgiving", "", f"FN:{NAME_1}\r\n {NAME_2}", "NOTE:one\r\n  two")


def _write(given: Given) -> WrittenCard:
    """Write one of the cards of such a file: by turns one with an accent, one that is folded."""
    return (_ACCENTED if given.version == "4.0" else _FOLDED).write(given)


def _mixed_line_ends(content: bytes) -> bytes:
    ends = cycle((b"\r\n", b"\n"))
    return b"".join(line + next(ends) for line in content.split(b"\r\n")[:-1])


def _whole(
    key: str,
    promise: PromiseId,
    what: str,
    change: Callable[[bytes], bytes],
    lines_before: int = 0,
) -> Feature:
    whole = WholeFile(change, lines_before)
    return Feature(f"file.{key}", promise, what, _write, apart=f"file.{key}", whole=whole)


def _encoded(encoding: str, mark: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda content: mark + content.decode().encode(encoding)


FEATURES = (
    _whole(
        "line-feed",
        "cards.line-ends",
        "A file whose lines end with LF is not read.",
        lambda content: content.replace(b"\r\n", b"\n"),
    ),
    _whole(
        "no-final-line-end",
        "cards.forgiving",
        "A file without final line end is not read.",
        lambda content: content.removesuffix(b"\r\n"),
    ),
    _whole(
        "byte-order-mark",
        "cards.byte-order-mark",
        "A file with a byte order mark is not read.",
        lambda content: b"\xef\xbb\xbf" + content,
    ),
    _whole(
        "mixed-line-ends",
        "cards.line-ends",
        "A file with CRLF and LF is not read.",
        _mixed_line_ends,
    ),
    _whole(
        "carriage-return",
        "cards.line-ends",
        "A file whose lines end with CR is not read.",
        lambda content: content.replace(b"\r\n", b"\r"),
    ),
    _whole(
        "windows-1252",
        "cards.windows-1252",
        "A file in Windows-1252 is not read.",
        _encoded("cp1252"),
    ),
    _whole(
        "utf-16-le",
        "cards.utf-16",
        "A file in UTF-16LE is not read.",
        _encoded("utf-16-le", b"\xff\xfe"),
    ),
    _whole(
        "utf-16-be",
        "cards.utf-16",
        "A file in UTF-16BE is not read.",
        _encoded("utf-16-be", b"\xfe\xff"),
    ),
    _whole(
        "blank-lines-first",
        "cards.forgiving",
        "Empty lines before the first card cost the file.",
        lambda content: b"\r\n\r\n" + content,
        lines_before=2,
    ),
    _whole(
        "blank-lines-last",
        "cards.forgiving",
        "Empty lines behind the last card cost the file.",
        lambda content: content + b"\r\n\r\n",
    ),
    _whole(
        "double-carriage-return",
        "cards.line-ends",
        "A file with CR CR LF is not read.",
        lambda content: content.replace(b"\r\n", b"\r\r\n"),
    ),
)
