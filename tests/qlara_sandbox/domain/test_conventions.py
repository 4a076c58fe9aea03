from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from qlara_sandbox.domain.conventions import (
    BY_NAME,
    TABLE,
    USUAL,
    Conventions,
    InvalidConvention,
    convention,
)


def test_every_convention_has_a_name_of_its_own_and_a_place_in_the_class() -> None:
    assert len(BY_NAME) == len(TABLE)
    assert {one.attribute for one in TABLE} == {one.name for one in fields(Conventions)}


def test_the_default_of_every_convention_is_that_of_the_class() -> None:
    assert USUAL.values() == {one.name: one.default for one in TABLE}
    assert USUAL.differences() == {}


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_every_value_of_a_convention_survives_the_way_through_the_class(one: object) -> None:
    known = BY_NAME[one.name]  # type: ignore[attr-defined]
    for value in known.kind.samples():
        assert Conventions.of({known.name: value}).values()[known.name] == known.read(value)


@pytest.mark.parametrize(
    ("written", "time", "plain"),
    [
        ("0s", timedelta(), "0s"),
        ("0h", timedelta(), "0s"),
        ("2000ms", timedelta(seconds=2), "2s"),
        ("250ms", timedelta(milliseconds=250), "250ms"),
        ("90s", timedelta(seconds=90), "90s"),
        ("24h", timedelta(hours=24), "24h"),
    ],
)
def test_times_are_read_with_their_unit_and_written_with_the_largest_that_fits(
    written: str, time: timedelta, plain: str
) -> None:
    read = Conventions.of({"settle": written})

    assert read.settle == time
    assert read.values()["settle"] == plain


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("order", "size", "order: expected import, newest, name, id or number; found 'size'"),
        ("page.first", True, "page.first: expected 0 or 1; found True"),
        ("page.first", 2, "page.first: expected 0 or 1; found 2"),
        (
            "limit.default",
            0,
            "limit.default: expected a whole number from 1 to 10000; found 0",
        ),
        (
            "error-list",
            "some",
            "error-list: expected all, or a whole number from 0 to 100000; found 'some'",
        ),
        (
            "settle",
            "25h",
            "settle: expected a time of at most 24h, such as 250ms, 2s or 5m; found '25h'",
        ),
        ("settle", 2, "settle: expected a time of at most 24h, such as 250ms, 2s or 5m; found 2"),
        ("region", "it", "region: expected an ISO 3166-1 code such as IT; found 'it'"),
        ("key.field", "", "key.field: expected a field name such as apiKey; found ''"),
        ("key.missing", None, "key.missing: expected 401, 403 or 400; found None"),
        (
            "limits.default",
            5,
            "limits.default: expected a convention that there is (did you mean limit.default?); found 5",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_what_was_expected(
    name: str, value: object, message: str
) -> None:
    with pytest.raises(InvalidConvention) as error:
        Conventions.of({name: value})

    assert str(error.value) == message


def test_an_unknown_name_that_resembles_none_lists_them_all() -> None:
    with pytest.raises(InvalidConvention, match=r"limit\.default, limit\.maximum.*found 'z'"):
        convention("qqqqqq", "z")


def test_text_from_a_command_line_is_a_number_where_it_looks_like_one() -> None:
    assert BY_NAME["limit.default"].read_text("50") == 50
    assert BY_NAME["unknown-list"].read_text("created") == "created"
    assert BY_NAME["unknown-list"].read_text("400") == 400
    with pytest.raises(InvalidConvention):
        BY_NAME["unknown-list"].read_text("402")
