"""The loop of a fuzzer: take an input, change it, try it, and keep it if it shows something new."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from reliability.shrinking import shrink
from reliability.target import Figures, InvariantBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from reliability.target import Target

# The same invariant breaks for many inputs: one is shown, the others are counted.
_SHOWN = 12
_SHRINK_SECONDS = 8.0


class Failure(NamedTuple):
    """An input that broke an invariant, shortened; so many ``inputs`` broke it."""

    invariant: str
    detail: str
    data: bytes
    inputs: int


class Outcome(NamedTuple):
    """What a run of one target came to; ``fresh`` are inputs that showed a behaviour first."""

    target: str
    seed: int
    tried: int
    seconds: float
    behaviours: int
    failures: list[Failure]
    fresh: list[bytes]
    figures: Figures

    @property
    def failed(self) -> int:
        """How many inputs broke something."""
        return sum(failure.inputs for failure in self.failures)


class Limits(NamedTuple):
    """When a run ends: after so many seconds or inputs, whichever comes first."""

    seconds: float
    inputs: int | None = None

    def are_reached(self, seconds: float, inputs: int) -> bool:
        """Return whether a run that has tried so much is to end."""
        return seconds >= self.seconds or (self.inputs is not None and inputs >= self.inputs)


def fuzz(
    target: Target,
    seed: int,
    limits: Limits,
    corpus: list[bytes],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Try inputs until *limits* are reached: seeds and *corpus* as they are, then mutations.

    The same target, seed and corpus give the same inputs in the same order.
    """
    run = Run(target, seed)
    began = clock()
    for data in [*target.seeds(), *corpus]:
        run.try_one(data, is_fresh=False)
    while not limits.are_reached(clock() - began, run.tried):
        run.try_one(run.next_input(), is_fresh=True)
    seconds = clock() - began
    return run.outcome(seconds)


def broken(target: Target, data: bytes) -> InvariantBroken | None:
    """Try one input; return what it broke, or None."""
    try:
        target.run(data)
    except InvariantBroken as error:
        return error
    return None


class Run:
    """What was tried of one target so far, and what it showed."""

    def __init__(self, target: Target, seed: int) -> None:
        self.tried = 0
        self._target = target
        self._seed = seed
        self._rng = Random(f"{target.name}:{seed}")
        self._pool: list[bytes] = []
        self._seen: set[Hashable] = set()
        self._fresh: list[bytes] = []
        self._failures: dict[str, Failure] = {}

    def next_input(self) -> bytes:
        """Return a mutation of an input that showed something."""
        # The shorter of two: many short inputs find more than a few long ones.
        data = min(self._rng.choices(self._pool, k=2), key=len) if self._pool else b""
        return self._target.mutate(data, self._rng)

    def random_for(self, number: int) -> Random:
        """Return the source of chance for a mutation that somebody else numbers."""
        return Random(f"{self._target.name}:{self._seed}:{number}")

    def try_one(self, data: bytes, *, is_fresh: bool) -> None:
        """Try an input, and remember it if it showed something; *is_fresh*: it is in no corpus."""
        self.tried += 1
        try:
            behaviour = self._target.run(data)
        except InvariantBroken as error:
            self._note(error, data)
            return
        if behaviour not in self._seen:
            self._seen.add(behaviour)
            self._pool.append(data)
            if is_fresh:
                self._fresh.append(data)
        elif not is_fresh:
            self._pool.append(data)

    def outcome(self, seconds: float) -> Outcome:
        """Return what came of it in so many seconds."""
        return Outcome(
            self._target.name,
            self._seed,
            self.tried,
            seconds,
            len(self._seen),
            list(self._failures.values()),
            self._fresh,
            self._target.figures(),
        )

    def _note(self, error: InvariantBroken, data: bytes) -> None:
        known = self._failures.get(error.invariant)
        if known is not None:
            self._failures[error.invariant] = known._replace(inputs=known.inputs + 1)
            return
        if len(self._failures) < _SHOWN:
            data = shrink(data, self._breaks(error.invariant), _SHRINK_SECONDS)
            error = broken(self._target, data) or InvariantBroken(
                error.invariant, f"{error.detail} (not again when it was tried alone)"
            )
        self._failures[error.invariant] = Failure(error.invariant, error.detail, data, 1)

    def _breaks(self, invariant: str) -> Callable[[bytes], bool]:
        def is_bad(data: bytes) -> bool:
            error = broken(self._target, data)
            return error is not None and error.invariant == invariant

        return is_bad
