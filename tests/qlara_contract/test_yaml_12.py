"""The suite's own reader of YAML: scalars as version 1.2 has them, section 10.3.2."""

from __future__ import annotations

import pytest

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
