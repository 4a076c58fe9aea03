"""Large JSON values: read, checked and written slice by slice, with the same outcome as in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given, strategies as st

from qlara_sandbox.http.large_json import MANY, Rows, clear, dumps, loads, rows, shifted, slices

if TYPE_CHECKING:
    from qlara_sandbox.http.large_json import Place

texts = st.text(st.sampled_from('ab"\\[]{},: \n\u20ac\U0001f600'), max_size=12)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts
values = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=40
)
layouts = st.sampled_from([None, orjson.OPT_INDENT_2])
LARGE = {"items": [{"n": number} for number in range(2 * MANY + 1)], "name": "x"}


def read(raw: bytes, piece: int | None = None) -> Any:
    try:
        return loads(raw) if piece is None else loads(raw, piece)
    except orjson.JSONDecodeError:
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


def shown(number: int) -> dict[str, int]:
    return {"n": number}


def test_rows_are_written_as_the_array_that_they_stand_for() -> None:
    content = {"a": rows(range(2 * MANY + 1), shown), "b": [rows("rows.0.", str), {"c": "rows.0."}]}
    nested = {"rows": content, "more": Rows([1, 2, 3], str, 2)}
    written = dumps(nested, lambda *_: None)

    assert orjson.loads(written) == {
        "rows": {
            "a": [{"n": number} for number in range(2 * MANY + 1)],
            "b": [list("rows.0."), {"c": "rows.0."}],
        },
        "more": ["1", "2", "3"],
    }


def test_a_check_sees_everything_once_and_where_each_slice_stands() -> None:
    seen: list[tuple[Any, Place, int]] = []

    def check(content: Any, at: Place = (), start: int = 0) -> None:
        seen.append((content, at, start))

    dumps({"a": Rows("xyz", str, 2), "b": 1}, check)

    assert seen == [
        ({"a": [], "b": 1}, (), 0),
        ({"a": ["x", "y"], "b": 1}, ("a",), 0),
        ({"a": ["z"], "b": 1}, ("a",), 2),
    ]


def test_an_array_of_which_something_is_demanded_is_checked_whole() -> None:
    lengths: list[int] = []

    def check(content: Any, at: Place = (), start: int = 0) -> None:  # noqa: ARG001 - a check takes them
        lengths.append(len(content["a"]))

    dumps({"a": Rows("xyz", str, 2)}, check, whole={"a"})

    assert lengths == [0, 3, 2, 1]


def test_a_value_is_cut_into_its_large_arrays() -> None:
    cut = [(len(value["items"]), at, start) for value, at, start in slices(LARGE)]

    assert cut == [
        (0, (), 0),
        (MANY, ("items",), 0),
        (MANY, ("items",), MANY),
        (1, ("items",), 2 * MANY),
    ]
    assert [value for value, *_ in slices(LARGE, {"items"})] == [LARGE]


def test_a_path_into_a_slice_is_one_into_the_whole() -> None:
    assert shifted(["a", 5, "b"], ("a",), 1000) == ["a", 1005, "b"]
    assert shifted(["b", 5], ("a",), 1000) == ["b", 5]
    assert shifted(["a"], ("a",), 1000) == ["a"]


def test_large_arrays_are_let_go_of_but_not_what_is_in_a_body() -> None:
    many = list(range(MANY + 1))
    value = {"a": [many.copy()], "body": many.copy(), "few": [1]}
    clear(value)

    assert value == {"a": [[]], "body": many, "few": [1]}
