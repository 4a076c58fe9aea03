"""Large JSON values, slice by slice.

orjson and the validator hold the interpreter for as long as one call lasts, also in a thread. Between two
slices other threads get their turn, and the event loop is one of them. The standard library reads large
bodies: it calls back for every object.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    Place = tuple[str | int, ...]

# A body of more than this is not read in one call.
PIECE = 256 * 1024
# What orjson reads otherwise than the standard library: halves of characters, and larger integers.
_SURROGATE = re.compile(rb"\\u[dD][89abAB]")
_LEAST, _MOST = -(2**63), 2**64 - 1
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
    """Return the value of *raw*. Other threads get their turn while more than *piece* bytes are read.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
    """
    if len(raw) > piece and not _SURROGATE.search(raw):
        with suppress(ValueError, RecursionError):
            # Each call of a function of ours is a chance for them; the functions change nothing.
            return json.loads(raw, object_hook=_same, parse_int=_integer, parse_constant=_refuse)
    return orjson.loads(raw)  # which says what is wrong, if anything is


def _integer(digits: str) -> int:
    number = int(digits)
    if not _LEAST <= number <= _MOST:
        raise ValueError("beyond 64 bits")
    return number


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


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
