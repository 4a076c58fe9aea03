"""While large imports run, nothing is collected; afterwards it is as it was, and what nobody needs is freed."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from weakref import ref

import pytest

from qlara_sandbox.services.garbage import PausedGarbage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()
    assert gc.isenabled()


class Held:
    """Something that can be referred to."""


def test_nothing_is_collected_until_the_last_import_is_over() -> None:
    garbage = PausedGarbage()
    with garbage.pause():
        with garbage.pause():
            inner = gc.isenabled()
        outer = gc.isenabled()

    assert (inner, outer, gc.isenabled()) == (False, False, True)


def test_an_import_that_fails_lets_the_collection_go_on() -> None:
    with pytest.raises(LookupError), PausedGarbage().pause():
        raise LookupError

    assert gc.isenabled()


def test_what_an_import_leaves_is_not_looked_at_and_freed_all_the_same() -> None:
    with PausedGarbage().pause():
        held = Held()
    left = ref(held)

    assert not any(one is held for one in gc.get_objects())
    del held
    assert left() is None


def cycle() -> ref[Held]:
    """Make a cycle that nobody refers to, and return a weak reference into it."""
    one = Held()
    one.itself = one  # type: ignore[attr-defined]
    return ref(one)


def test_cycles_from_before_an_import_are_collected_before_it() -> None:
    garbage = PausedGarbage()
    gc.collect()
    before = cycle()
    with garbage.pause():
        assert before() is None


def test_cycles_that_came_during_imports_are_collected_in_the_end() -> None:
    garbage, left = PausedGarbage(full_every=3), []
    for _ in range(2):
        with garbage.pause():
            left.append(cycle())
    gc.collect()
    assert all(one() is not None for one in left)
    with garbage.pause():
        assert all(one() is None for one in left)
