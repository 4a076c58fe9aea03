from __future__ import annotations

import pytest

from qlara_sandbox.domain.errors import MissingKey, UnknownKey
from qlara_sandbox.web.caller import AcceptedKeys, Caller, chosen_by_key, identify, masked


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


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        (AcceptedKeys(frozenset({"live_4711"})), "live_4711"),
        (AcceptedKeys(any_key=True), "whatever__flaky"),
        (AcceptedKeys(frozenset({"live_4711"})), "YOUR_API_KEY"),
    ],
)
def test_an_accepted_key_has_an_account_of_its_own(keys: AcceptedKeys, key: str) -> None:
    assert identify({"x-api-key": key}, keys) == Caller(key, "default", None)


def test_a_key_that_is_not_accepted_learns_which_are_and_no_secret() -> None:
    keys = AcceptedKeys(frozenset({"live_4711"}))
    with pytest.raises(UnknownKey) as refused:
        identify({"x-api-key": "live_4712"}, keys)

    assert refused.value.message == (
        "Unknown or inactive API key. Accepted: YOUR_API_KEY, and any key that begins with sandbox_, "
        "and the keys given with --accept-key."
    )
    assert "live_4711" not in repr(keys)


@pytest.mark.parametrize("key", ["YOUR_API_KE", "OUR_API_KEY", "YOUR"])
def test_a_part_of_the_documented_key_is_not_shown_in_the_whole(key: str) -> None:
    with pytest.raises(UnknownKey) as refused:
        identify({"x-api-key": key})

    assert refused.value.message == (
        "Unknown or inactive API key. Accepted: the key that the documentation prints, "
        "and any key that begins with sandbox_."
    )


def test_where_every_key_is_accepted_one_is_needed_all_the_same() -> None:
    with pytest.raises(MissingKey, match="Accepted: any key"):
        identify({}, AcceptedKeys(any_key=True))
