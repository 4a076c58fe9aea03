"""Compares the text that a command printed with the documented one, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.compare import Certainty

_MORE = re.compile(r"\s*(?:\.\.\.|…|\[…\])\s*")
_PLACEHOLDER = re.compile(r"<[^<>]*>|\.\.\.|…")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_ID = re.compile(r"\b(imp|list|cnt|req)_[A-Za-z0-9]+")
_NUMBER = re.compile(r"\d+")


def first_difference(
    page: Sequence[str], printed: Sequence[str], certainty: Certainty
) -> tuple[int, str | None] | None:
    """Return the index of the first line of *page* that is not printed, and what is; ``None``: all is.

    A line that is an ellipsis stands for any lines, a placeholder (``<id>``, ``…``) for any text. The
    index is the length of *page* where more is printed. Blanks at the ends of lines do not count.
    """
    at = 0
    for index, line in enumerate(page):
        if _MORE.fullmatch(line):
            following = page[index + 1 : index + 2]
            while at < len(printed) and not (
                following and _agrees(following[0], printed[at], certainty)
            ):
                at += 1
        elif at == len(printed):
            return index, None
        elif not _agrees(line, printed[at], certainty):
            return index, printed[at]
        else:
            at += 1
    return (len(page), printed[at]) if at < len(printed) else None


def _agrees(page: str, printed: str, certainty: Certainty) -> bool:
    pattern = ".*".join(
        re.escape(_plain(each, certainty)) for each in _PLACEHOLDER.split(page.strip())
    )
    return re.fullmatch(pattern, _plain(printed.strip(), certainty)) is not None


def _plain(text: str, certainty: Certainty) -> str:
    """Return *text* with what is not certain in it replaced by words that say what it is."""
    if not certainty.times:
        text = _TIME.sub("TIME", text)
    text = _ID.sub(lambda found: found[0] if found[0] in certainty.stated else found[1], text)
    return text if certainty.values else _NUMBER.sub("0", text)
