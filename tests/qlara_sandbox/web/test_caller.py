from __future__ import annotations

import pytest

from qlara_sandbox.web.caller import chosen_by_key, masked


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("YOUR_API_KEY", "YOUR_API_KEY"),
        ("sandbox_anna_secret", "sandbox_an…"),
        ("sandbox_anna__flaky", "sandbox_an…__flaky"),
        ("live_4711", "…"),
        ("live__4711", "…"),
    ],
)
def test_a_key_is_shown_by_no_more_than_tells_it_apart(key: str, shown: str) -> None:
    assert masked(key) == shown


@pytest.mark.parametrize(
    ("key", "scenario"),
    [
        ("sandbox_anna__flaky", "flaky"),
        ("sandbox___flaky", "_flaky"),
        ("sandbox_anna", None),
        ("sandbox_anna__", None),
        ("YOUR_API_KEY", None),
        ("live__flaky", None),
    ],
)
def test_only_a_key_of_the_sandbox_names_a_scenario(key: str, scenario: str | None) -> None:
    assert chosen_by_key(key) == scenario
