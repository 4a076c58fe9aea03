"""Large JSON bodies: read and checked piece by piece, with the same outcome as in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given, strategies as st

from qlara_sandbox.http.json_pieces import (
    MOST_OUTSIDE,
    MalformedJson,
    Pieces,
    TooMuch,
    loads,
    located,
    slices,
)
from qlara_sandbox.http.large_json import MANY

if TYPE_CHECKING:
    from collections.abc import Container

texts = st.text(st.sampled_from('ab"\\[]{},: \n\u20ac\U0001f600'), max_size=12)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts
values = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=40
)
layouts = st.sampled_from([None, orjson.OPT_INDENT_2])
LARGE = {"items": [{"n": number} for number in range(2 * MANY + 1)], "name": "x"}


def same(value: Any) -> Any:
    return value


def in_full(value: Any) -> Any:
    """Return a value with every item of its pieces."""
    if isinstance(value, Pieces):
        return [in_full(item) for item in value]
    if isinstance(value, dict):
        return {key: in_full(item) for key, item in value.items()}
    return [in_full(item) for item in value] if isinstance(value, list) else value


def read(raw: bytes, piece: int | None = None, whole: Container[str | int] = ()) -> Any:
    try:
        return in_full(loads(raw, same, whole) if piece is None else loads(raw, same, whole, piece))
    except MalformedJson:
        return "not JSON"


def in_one_piece(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "not JSON"


@given(values, layouts, st.integers(1, 60))
@example([[]], None, 1)
@example({"": [[1], {"a": []}]}, None, 1)
def test_what_is_read_in_pieces_is_what_is_read_at_once(
    value: Any, layout: int | None, piece: int
) -> None:
    raw = orjson.dumps(value, option=layout)

    assert read(raw, piece) == in_one_piece(raw)


@given(values, st.binary(max_size=3), st.integers(0, 200), st.integers(0, 3), st.integers(1, 60))
@example([1], b",", 2, 0, 1)
@example([1], b"] ", 3, 1, 1)
@example({}, b"1:2", 1, 0, 1)
def test_what_is_no_json_is_none_in_pieces_either(
    value: Any, noise: bytes, at: int, cut: int, piece: int
) -> None:
    raw = orjson.dumps(value)
    raw = raw[:at] + noise + raw[at + cut :]

    assert read(raw, piece) == in_one_piece(raw)


@pytest.mark.parametrize(
    "raw",
    [b"[NaN]", b'["\\ud800"]', b"[01]", b"[1,]", b'{"a":1,}', b"[1 2]", b"[1]x", b'["\xff"]', b"["],
)
def test_what_the_standard_library_lets_pass_is_refused_all_the_same(raw: bytes) -> None:
    assert read(raw, 1) == "not JSON"


def test_a_large_value_is_read_in_pieces() -> None:
    assert read(orjson.dumps(LARGE), 1000) == LARGE


def test_large_arrays_stay_text_wherever_they_are() -> None:
    numbers = list(range(100))
    value = {"few": [1], "many": numbers, "in": [{"one": numbers}, {"two": [numbers, 1]}, 2]}
    found = loads(orjson.dumps(value), same, (), 100)

    assert [type(found[name]) for name in ("few", "many", "in")] == [list, Pieces, Pieces]
    assert [len(found[name]) for name in ("few", "many", "in")] == [1, 100, 3]
    assert in_full(found) == value


def test_items_are_converted_when_they_are_looked_at() -> None:
    found = loads(b"[%b]" % b",".join([b"1"] * 50), str, (), 10)

    assert list(found) == ["1"] * 50


def test_what_is_in_a_body_or_is_wanted_whole_is_no_pieces() -> None:
    value = {"body": {"a": list(range(50))}, "unique": list(range(50))}

    assert loads(orjson.dumps(value), same, {"unique"}, 10) == value


def test_slices_show_every_item_once_and_lead_to_its_place() -> None:
    value = {"a": ["x", {"b": ["y" * 30, "z"]}], "c": 1}
    found = loads(orjson.dumps(value), same, (), 10)

    assert [content for content, _ in slices(found)] == [
        {"a": [], "c": 1},
        {"a": ["x"], "c": 1},
        {"a": [{"b": []}], "c": 1},
        {"a": [{"b": ["y" * 30]}], "c": 1},
        {"a": [{"b": ["z"]}], "c": 1},
    ]
    *_, (_, last) = slices(found)
    assert located(["a", 0, "b", 0], last) == ["a", 1, "b", 1]
    assert located(["c"], last) == ["c"]


def test_no_slice_has_very_many_items() -> None:
    found = loads(orjson.dumps(LARGE), same, (), 1000)
    lengths = [len(content["items"]) for content, _ in slices(found)]

    assert (sum(lengths), max(lengths) <= MANY) == (2 * MANY + 1, True)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({f"unknown{number}": 1 for number in range(200_000)}, ()),
        ({"state": {f"unknown{number}": 1 for number in range(200_000)}}, ("state",)),
        ({"a": [1, {"b": "x" * (MOST_OUTSIDE + 1)}]}, ("a", 1)),
        ({"body": list(range(500_000))}, ("body",)),
    ],
)
def test_what_is_large_and_in_no_array_is_too_much(
    value: Any, place: tuple[str | int, ...]
) -> None:
    with pytest.raises(TooMuch) as caught:
        loads(orjson.dumps(value), same)

    message = "at most 2 MB outside of large arrays"
    assert (caught.value.place, caught.value.reason) == (place, message)


def test_each_item_of_an_array_may_be_long() -> None:
    value = {"items": [{"text": "x" * (MOST_OUTSIDE - 100)} for _ in range(3)]}

    assert read(orjson.dumps(value)) == value


@pytest.mark.parametrize("unit", [b"[", b'{"a":'])
def test_values_nested_without_end_are_too_much(unit: bytes) -> None:
    with pytest.raises(TooMuch) as caught:
        loads(unit * 200_000, same)

    assert caught.value.reason == "values nested at most 200 deep"
