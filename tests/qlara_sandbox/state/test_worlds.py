from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.domain.account import Account
from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.state.clock import Clock
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.world import ContactList, World
from qlara_sandbox.state.worlds import (
    MOST_BINDINGS,
    MOST_EVICTED_KEYS,
    Bounds,
    WorldKey,
    Worlds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_sandbox.state.worlds import WorldEntry


def fresh(_: WorldKey) -> World:
    return World(Account(), Clock("UTC"), Ids("seed"))


def key(label: str, session: str = "default", scenario: str = "default") -> WorldKey:
    return WorldKey(f"sandbox_{label}", session, scenario)


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def worlds(heard: list[tuple[str, str]]) -> Worlds:
    return keeping(Bounds(3, 10**9), lambda what, entry: heard.append((what, entry.key.api_key)))


def keeping(bounds: Bounds, tell: Callable[[str, WorldEntry], None] = lambda *_: None) -> Worlds:
    return Worlds(fresh, "default", bounds, tell)


@contextmanager
def using(worlds: Worlds, entry: WorldEntry) -> Iterator[None]:
    worlds.begin(entry)
    try:
        yield
    finally:
        worlds.end(entry, writes=True)


def labels(worlds: Worlds) -> list[str]:
    return [entry.key.api_key.removeprefix("sandbox_") for entry in worlds.entries()]


def test_the_worlds_that_have_been_idle_longest_are_given_up_first(
    worlds: Worlds, heard: list[tuple[str, str]]
) -> None:
    for label in ("a", "b", "c", "a", "d"):
        worlds.at(key(label))

    assert labels(worlds) == ["c", "a", "d"]
    assert worlds.evicted == 1
    assert heard[-2:] == [("expired", "sandbox_b"), ("grown", "sandbox_d")]


def test_a_world_with_a_request_under_way_is_not_evicted(worlds: Worlds) -> None:
    with using(worlds, worlds.get_or_create(key("a"), 0.0)):
        for label in ("b", "c", "d", "e"):
            worlds.at(key(label))

        assert labels(worlds) == ["a", "d", "e"]


def test_a_world_that_was_in_use_for_long_is_evicted_before_one_that_is_only_just_asked_for() -> (
    None
):
    worlds = keeping(Bounds(1000, 30_000))
    entry = worlds.get_or_create(key("a"), 0.0)
    with using(worlds, entry):
        worlds.at(key("b"))
        entry.world.add(
            Contact(f"cnt_{n}", "A", f"+39347{n:07}", "", "", (), "2026-04-09T11:00:10Z")
            for n in range(60)
        )

    assert labels(worlds) == ["b"]


def test_a_request_to_a_world_that_was_replaced_does_not_free_the_new_one(worlds: Worlds) -> None:
    replaced = worlds.get_or_create(key("a"), 0.0)
    with using(worlds, replaced):
        worlds.put(key("a"), fresh(key("a")))
        with using(worlds, worlds.get_or_create(key("a"), 0.0)), using(worlds, replaced):
            pass
        for label in ("b", "c", "d"):
            worlds.at(key(label))

    assert labels(worlds) == ["b", "c", "d"]


def test_a_world_in_use_counts_its_requests_and_is_free_again_whatever_happens(
    worlds: Worlds,
) -> None:
    entry = worlds.get_or_create(key("a"), 0.0)
    seen: list[int] = []

    def fail() -> None:
        with using(worlds, entry):
            seen.append(entry.in_use)
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert (entry.requests, seen, entry.in_use) == (1, [1], 0)


def test_a_world_that_has_grown_makes_others_go() -> None:
    worlds = keeping(Bounds(1000, 30_000))
    for label in ("a", "b"):
        worlds.at(key(label))
    entry = worlds.get_or_create(key("c"), 0.0)
    with using(worlds, entry):
        entry.world.add(
            Contact(f"cnt_{n}", "A", f"+39347{n:07}", "", "", (), "2026-04-09T11:00:10Z")
            for n in range(60)
        )

    assert labels(worlds) == ["c"]
    assert worlds.bytes == entry.bytes > 30_000


def test_the_estimate_follows_what_comes_and_goes(worlds: Worlds) -> None:
    worlds.at(key("a"))
    one = worlds.bytes
    worlds.at(key("b"))
    assert worlds.bytes == 2 * one

    worlds.reset(key("a"))
    assert worlds.bytes == one
    worlds.reset()
    assert worlds.bytes == 0


def test_a_world_that_was_put_takes_the_place_of_the_one_before(worlds: Worlds) -> None:
    worlds.at(key("a"))
    other = fresh(key("a"))
    worlds.put(key("a"), other)

    assert worlds.at(key("a")) is other
    assert len(worlds) == 1


def test_a_scenario_is_that_of_the_request_then_of_the_binding_then_the_default(
    worlds: Worlds,
) -> None:
    worlds.bind("sandbox_a", "s", "bound")

    assert worlds.key("sandbox_a", "s", "own").scenario == "own"
    assert worlds.key("sandbox_a", "s", None).scenario == "bound"
    assert worlds.key("sandbox_a", "t", None).scenario == "default"


def test_a_reset_of_everything_returns_to_the_first_default_and_forgets_bindings(
    worlds: Worlds,
) -> None:
    worlds.bind("sandbox_a", "s", "bound")
    worlds.default = "changed"

    assert worlds.reset() == 0
    assert worlds.key("sandbox_a", "s", None).scenario == "default"


def test_the_worlds_of_one_key_are_reset_alone_and_narrowed_by_session_and_scenario(
    worlds: Worlds,
) -> None:
    for one in (key("a", "s"), key("a", "t"), key("b", "s")):
        worlds.at(one)

    assert worlds.reset_of("sandbox_a", "s", "other") == 0
    assert worlds.reset_of("sandbox_a", "s", None) == 1
    assert worlds.reset_of("sandbox_a", None, None) == 1
    assert labels(worlds) == ["b"]


def test_a_label_leads_to_its_world_and_to_no_other(worlds: Worlds) -> None:
    entry = worlds.get_or_create(key("a"), 0.0)

    assert worlds.find_by_label(entry.label) is entry
    assert worlds.find_by_label("world_99") is None


def test_contacts_that_all_worlds_of_a_scenario_share_weigh_less() -> None:
    contacts = [
        Contact(f"cnt_{n}", "A", f"+39347{n:07}", "", "", (), "2026-04-09T11:00:10Z")
        for n in range(100)
    ]
    own, sharing = fresh(key("a")), fresh(key("b"))
    for world in (own, sharing):
        world.add(contacts)
    sharing.shared = 100

    assert sharing.estimated_bytes() < own.estimated_bytes() / 2


def test_a_world_that_comes_back_after_its_eviction_is_known_as_such(worlds: Worlds) -> None:
    for label in ("a", "b", "c", "d", "a"):
        worlds.at(key(label))
    again, other = (worlds.get_or_create(key(label), 0.0) for label in ("a", "d"))

    assert (again.replaces_evicted, other.replaces_evicted, worlds.rebuilt) == (True, False, 1)


def test_a_world_that_was_reset_or_restored_does_not_replace_an_evicted_one(worlds: Worlds) -> None:
    for label in ("a", "b", "c", "d", "e"):
        worlds.at(key(label))
    worlds.reset(key("a"))
    worlds.put(key("b"), fresh(key("b")))
    reset, restored = (worlds.get_or_create(key(label), 0.0) for label in ("a", "b"))

    assert (reset.replaces_evicted, restored.replaces_evicted) == (False, False)


def test_evicted_keys_are_remembered_only_so_far() -> None:
    worlds = keeping(Bounds(1, 10**9))
    for number in range(MOST_EVICTED_KEYS + 2):
        worlds.at(key(f"{number}"))
    first, last = (worlds.get_or_create(key(f"{n}"), 0.0) for n in (0, MOST_EVICTED_KEYS))

    assert (first.replaces_evicted, last.replaces_evicted) == (False, True)


def test_the_least_recently_used_binding_is_dropped_past_the_bound(worlds: Worlds) -> None:
    for number in range(MOST_BINDINGS):
        worlds.bind(f"sandbox_{number}", "s", "bound")
    assert worlds.key("sandbox_0", "s", None).scenario == "bound"
    worlds.bind("sandbox_one_more", "s", "bound")

    assert worlds.key("sandbox_0", "s", None).scenario == "bound"
    assert worlds.key("sandbox_1", "s", None).scenario == "default"


def test_lists_and_long_keys_have_a_weight() -> None:
    world = fresh(key("a"))
    before = world.estimated_bytes()
    world.add_list(ContactList("l", "L", ["cnt_001"] * 10))
    worlds = keeping(Bounds())
    short, long = (worlds.get_or_create(key(label), 0.0) for label in ("a", "a" * 10_000))

    assert world.estimated_bytes() > before + 500
    assert long.bytes > short.bytes + 9_000
