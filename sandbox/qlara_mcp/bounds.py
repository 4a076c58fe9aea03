"""Keeps what tools return within what an agent can read: long texts are cut, long lists paged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

LONGEST_TEXT = 2000


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text*, cut to *longest* characters, and how many are left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest} more characters)"


def cut_all(value: Any, longest: int = LONGEST_TEXT) -> Any:
    """Return a JSON value with every text in it cut."""
    return with_texts(value, lambda text: cut(text, longest))


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [with_texts(each, change) for each in value]
    if isinstance(value, dict):
        return {change(name): with_texts(each, change) for name, each in value.items()}
    return value


def pages_of(text: str, longest: int) -> list[str]:
    """Return *text* in pages of at most about *longest* characters that end with a line."""
    pages: list[list[str]] = [[]]
    size = 0
    for line in text.splitlines(keepends=True):
        if pages[-1] and size + len(line) > longest:
            pages.append([])
            size = 0
        pages[-1].append(line)
        size += len(line)
    return ["".join(page) for page in pages]


def page_of(rows: Sequence[T], page: int, limit: int) -> Sequence[T]:
    """Return one page of *rows*, counted from 1."""
    return rows[(page - 1) * limit : page * limit]
