"""The checks of acts: one function per word of ``expect``, from the evidence to what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_rehearsal.checks import account, endings, reading, repeating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qlara_rehearsal.evidence import Evidence, Finding

CHECKS: Mapping[str, Callable[[Evidence, Any], Iterator[Finding]]] = {
    "contacts": account.contacts,
    "new_lists": account.new_lists,
    "final": repeating.final,
    "tries_again": repeating.tries_again,
    "waits": repeating.waits,
    "pages": reading.pages,
    "half_a_list": reading.half_a_list,
    "ends": endings.ends,
}
"""By the word of ``expect``; each gets its value."""
