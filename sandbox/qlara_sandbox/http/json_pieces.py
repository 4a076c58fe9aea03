"""Large JSON bodies of requests, read piece by piece.

orjson and the validator hold the interpreter for as long as one call lasts, also in a thread. A body that
is large is cut where items of its arrays end, and its large arrays stay text until they are looked at. So
no call takes long, and other threads get their turn. What is not in arrays must be small.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from qlara_sandbox.http.large_json import MANY, shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from qlara_sandbox.http.large_json import Place

    Shifts = tuple[tuple[Place, int], ...]

# A body of more bytes than this is not read in one call.
PIECE = 128 * 1024
# What may stand outside of arrays, and in one of their items, in characters.
MOST_OUTSIDE = 2 * 1024 * 1024
# orjson writes no deeper than 254, and the sandbox puts some levels around what it was given.
_DEEPEST = 200
_TOO_DEEP = f"values nested at most {_DEEPEST} deep"
# In characters; orjson reads shorter ones as well as the standard library does.
_LONGEST_NUMBER = 1000
# So many characters behind a number tell that it ends there: in "1e+5", 1 is one.
_AFTER = 3
_NESTING = frozenset({dict, list})
_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
# Values in a body are somebody else's, and stay as they are.
_FREE = "body"


class TooMuch(Exception):
    """A part of a document, at ``place``, is too large or nested too deeply; ``reason`` says which."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


class MalformedJson(ValueError):
    """A text is not JSON; the message says where."""


class Pieces:
    """A large array: items as JSON text, some at a time, and items that are large themselves.

    ``convert`` is applied to every item that iteration yields.
    """

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        self._convert = convert
        self._parts: list[bytes | _LargeItem] = []
        self._starts: list[int] = []
        self._count = 0

    def add(self, text: bytes, count: int) -> None:
        """Append *count* items, given as their texts with commas between them."""
        self._append(text, count)

    def add_large(self, item: Any) -> None:
        """Append an item that has pieces itself, or is long."""
        self._append(_LargeItem(item), 1)

    def _append(self, part: bytes | _LargeItem, count: int) -> None:
        self._parts.append(part)
        self._starts.append(self._count)
        self._count += count

    def parts(self) -> Iterator[tuple[int, list[Any], bool]]:
        """Yield some items at a time: index of the first, the items, and whether it is a large one."""
        for start, part in zip(self._starts, self._parts, strict=True):
            if isinstance(part, bytes):
                yield start, _array(part), False
            else:
                yield start, [part.value], True

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        convert = self._convert
        for _, items, _ in self.parts():
            for item in items:
                yield convert(item)


class _LargeItem(NamedTuple):
    value: Any


def _array(text: bytes) -> list[Any]:
    try:
        items: list[Any] = orjson.loads(b"[%b]" % text)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(error.msg) from error
    return items


def loads(
    raw: bytes | bytearray,
    convert: Callable[[Any], Any],
    whole: Container[str | int] = (),
    piece: int = PIECE,
) -> Any:
    """Return the value of *raw*; if it has more bytes than *piece*, its large arrays as ``Pieces``.

    *convert* is applied to what they yield. Arrays of a property in *whole*, and what is in a ``body``,
    are not cut.

    Raises:
        MalformedJson: it is not JSON.
        TooMuch: what is not in large arrays is too large.
    """
    if len(raw) > piece:
        return _PieceReader(raw, convert, whole, piece).document()
    return _one(raw, 0)


