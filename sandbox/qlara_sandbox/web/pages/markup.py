"""HTML that is safe by construction: text is escaped unless a tag made it."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = {"link", "meta", "br", "hr", "input"}
_CODE = re.compile(r"`([^`]+)`")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """Return an element; children that are not ``Html`` are escaped.

    ``class_`` and ``for_`` lose their underscore, other underscores become hyphens; an attribute
    that is None or False is left out, True stands without a value.
    """
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Return the children one after the other, escaped where they are not ``Html``."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in children))


def prose(text: str) -> Html:
    """Return paragraphs of plain text in which backticks mark code."""
    return join(tag("p", inline(part)) for part in re.split(r"\n\s*\n", text.strip()) if part)


def inline(text: str) -> Html:
    """Return one run of text in which backticks mark code."""
    pieces = _CODE.split(" ".join(text.split()))
    return join(
        tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces) if piece
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], *, label: str) -> Html:
    """Return a table that can be scrolled sideways where the page is narrow.

    The first cell of a row heads it.
    """
    names = list(heads)
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(_row(row, names) for row in rows))
    return tag(
        "div",
        tag("table", head, body),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=label,
    )


def _row(cells: Iterable[str], names: list[str]) -> Html:
    first, *others = cells
    return tag(
        "tr",
        tag("th", first, scope="row"),
        *(tag("td", cell, data_head=name) for cell, name in zip(others, names[1:], strict=True)),
    )
