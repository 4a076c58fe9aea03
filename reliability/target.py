"""What a fuzz target is: where inputs begin, how one is changed, and what must hold for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random


class InvariantBroken(Exception):
    """What must hold for every input did not hold for one.

    ``invariant`` names it in a few words, the same ones each time; ``detail`` is what was seen.
    """

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail


class Figures(NamedTuple):
    """What a target measured while it ran; None where there is nothing to measure.

    ``peak_mb`` is the peak resident memory of the process that the product runs in, in MB (10^6 bytes); ``bystander_p99_ms``
    the 99th percentile of requests that another client made meanwhile.
    """

    peak_mb: float | None = None
    bystander_p99_ms: float | None = None


class Target(Protocol):
    """Something that takes bytes, and must take any bytes.

    The same input leads to the same behaviour, whatever came before it.
    """

    name: str

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with; the corpus of the target comes on top."""

    def mutate(self, data: bytes, rng: Random) -> bytes:
        """Return another input, made of *data*."""

    def run(self, data: bytes) -> Hashable:
        """Try one input, and return how the product behaved, in coarse terms.

        An input whose behaviour was not seen before is worth keeping.

        Raises:
            InvariantBroken: it does not behave as it must.
        """

    def figures(self) -> Figures:
        """Return what was measured so far."""

    def close(self) -> None:
        """Release what the target holds."""
