from __future__ import annotations

import click
import pytest

from qlara_cli.duration import Duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("90s", 90), ("1.5m", 90), ("2h", 7200), (" 10s ", 10)],
)
def test_a_time_has_a_unit(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "10", "0s", "-1s", "1d", "s", "1e3s", "1 s", "٣s"])
def test_what_is_no_time_is_told_with_what_was_expected(text: str) -> None:
    with pytest.raises(click.BadParameter) as told:
        Duration().convert(text, None, None)

    assert told.value.message == (f"expected a time such as 500ms, 90s, 10m or 2h; found {text!r}.")
