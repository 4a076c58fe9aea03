"""Which operation of a contract is which of another: by its id, or else by its method and path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.changes.contract_parts import without_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_contract.changes.contract_parts import DescribedOperation

    Pair = tuple[DescribedOperation | None, DescribedOperation | None]


def matched(old: Iterable[DescribedOperation], new: Iterable[DescribedOperation]) -> list[Pair]:
    """Return each operation of *old* with that of *new* that it is, then those that *old* has not."""
    others = list(new)
    found: list[Pair] = []
    unnamed = []
    by_id = {each.operation_id: each for each in others if each.operation_id}
    for each in old:
        other = by_id.pop(each.operation_id or "", None)
        if other is None:
            unnamed.append(each)
        else:
            others.remove(other)
            found.append((each, other))
    by_line = {without_names(each.request_line): each for each in others}
    for each in unnamed:
        other = by_line.pop(without_names(each.request_line), None)
        found.append((each, other))
    return [*found, *((None, each) for each in by_line.values())]
