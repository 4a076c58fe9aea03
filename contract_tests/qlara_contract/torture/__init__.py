"""The torture file: hundreds of cards, each with one feature and its computed outcome.

A few uploads hold them all, so a difference costs no request until it is confirmed alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.torture.catalogue import FEATURES
from qlara_contract.torture.files import TortureBudget, TortureFile, Writer, assemble, draw
from qlara_contract.torture.judge import OF_ERRORS, OF_EVERY_FILE

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

PROMISES: tuple[PromiseId, ...] = tuple(
    dict.fromkeys(
        (
            *(each.promise for each in FEATURES if each.promise != "numbers.default-region"),
            *OF_EVERY_FILE,
            *OF_ERRORS,
        )
    )
)
"""The promises that the torture file judges."""

__all__ = ["PROMISES", "TortureBudget", "TortureFile", "Writer", "assemble", "draw"]
