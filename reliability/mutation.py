"""Changes bytes as a fuzzer does: flip, cut, repeat, splice, and put in words of a dictionary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

LONGEST = 64 * 1024
_MOST_CHANGES = 6
_REPEATS = (2, 2, 3, 3, 8, 50, 243, 1000)
_LONGEST_REPEAT = 16 * 1024
_ODD_BYTES = (0, 9, 10, 13, 26, 32, 34, 37, 44, 58, 59, 61, 92, 127, 128, 160, 192, 254, 255)
_NUMBERS = (b"-1", b"0", b"1", b"00", b"2147483648", b"18446744073709551616", b"1e9", b"0x10", b"")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_NUMBER = re.compile(rb"\d+")


class Mutator:
    """Makes one input of another.

    *dictionary* holds the words that mean something to the reader of the input; *others* are inputs
    that pieces are taken from.
    """

    def __init__(self, dictionary: Sequence[bytes], others: Sequence[bytes] = ()) -> None:
        self._dictionary = dictionary
        self._others = list(others)
        self._changes: tuple[Callable[[bytes, Random], bytes], ...] = (
            _flip_a_bit,
            _odd_byte,
            _delete,
            _truncate,
            _repeat,
            _drop_a_line,
            _repeat_a_line,
            _swap_lines,
            _other_number,
            self._insert_a_word,
            self._insert_a_word,
            self._replace_a_line,
            self._splice,
            self._line_of_another,
        )

    def __call__(self, data: bytes, rng: Random) -> bytes:
        """Return *data* after one change or a few, at most `LONGEST` bytes."""
        for _ in range(rng.randint(1, _MOST_CHANGES)):
            data = rng.choice(self._changes)(data, rng)[:LONGEST]
        return data

    def learn(self, data: bytes) -> None:
        """Take pieces from *data*, too."""
        self._others.append(data)

    def _insert_a_word(self, data: bytes, rng: Random) -> bytes:
        at = rng.randint(0, len(data))
        return data[:at] + rng.choice(self._dictionary) + data[at:]

    def _replace_a_line(self, data: bytes, rng: Random) -> bytes:
        start, end = _a_line(data, rng)
        return data[:start] + rng.choice(self._dictionary) + b"\r\n" + data[end:]

    def _splice(self, data: bytes, rng: Random) -> bytes:
        if not self._others:
            return data
        other = rng.choice(self._others)
        return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]

    def _line_of_another(self, data: bytes, rng: Random) -> bytes:
        if not self._others:
            return data
        other = rng.choice(self._others)
        start, end = _a_line(other, rng)
        at = _a_line(data, rng)[0]
        return data[:at] + other[start:end] + data[at:]


def _flip_a_bit(data: bytes, rng: Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _odd_byte(data: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + bytes([rng.choice(_ODD_BYTES)]) + data[at + rng.randint(0, 1) :]


def _delete(data: bytes, rng: Random) -> bytes:
    start, end = _a_range(data, rng)
    return data[:start] + data[end:]


def _truncate(data: bytes, rng: Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def _repeat(data: bytes, rng: Random) -> bytes:
    start, end = _a_range(data, rng, longest=rng.choice((1, 1, 2, 8, 64, 1000)))
    piece = data[start:end] * rng.choice(_REPEATS)
    return data[:end] + piece[:_LONGEST_REPEAT] + data[end:]


def _drop_a_line(data: bytes, rng: Random) -> bytes:
    start, end = _a_line(data, rng)
    return data[:start] + data[end:]


def _repeat_a_line(data: bytes, rng: Random) -> bytes:
    start, end = _a_line(data, rng)
    return data[:end] + (data[start:end] * rng.choice(_REPEATS[:4])) + data[end:]


def _swap_lines(data: bytes, rng: Random) -> bytes:
    first, second = sorted((_a_line(data, rng), _a_line(data, rng)))
    if first[1] > second[0]:
        return data
    between = data[first[1] : second[0]]
    return (
        data[: first[0]]
        + data[second[0] : second[1]]
        + between
        + data[first[0] : first[1]]
        + data[second[1] :]
    )


def _other_number(data: bytes, rng: Random) -> bytes:
    found = _NUMBER.search(data, rng.randint(0, len(data)))
    if found is None:
        return data
    return data[: found.start()] + rng.choice(_NUMBERS) + data[found.end() :]


def _a_range(data: bytes, rng: Random, longest: int = 200) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.randint(1, longest))


def _a_line(data: bytes, rng: Random) -> tuple[int, int]:
    """Return where the line begins and ends that a random byte of *data* is on."""
    at = rng.randint(0, len(data))
    start = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
    found = _LINE.match(data, start)
    assert found is not None, "the pattern matches anywhere"
    return start, found.end()


def change_a_value(document: Any, values: Sequence[Any], rng: Random) -> None:
    """Replace a value within nested mappings and lists by one of *values*, or take it out."""
    places = list(_places(document))
    if not places:
        return
    holder, key = rng.choice(places)
    if rng.random() < 0.25:
        del holder[key]
    else:
        holder[key] = rng.choice(values)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return
    for key, inner in items:
        yield value, key
        yield from _places(inner)
