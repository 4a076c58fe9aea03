"""Scalars as YAML 1.2 has them, section 10.3.2."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from qlara_sandbox.scenario.plain_yaml import PlainLoader, lines_of, require_shallow


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
