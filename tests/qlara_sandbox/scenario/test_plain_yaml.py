"""Scalars as YAML 1.2 has them, section 10.3.2."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import yaml

from qlara_sandbox.scenario.plain_yaml import (
    PlainLoader,
    explained,
    lines_of,
    require_shallow,
)


def read(text: str) -> Any:
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a safe loader


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("+12", 12),
        ("-0", 0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("~", None),
        ("", None),
        ("True", True),
        ("FALSE", False),
    ],
)
def test_numbers_truth_and_nothing(text: str, value: object) -> None:
    assert (read(text), type(read(text))) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["1:30", "yes", "no", "on", "off", "y", "1_000", "0b11", "0o8", "2026-04-09", "tRUE", "="],
)
def test_what_only_version_1_1_reads_as_something_else_is_text(text: str) -> None:
    assert read(text) == text


def test_a_key_that_stands_twice_is_a_mistake_and_a_merged_one_is_not() -> None:
    assert read("a: {<<: {b: 1, c: 1}, c: 2}") == {"a": {"b": 1, "c": 2}}
    with pytest.raises(yaml.YAMLError, match="duplicate key 'a'"):
        read("{a: 1, a: 2}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: &x [*x]\n", 2),
        ("a: 1\nb: &x {c: [{d: *x}]}\n", 2),
        ("a: 1\nb: &x {<<: *x}\n", 2),
        ("a: 1\n? &x [*x]\n: 1\n", 2),
    ],
)
def test_an_alias_into_itself_is_a_mistake_with_a_line(text: str, line: int) -> None:
    with pytest.raises(yaml.YAMLError) as refused:
        read(text)

    assert explained(refused.value, text) == (line, "an alias leads into itself")


def laughs(first: str, repeated: str) -> str:
    """Return a document whose lines repeat the one before nine times."""
    lines = [f"a: &a {first}"]
    for before, name in pairwise("abcdefghi"):
        lines.append(f"{name}: &{name} {repeated % ', '.join([f'*{before}'] * 9)}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        laughs("[x, x, x]", "[%s]"),
        laughs("{x: 1}", "{<<: [%s]}"),
        "a: &a " + "x" * 1_000 + "\nb: [" + "*a, " * 1_000 + "]",
    ],
    ids=["values", "merge keys", "characters"],
)
def test_aliases_that_make_a_small_file_large_are_a_mistake(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="aliases make the document too large"):
        read(text)


def test_an_alias_repeats_what_it_leads_to() -> None:
    assert read("{a: &a [1, {b: 2}], c: *a, d: [*a]}") == {
        "a": [1, {"b": 2}],
        "c": [1, {"b": 2}],
        "d": [[1, {"b": 2}]],
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: ü\nb: \x1d\n", (2, "U+001D: control characters are not allowed")),
        ("a: 1\nb: *c\n", (2, "found undefined alias")),
        ("a: 1\n" + "b: " + "[" * 300, (2, "values nested more than 200 deep")),
    ],
)
def test_what_is_not_yaml_is_explained_on_one_line(
    text: str, place: tuple[int | None, str]
) -> None:
    closed = text + "]" * text.count("[")
    with pytest.raises(yaml.YAMLError) as refused:
        read(closed)

    assert explained(refused.value, closed) == place


def test_every_value_has_a_line() -> None:
    assert lines_of("a:\n  - 1\n  - b: 2\n") == {
        ("a",): 1,
        ("a", 0): 2,
        ("a", 1): 3,
        ("a", 1, "b"): 3,
    }


@pytest.mark.parametrize("text", ["[" * 6000 + "]" * 6000, "- " * 1000 + "x", "? " * 1000 + "x"])
def test_values_nested_too_deeply_are_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="nested more than 200 deep"):
        require_shallow(text)


def test_many_values_side_by_side_are_not_deep() -> None:
    require_shallow("[" + "[1]," * 6000 + "]")
