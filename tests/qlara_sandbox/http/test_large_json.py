"""Large JSON responses: checked and written slice by slice, with the same outcome as in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.http.large_json import MANY, Rows, clear, dumps, rows, shifted

if TYPE_CHECKING:
    from qlara_sandbox.http.large_json import Place


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


def test_a_path_into_a_slice_is_one_into_the_whole() -> None:
    assert shifted(["a", 5, "b"], ("a",), 1000) == ["a", 1005, "b"]
    assert shifted(["b", 5], ("a",), 1000) == ["b", 5]
    assert shifted(["a"], ("a",), 1000) == ["a"]


def test_many_items_are_let_go_of() -> None:
    many = list(range(2 * MANY + 1))
    clear(many)

    assert many == []
