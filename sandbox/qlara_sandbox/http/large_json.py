"""Large JSON responses, checked and written slice by slice.

orjson and the validator hold the interpreter for as long as one call lasts, also in a thread. Between two
slices other threads get their turn, and the event loop is one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    Place = tuple[str | int, ...]

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


def shifted(path: Iterable[str | int], at: Place, start: int) -> list[str | int]:
    """Return a *path* into a slice, which begins at index *start* of the array at *at*, as one into the whole."""
    steps = list(path)
    if start and tuple(steps[: len(at)]) == at and len(steps) > len(at):
        steps[len(at)] = int(steps[len(at)]) + start
    return steps


def clear(items: list[Any]) -> None:
    """Let go of many items bit by bit: to free many objects at once takes long, too."""
    while items:
        del items[-MANY:]


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