class _PieceReader:
    """Reads one document from front to back; ``_window`` is the part of its text that is decoded."""

    def __init__(
        self,
        raw: bytes | bytearray,
        convert: Callable[[Any], Any],
        whole: Container[str | int],
        piece: int,
    ) -> None:
        self._raw = memoryview(raw)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._convert = convert
        self._whole = whole
        self._piece = piece
        # The decoder of the standard library only finds where a value ends.
        self._scan = json.JSONDecoder(parse_int=str).scan_once  # type: ignore[attr-defined]
        self._decoded = self._before = self._at = 0
        self._window = ""
        self._left = MOST_OUTSIDE

    def document(self) -> Any:
        value = self._value(())
        if self._peek():
            raise self._broken("nothing more")
        return value

    def _value(self, place: Place) -> Any:
        if len(place) > _DEEPEST:
            raise TooMuch((), _TOO_DEEP)
        first = self._peek()
        text = self._small()
        if text is not None:
            self._spend(len(text), place)
            return _one(text, len(place))
        if first == "{":
            return self._object(place)
        if first == "[":
            return self._large_array(place)
        return self._long_scalar(place)

    def _object(self, place: Place) -> dict[str, Any]:
        self._at += 1
        value: dict[str, Any] = {}
        if self._take_if("}"):
            return value
        while True:
            if self._peek() != '"':
                raise self._broken("a name in quotes")
            name = self._value((*place, ""))
            self._take(":")
            value[name] = self._value((*place, name))
            if self._take_if("}"):
                return value
            self._take(",")

    def _large_array(self, place: Place) -> Any:
        is_cut = _FREE not in place and not (place and place[-1] in self._whole)
        self._at += 1
        return self._pieces(place) if is_cut else self._list(place)

    def _list(self, place: Place) -> list[Any]:
        value: list[Any] = []
        if self._take_if("]"):
            return value
        while True:
            value.append(self._value((*place, len(value))))
            if self._take_if("]"):
                return value
            self._take(",")

    def _pieces(self, place: Place) -> Pieces:
        pieces = Pieces(self._convert)
        if self._take_if("]"):
            return pieces
        texts: list[str] = []
        size = 0
        while True:
            self._peek()
            text = self._small()
            if text is not None:
                texts.append(text)
                size += len(text)
            if text is None or len(texts) == MANY or size > self._piece:
                self._flush(texts, pieces, place)
                size = 0
            if text is None:
                left, self._left = self._left, MOST_OUTSIDE
                pieces.add_large(self._value((*place, len(pieces))))
                self._left = left
            if self._take_if("]"):
                self._flush(texts, pieces, place)
                return pieces
            self._take(",")

    def _flush(self, texts: list[str], pieces: Pieces, place: Place) -> None:
        if not texts:
            return
        text = ",".join(texts).encode("utf-8")
        try:
            items = _array(text)
        except MalformedJson as error:
            raise self._broken("values that JSON has") from error
        _require_shallow(items, len(place))
        pieces.add(text, len(texts))
        texts.clear()

    def _long_scalar(self, place: Place) -> Any:
        while True:
            size = len(self._window) - self._at
            if self._is_all or (self._peek() != '"' and size > _LONGEST_NUMBER):
                raise self._broken("a value")
            if size > self._left:
                self._spend(size, place)
            self._refill(size)
            text = self._small()
            if text is not None:
                self._spend(len(text), place)
                return _one(text, len(place))

    def _small(self) -> str | None:
        """Return the text of the next value, if it ends within a piece; None if it does not."""
        while True:
            try:
                _, end = self._scan(self._window, self._at)
            except (StopIteration, ValueError, RecursionError):
                end, is_complete = 0, False
            else:
                is_complete = end + _AFTER <= len(self._window) or self._is_all
            if is_complete:
                text = self._window[self._at : end]
                self._at = end
                return text
            if self._is_all or len(self._window) - self._at >= self._piece:
                return None
            self._refill(self._piece)

    @property
    def _is_all(self) -> bool:
        return self._decoded == len(self._raw)

    def _refill(self, more: int) -> None:
        """Drop what has been read, and decode more bytes."""
        end = min(self._decoded + max(more, self._piece), len(self._raw))
        self._before += self._at
        try:
            text = self._decoder.decode(self._raw[self._decoded : end], final=end == len(self._raw))
        except UnicodeDecodeError as error:
            raise self._broken("UTF-8") from error
        self._window = self._window[self._at :] + text
        self._decoded, self._at = end, 0

    def _peek(self) -> str:
        """Return the next character that is no white space, without taking it; empty at the end."""
        while True:
            found = _WHITE_SPACE.match(self._window, self._at)
            assert found is not None, "it may be empty"
            self._at = found.end()
            if self._at < len(self._window):
                return self._window[self._at]
            if self._is_all:
                return ""
            self._refill(self._piece)

    def _take_if(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self._at += 1
        return True

    def _take(self, character: str) -> None:
        if not self._take_if(character):
            raise self._broken(repr(character))

    def _spend(self, size: int, place: Place) -> None:
        self._left -= size
        if self._left < 0:
            most = MOST_OUTSIDE // (1024 * 1024)
            raise TooMuch(place[:-1], f"at most {most} MB outside of large arrays")

    def _broken(self, expected: str) -> MalformedJson:
        return MalformedJson(f"expected {expected} at character {self._before + self._at + 1}")


def _one(text: str | bytes | bytearray, depth: int) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(str(error)) from error
    _require_shallow(value, depth)
    return value


def _require_shallow(value: Any, depth: int) -> None:
    """Let a value pass in which none is nested too deeply; *depth* is that of the value itself."""
    level: list[Any] = [[value]]
    for _ in range(1 + _DEEPEST - depth):
        within = [each.values() if type(each) is dict else each for each in level]
        level = [each for items in within for each in items if type(each) in _NESTING]
        if not level:
            return
    raise TooMuch((), _TOO_DEEP)


def slices(value: Any) -> Iterator[tuple[Any, Shifts]]:
    """Yield *value* with its pieces left out, then once for each part of them, in its place.

    Each comes with what ``located`` needs.
    """
    yield from _slices(value, _same, (), ())


def _slices(
    value: Any, around: Callable[[Any], Any], at: Place, shifts: Shifts
) -> Iterator[tuple[Any, Shifts]]:
    found = list(_pieces_in(value, ()))
    yield around(_filled(value, (), None, []) if found else value), shifts
    for place, pieces in found:

        def in_place(items: list[Any], place: Place = place) -> Any:
            return around(_filled(value, (), place, items))

        for start, items, is_large in pieces.parts():
            inner = (*shifts, ((*at, *place), start))
            if is_large:
                [item] = items
                yield from _slices(item, lambda one: in_place([one]), (*at, *place, 0), inner)
            else:
                yield in_place(items), inner


def located(path: Sequence[str | int], shifts: Shifts) -> list[str | int]:
    """Return a *path* into a slice as one into the whole."""
    steps = list(path)
    for place, start in reversed(shifts):
        steps = shifted(steps, place, start)
    return steps


def _same(value: Any) -> Any:
    return value


def _pieces_in(value: Any, at: Place) -> Iterator[tuple[Place, Pieces]]:
    if isinstance(value, Pieces):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _pieces_in(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pieces_in(item, (*at, index))


def _filled(value: Any, at: Place, place: Place | None, items: Sequence[Any]) -> Any:
    """Return *value* with *items* in place of its pieces at *place*, and none in place of others."""
    if isinstance(value, Pieces):
        return items if at == place else []
    if isinstance(value, dict):
        return {key: _filled(item, (*at, key), place, items) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, (*at, index), place, items) for index, item in enumerate(value)]
    return value
