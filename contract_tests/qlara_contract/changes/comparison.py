"""Two contracts compared, statement by statement: what is new, gone, narrower or wider, and what can break a client.

A client can break by what it may no longer send, and by what it may now get: a narrower request, a wider
response. A status of a refusal that is new or gone breaks none, as clients treat every refusal as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.schemas import LOWER_BOUNDS, UPPER_BOUNDS, Combinations
from qlara_contract.changes.statements import (
    CREDENTIALS,
    EXISTS,
    Place,
    Sender,
    Statement,
    StatementKey,
    statements,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BOUNDS = {
    **dict.fromkeys(LOWER_BOUNDS, True),
    **dict.fromkeys({*UPPER_BOUNDS, "max-bytes"}, False),
}
# What is said of something that exists anyway, without a bound of more or less.
_WORDS = frozenset({"default", "value", "request line", "media type"})


class ChangeKind(StrEnum):
    """What became of a statement; ``CHANGED`` is another one in its place, neither narrower nor wider."""

    NEW = "new"
    GONE = "gone"
    NARROWER = "narrower"
    WIDER = "wider"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One change: where, of what, from which value to which (None: none), and whether it can break a client.

    ``source`` is where the contract has the statement from: a heading of UC-020, or an assumption.
    """

    kind: ChangeKind
    place: Place
    aspect: str
    old: Any
    new: Any
    breaks: bool
    source: str

    @property
    def is_of_a_response(self) -> bool:
        """Whether the second step of the place is the status of a response."""
        return len(self.place) > 1 and (self.place[1][:1].isdigit() or self.place[1] == "default")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return how the second of two OpenAPI documents differs from the first; what can break a client first."""
    found = _changes(statements(old), statements(new))
    return sorted(found, key=lambda change: not change.breaks)


def _changes(
    old: Mapping[StatementKey, Statement], new: Mapping[StatementKey, Statement]
) -> Iterator[Change]:
    appeared = {key.place for key in new.keys() - old.keys() if key.aspect == EXISTS}
    vanished = {key.place for key in old.keys() - new.keys() if key.aspect == EXISTS}
    for key in {**old, **new}:
        if _is_within(key, appeared | vanished):
            continue
        before, after = old.get(key), new.get(key)
        if key.aspect == EXISTS:
            if before is None or after is None:
                yield _of_existence(key, before, after, new)
            continue
        said = after or before
        assert said is not None, "one of the two has it"
        values = (before.value if before else None, after.value if after else None)
        if key.aspect == CREDENTIALS and None in values:
            continue  # told by whether a key is needed
        if values[0] != values[1]:
            kind = _kind(key.aspect, *values)
            breaks = _breaks(kind, said.sender)
            yield Change(kind, key.place, key.aspect, *values, breaks, said.source)


def _is_within(key: StatementKey, places: set[Place]) -> bool:
    """Return whether a statement is about a part of something that is new or gone as a whole."""
    place = key.place if key.aspect != EXISTS else key.place[:-1]
    return any(place[:length] in places for length in range(1, len(place) + 1))


def _of_existence(
    key: StatementKey,
    before: Statement | None,
    after: Statement | None,
    new: Mapping[StatementKey, Statement],
) -> Change:
    said = after or before
    assert said is not None, "one of the two has it"
    kind = ChangeKind.NEW if before is None else ChangeKind.GONE
    required = new.get(StatementKey(key.place, "required"))
    if kind is ChangeKind.NEW and said.sender is Sender.CLIENT and required and required.value:
        return Change(kind, key.place, "required", None, True, True, said.source)
    # A success is what a client waits for: another one is as bad as none.
    is_status = _is_status(key.place, said)
    breaks = key.place[-1].startswith("2") if is_status else kind is ChangeKind.GONE
    old_value, new_value = (before.value if before else None), (after.value if after else None)
    return Change(kind, key.place, EXISTS, old_value, new_value, breaks, said.source)


def _is_status(place: Place, said: Statement) -> bool:
    return said.sender is Sender.DEPLOYMENT and len(place) == 2


def _kind(aspect: str, old: Any, new: Any) -> ChangeKind:
    if aspect in _WORDS:
        if old is None or new is None:
            return ChangeKind.NEW if old is None else ChangeKind.GONE
        return ChangeKind.CHANGED
    if isinstance(old, Combinations) or isinstance(new, Combinations):
        before, after = old or Combinations(), new or Combinations()
        names = before.names | after.names
        return _of_sets(before.over(names), after.over(names))
    if old is None or new is None:
        return ChangeKind.NARROWER if old is None else ChangeKind.WIDER
    if isinstance(new, bool):
        return ChangeKind.NARROWER if new else ChangeKind.WIDER
    if aspect in _BOUNDS:
        return ChangeKind.NARROWER if (new > old) is _BOUNDS[aspect] else ChangeKind.WIDER
    if isinstance(new, frozenset) and isinstance(old, frozenset):
        return _of_sets(old, new)
    return ChangeKind.CHANGED


def _of_sets(old: frozenset[Any], new: frozenset[Any]) -> ChangeKind:
    if new < old:
        return ChangeKind.NARROWER
    return ChangeKind.WIDER if new > old else ChangeKind.CHANGED


def _breaks(kind: ChangeKind, sender: Sender) -> bool:
    if kind in {ChangeKind.GONE, ChangeKind.CHANGED}:
        return True
    if kind is ChangeKind.NEW:
        return False
    return (kind is ChangeKind.NARROWER) == (sender is Sender.CLIENT)
