"""The torture file: hundreds of cards, each with one feature and its computed outcome.

A few uploads hold them all, so a difference costs no request until it is confirmed alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.torture.catalogue import FEATURES
from qlara_contract.torture.files import Budget, TortureFile, Writer, assemble, draw

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

PROMISES: tuple[PromiseId, ...] = tuple(
    dict.fromkeys(
        (
            *(each.promise for each in FEATURES if each.promise != "numbers.default-region"),
            "upload.imports-a-file",
            "upload.error-line-in-card",
            "upload.error-line",
            "upload.summary-total",
            "upload.summary-imported",
            "upload.summary-errors",
            "tags.all-in-order",
            "list.every-contact-once",
        )
    )
)
"""The promises that the torture file judges."""

__all__ = ["PROMISES", "Budget", "TortureFile", "Writer", "assemble", "draw"]
