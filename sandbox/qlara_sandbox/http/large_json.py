"""Large JSON values, slice by slice.

orjson and the validator hold the interpreter for as long as one call lasts, also in a thread. Between two
slices other threads get their turn, and the event loop is one of them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from json import JSONDecoder
from json.scanner import make_scanner
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    Place = tuple[str | int, ...]

# A body of more than this is read in pieces.
PIECE = 256 * 1024
_BLANKS = " \t\n\r"  # RFC 8259 section 2
_NO_BLANK = re.compile(rf"[^{_BLANKS}]")
_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(JSONDecoder())  # type: ignore[arg-type]
# Arrays with more items than this are large, and handled in slices of this many.
MANY = 1_000


class Rows(NamedTuple):
    """A large array of a response, whose items are made when they are needed, ``many`` at a time."""

    source: Sequence[Any]
    show: Callable[[Any], Any]
    many: int = MANY

    def slices(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the items in slices, each with the index of its first item."""
        show, many = self.show, self.many
        for start in range(0, len(self.source), many):
            yield start, [show(item) for item in self.source[start : start + many]]

    def all(self) -> list[Any]:
        """Return every item."""
        return [item for _, items in self.slices() for item in items]


def rows(source: Sequence[Any], show: Callable[[Any], Any], many: int = MANY) -> Rows | list[Any]:
    """Return the items of *source* as a response shows them: at once if they are not *many*."""
    return Rows(source, show, many) if len(source) > many else [show(item) for item in source]


class Check(Protocol):
    """Raises if a content is not allowed; the items at *at* are those from index *start* on."""

    def __call__(self, content: Any, at: Place = (), start: int = 0) -> None: ...


def dumps(content: Any, check: Check, whole: Container[str | int] = ()) -> bytes:
    """Return *content*, which has ``Rows`` in it, as JSON; *check* sees all of it, slice by slice.

    Each slice is checked in its place, all other rows being empty. Rows of a property in *whole* are
    checked in one piece: something is demanded of the array as such.
    """
    places = list(_rows_in(content, ()))
    empty = _filled(content, (), {})
    check(empty)
    mark = _unused_in(orjson.dumps(empty))
    marks = {at: f"{mark}{number}." for number, (at, _) in enumerate(places)}
    rest = orjson.dumps(_filled(content, (), marks))
    parts = []
    for at, these in places:
        if at[-1:] and at[-1] in whole:
            check(_filled(content, (), {at: these.all()}))
        before, rest = rest.split(b'"%b"' % marks[at].encode(), 1)
        parts += [before, b"["]
        for start, items in these.slices():
            check(_filled(content, (), {at: items}), at, start)
            parts += [b"," if start else b"", orjson.dumps(items)[1:-1]]
        parts.append(b"]")
    return b"".join([*parts, rest])  # once: to copy much takes long, too


def slices(value: Any, whole: Container[str | int] = ()) -> Iterator[tuple[Any, Place, int]]:
    """Yield *value* without its large arrays, then once for each slice of one of them.

    Each comes with the place of that array and the index of the first item in it. Arrays of a property
    in *whole* are not cut.
    """
    cut = _with_rows(value, whole)
    yield _filled(cut, (), {}), (), 0
    for at, these in _rows_in(cut, ()):
        for start, items in these.slices():
            yield _filled(cut, (), {at: items}), at, start


def shifted(path: Iterable[str | int], at: Place, start: int) -> list[str | int]:
    """Return a *path* into a slice, which begins at index *start* of the array at *at*, as one into the whole."""
    steps = list(path)
    if start and tuple(steps[: len(at)]) == at and len(steps) > len(at):
        steps[len(at)] = int(steps[len(at)]) + start
    return steps


def clear(value: Any) -> None:
    """Let go of large arrays bit by bit: to free many objects at once takes long, too.

    Others may have what is in a ``body``: it stays.
    """
    for at, these in _rows_in(_with_rows(value, ()), ()):
        if "body" in at:
            continue
        items = these.source
        assert isinstance(items, list), "made of lists"
        while items:
            del items[-MANY:]


