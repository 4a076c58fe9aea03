"""Two contracts compared, part by part: what is new, gone, narrower or wider, and what can break a client.

A client can break by what it may no longer send, and by what it may now get: a narrower request, a wider
response. A status of a refusal that is new or gone breaks none, as clients treat every refusal as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.contract_parts import ContractReader, without_names
from qlara_contract.changes.keywords import LOWER_BOUNDS, UPPER_BOUNDS
from qlara_contract.changes.matching import matched
from qlara_contract.changes.parts import (
    CLOSED,
    CREDENTIALS,
    EXISTS,
    ITEMS,
    MEDIA_TYPE,
    NAME,
    OTHER_FIELDS,
    PATTERN,
    POSITION,
    REQUEST_LINE,
    REQUIRED,
    SENT_AS,
    Absence,
    ContractPart,
    Place,
    Sender,
)
from qlara_contract.changes.presence import Combinations
from qlara_contract.changes.values import divides, is_higher, is_same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_contract.changes.parts import Inner

_BOUNDS = {
    **dict.fromkeys(LOWER_BOUNDS, True),
    **dict.fromkeys({*UPPER_BOUNDS, "max-bytes"}, False),
}
# What is said of something that exists anyway, without a bound of more or less.
_WORDS = frozenset({"default", "value", REQUEST_LINE, MEDIA_TYPE, NAME})
# Formats of which each value of the first is one of the second.
_NARROWER_FORMATS = frozenset({("int32", "int64"), ("float", "double")})
# How many parts of one message are compared wherever references lead to them, and not once only.
_MOST_REPEATED = 300
_DEEPEST = 60  # steps of a place
# What is said of a schema where it is used, and not by itself.
_OF_PLACES = frozenset({REQUIRED, SENT_AS, MEDIA_TYPE})


class ChangeKind(StrEnum):
    """What became of what was said; ``CHANGED`` is another one in its place, neither narrower nor wider."""

    NEW = "new"
    GONE = "gone"
    NARROWER = "narrower"
    WIDER = "wider"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One change: where, of what, from which value to which (None: none), and whether it can break a client.

    ``source`` is where the contract has it from: a heading of UC-020, or an assumption.
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
    """Return how the second of two OpenAPI documents differs from the first; what can break a client first.

    Raises:
        KeyError: a reference in one of them leads nowhere.
    """
    return sorted(
        _changes(ContractReader(old), ContractReader(new)), key=lambda each: not each.breaks
    )


def _changes(old: ContractReader, new: ContractReader) -> Iterator[Change]:
    comparison = _Comparison()
    for before, after in matched(old.operations(), new.operations()):
        if before and after:
            place = (after.name,)
            yield from comparison.operation(place, old.operation(before), new.operation(after))
        elif before:
            yield _gone_or_new((before.name,), old.operation(before), None)
        elif after:
            yield _gone_or_new((after.name,), None, new.operation(after))
    conventions, others = dict(old.conventions()), dict(new.conventions())
    for name in {**conventions, **others}:
        known, other = conventions.get(name), others.get(name)
        yield from _of_values(("convention", name), known or _NOTHING, other or _NOTHING)
    servers, others = dict(old.servers()), dict(new.servers())
    for url in {**servers, **others}:
        if (url in servers) != (url in others):
            yield _gone_or_new(("server", url), servers.get(url), others.get(url))


_NOTHING = ContractPart(Sender.NOBODY, "")


def _gone_or_new(
    place: Place,
    old: ContractPart | None,
    new: ContractPart | None,
    exists: tuple[str, Any] = (EXISTS, True),
) -> Change:
    part = new or old
    assert part is not None, "one of the two has it"
    aspect, value = exists
    if new is None:
        return Change(ChangeKind.GONE, place, aspect, value, None, breaks=True, source=part.source)
    return Change(ChangeKind.NEW, place, aspect, None, value, breaks=False, source=part.source)


class _Comparison:
    """Compares operations, message by message.

    References may lead to the same parts again and again: within a message, into themselves or by so many
    ways that no time were enough; from one message to the next, to parts that are known to be unchanged.
    """

    def __init__(self) -> None:
        self._unchanged: set[tuple[str, str, Sender]] = set()
        self._open: set[tuple[str, str, Sender]] = set()
        self._met: set[tuple[str, str, Sender]] = set()
        self._count = 0
        self._left_out = 0

    def operation(self, place: Place, old: ContractPart, new: ContractPart) -> Iterator[Change]:
        """Yield what has changed of an operation."""
        yield from _of_values(place, old, new)
        yield from self._inner(place, old, new)

    def _part(self, place: Place, old: ContractPart, new: ContractPart) -> list[Change]:
        self._count += 1
        together = _of_alternatives(place, old, new)
        if together:
            return [together, *_of_values(place, old, new, aspects=_OF_PLACES)]
        found = list(_of_values(place, old, new))
        pair = (old.origin, new.origin, new.sender)
        if not (old.origin and new.origin):
            return found + list(self._inner(place, old, new))
        if pair in self._unchanged:
            return found
        if pair in self._open or (pair in self._met and self._count > _MOST_REPEATED):
            self._left_out += 1
            return found
        self._open.add(pair)
        self._met.add(pair)
        left_out = self._left_out
        within = list(self._inner(place, old, new))
        self._open.remove(pair)
        if not within and self._left_out == left_out:
            self._unchanged.add(pair)
        return found + within

    def _inner(self, place: Place, old: ContractPart, new: ContractPart) -> Iterator[Change]:
        for key in {**old.inner, **new.inner}:
            if key == OTHER_FIELDS and (old.value(CLOSED) or new.value(CLOSED)):
                continue  # told by whether there may be others
            before, after = old.inner.get(key), new.inner.get(key)
            known = after or before
            if known and None in (before, after) and _falls_to_the_rest(key, old, new):
                change = _gone_or_new((*place, *known.steps), *_read(before, after))
                yield replace(change, kind=ChangeKind.CHANGED, breaks=True)
                continue
            if len(place) == 1:
                self._met.clear()
                self._count = 0
            yield from self._either(place, key, before, after, old)

    def _either(
        self, place: Place, key: str, before: Inner | None, after: Inner | None, old: ContractPart
    ) -> Iterator[Change]:
        known = after or before
        assert known is not None, "one of the two has it"
        at = (*place, *known.steps)
        if before and after and before.is_described and not after.is_described:
            after = None
        one, other = _read(before, after)
        if one and other:
            yield from self._part(at, one, other) if len(at) < _DEEPEST else ()
        elif known.absence is Absence.ANYTHING:
            part = other or one
            assert part is not None
            yield from self._part(at, one or part.empty, other or part.empty)
        elif before and not before.is_described:
            yield from _of_values(at, before.read(), before.read().but({REQUIRED: False}))
        elif known.absence is Absence.TOLD:
            change = _gone_or_new(at, one, other, known.exists)
            if key.startswith("status "):
                # A success is what a client waits for: another one is as bad as none.
                change = replace(change, breaks=key.startswith("status 2"))
            elif other and other.sender is Sender.CLIENT and other.value(REQUIRED):
                is_another_body = key.startswith("body ") and any(
                    each.startswith("body ") for each in old.inner
                )
                if not is_another_body:
                    change = replace(change, aspect=REQUIRED, new=True, breaks=True)
            yield change


def _read(
    before: Inner | None, after: Inner | None
) -> tuple[ContractPart | None, ContractPart | None]:
    return (before.read() if before else None), (after.read() if after else None)


def _falls_to_the_rest(key: str, *parts: ContractPart) -> bool:
    """Return whether what is not demanded of its own is held against another schema, wider or narrower.

    So it is with the fields of a pattern, and with the first items of an array.
    """
    if key.startswith(PATTERN):
        return any(part.value(CLOSED) or OTHER_FIELDS in part.inner for part in parts)
    return key.startswith(POSITION) and any(ITEMS in part.inner for part in parts)


def _of_alternatives(place: Place, old: ContractPart, new: ContractPart) -> Change | None:
    """Return what it means that a schema has become one of several, or one of several the only one."""
    for one, several, kind in ((old, new, ChangeKind.WIDER), (new, old, ChangeKind.NARROWER)):
        if one.alternatives or len(several.alternatives) != 1:
            continue
        [(key, names)] = several.alternatives.items()
        if one.itself in names and _allows(several, one):
            values = frozenset([names[one.itself]]), frozenset(names.values())
            before, after = values if kind is ChangeKind.WIDER else reversed(values)
            breaks = _breaks(kind, new.sender)
            return Change(kind, place, key, before, after, breaks, new.source)
    return None


def _allows(several: ContractPart, one: ContractPart) -> bool:
    """Return whether what *several* demands beside its alternatives keeps none of *one* away."""
    if not several.is_alternatives_alone:
        return False
    types, own = several.value("type"), one.value("type")
    return types is None or (own is not None and own <= types)


def _of_values(
    place: Place, old: ContractPart, new: ContractPart, aspects: frozenset[str] = frozenset()
) -> Iterator[Change]:
    """Yield what has become another value, of these aspects alone if any are given."""
    for aspect in {**old.says, **new.says}:
        values = old.value(aspect), new.value(aspect)
        if aspect == CLOSED:  # what says nothing of it is open
            values = bool(values[0]), bool(values[1])
        if (aspects and aspect not in aspects) or _are_same(aspect, *values):
            continue
        if aspect == CREDENTIALS and None in values:
            continue  # told by whether a key is needed
        kind = _kind(aspect, *values)
        said = new.says.get(aspect) or old.says[aspect]
        breaks = _breaks(kind, new.sender)
        yield Change(kind, place, aspect, *values, breaks, said.source)


def _are_same(aspect: str, old: Any, new: Any) -> bool:
    if aspect == REQUEST_LINE:
        return without_names(str(old)) == without_names(str(new))
    return is_same(old, new)


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
    return _of_two(aspect, old, new)


def _of_two(aspect: str, old: Any, new: Any) -> ChangeKind:
    if isinstance(new, bool):
        return ChangeKind.NARROWER if new else ChangeKind.WIDER
    if aspect in _BOUNDS:
        is_least = _BOUNDS[aspect]
        is_narrower = is_higher(new, old, is_least=is_least) is is_least
        return ChangeKind.NARROWER if is_narrower else ChangeKind.WIDER
    if isinstance(new, frozenset) and isinstance(old, frozenset):
        return _of_sets(old, new)
    if (aspect == "multipleOf" and divides(old, new)) or (new, old) in _NARROWER_FORMATS:
        return ChangeKind.NARROWER
    if (aspect == "multipleOf" and divides(new, old)) or (old, new) in _NARROWER_FORMATS:
        return ChangeKind.WIDER
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
