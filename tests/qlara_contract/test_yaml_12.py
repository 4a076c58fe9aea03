"""The suite's own reader of YAML: scalars as version 1.2 has them, section 10.3.2."""

from __future__ import annotations

from itertools import pairwise

import pytest
import yaml

from qlara_contract import yaml_12


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("false", False),
    ],
)
def test_numbers_truth_and_nothing(text: str, value: object) -> None:
    read = yaml_12.read(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["1:30", "yes", "no", "on", "off", "1_000", "0b11", "2026-04-09"])
def test_what_only_version_1_1_reads_as_something_else_is_text(text: str) -> None:
    assert yaml_12.read(text) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: &x [*x]\n", "an alias leads into itself"),
        ("a: 1\nb: &x {<<: *x}\n", "an alias leads into itself"),
        ("a: 1\nb: *x\n", "found undefined alias"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(yaml.YAMLError) as refused:
        yaml_12.read(text)
    assert yaml_12.mistake(refused.value) == (2, problem)


@pytest.mark.parametrize(("first", "rest"), [("[x, x]", "[%s]"), ("{x: 1}", "{<<: [%s]}")])
def test_aliases_cannot_multiply_without_end(first: str, rest: str) -> None:
    names = [f"a{number}" for number in range(10)]
    repeated = [
        f"{name}: &{name} {rest % ', '.join([f'*{before}'] * 9)}"
        for before, name in pairwise(names)
    ]
    lines = [f"a0: &a0 {first}", *repeated]
    with pytest.raises(yaml.YAMLError, match="aliases make the document too large"):
        yaml_12.read("\n".join(lines))


def test_an_alias_repeats_what_it_leads_to() -> None:
    assert yaml_12.read("{a: &a [1, {b: 2}], c: *a}") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