def _with_rows(value: Any, whole: Container[str | int], name: str | int = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_rows(item, whole, key) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > MANY and name not in whole:
        return Rows(value, _same)
    return [_with_rows(item, whole, index) for index, item in enumerate(value)]


def _same(item: Any) -> Any:
    return item


def loads(raw: bytes, piece: int = PIECE) -> Any:
    """Return the value of *raw*, read in pieces of about *piece* bytes.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
    """
    if len(raw) > piece:
        with suppress(ValueError, StopIteration, IndexError, RecursionError):
            return _Reader(raw.decode(), piece).whole()
    return orjson.loads(raw)  # which says what is wrong, if anything is


class _Reader:
    """Finds where values end with the standard library, and has orjson read them, many at once."""

    def __init__(self, text: str, piece: int) -> None:
        self._text = text
        self._piece = piece

    def whole(self) -> Any:
        value, end = self._value(self._skip(0))
        if self._skip(end) < len(self._text):
            raise ValueError("more than one value")
        return value

    def _value(self, at: int) -> tuple[Any, int]:
        if self._is_large(at):
            return self._object(at) if self._text[at] == "{" else self._array(at)
        end = self._end(at)
        return orjson.loads(self._text[at:end]), end

    def _is_large(self, at: int) -> bool:
        """Return whether a value may have much inside: the first end of one that begins in it is far."""
        if self._text[at] not in "{[":
            return False
        closing = [found for mark in "}]" if (found := self._text.find(mark, at)) >= 0]
        inner = self._text.find("[", at + 1, min(closing, default=at))
        if inner >= 0:
            return self._text.find("]", inner) - at > self._piece
        return self._text[at] == "[" or min(closing, default=at) - at > self._piece

    def _object(self, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        at = self._skip(at + 1)
        while self._text[at] != "}":
            end = self._end(at)
            self._after(at, '"')
            key = orjson.loads(self._text[at:end])
            value[key], at = self._value(self._skip(self._after(self._skip(end), ":")))
            at = self._next(at, "}")
        return value, at + 1

    def _array(self, at: int) -> tuple[list[Any], int]:
        value: list[Any] = []
        at = first = self._skip(at + 1)
        while self._text[at] != "]":
            if self._text[at] in "{[" and self._is_large(at):
                value += self._items(first, at)
                item, end = self._value(at)
                value.append(item)
                at = first = self._next(end, "]")
                continue
            end = self._end(at)
            at = self._next(end, "]")
            if end - first > self._piece // 8 or self._text[at] == "]":
                value += self._items(first, end)
                first = at
        return value, at + 1

    def _items(self, first: int, end: int) -> list[Any]:
        items: list[Any] = orjson.loads(f"[{self._text[first:end].rstrip(_BLANKS).rstrip(',')}]")
        return items

    def _next(self, at: int, closing: str) -> int:
        """Return where the next item begins, or where *closing* stands."""
        at = self._skip(at)
        if self._text[at] == closing:
            return at
        at = self._skip(self._after(at, ","))
        if self._text[at] == closing:
            raise ValueError("a comma before the end")
        return at

    def _after(self, at: int, mark: str) -> int:
        if self._text[at] != mark:
            raise ValueError(f"expected {mark}")
        return at + 1

    def _skip(self, at: int) -> int:
        found = _NO_BLANK.search(self._text, at)
        return found.start() if found else len(self._text)

    def _end(self, at: int) -> int:
        _, end = _scan(self._text, at)
        return int(end)


def _unused_in(text: bytes) -> str:
    mark = "rows."
    while mark.encode() in text:
        mark += "."
    return mark


def _rows_in(content: Any, at: Place) -> Iterator[tuple[Place, Rows]]:
    if isinstance(content, Rows):
        yield at, content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _rows_in(value, (*at, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _rows_in(value, (*at, index))


def _filled(content: Any, at: Place, arrays: Mapping[Place, Any]) -> Any:
    """Return *content* with *arrays* in the places of its rows, empty ones where there are none."""
    if isinstance(content, Rows):
        return arrays.get(at, [])
    if isinstance(content, dict):
        return {key: _filled(value, (*at, key), arrays) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(value, (*at, index), arrays) for index, value in enumerate(content)]
    return content
