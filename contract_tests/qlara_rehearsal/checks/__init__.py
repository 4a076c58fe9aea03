"""The checks of acts: one function per word of ``expect``, from the evidence to what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_rehearsal.checks import account, endings, reading, repeating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qlara_rehearsal.evidence import ActEvidence, ActFinding

CHECKS: Mapping[str, Callable[[ActEvidence, Any], Iterator[ActFinding]]] = {
    "tries_again": repeating.tries_again,
    "waits": repeating.waits,
    "final": repeating.final,
    "contacts": account.contacts,
    "new_lists": account.new_lists,
    "pages": reading.pages,
    "half_a_list": reading.half_a_list,
    "ends": endings.ends,
}
"""By the word of ``expect``; each gets its value."""

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("tries_again",),
    "ends": ("tries_again", "contacts"),
}
"""The words of which nothing is told where one of others is not kept: it would be the same again."""
