"""Contract coverage: the items of a contract, which of them a request meets, and what a test run has met."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from qlara_sandbox.state.faults import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.web.observers.journal import JournalEntry

# What an item can be, in the order in which items are listed.
OPERATION, STATUS, PARAMETER, FIELD, VALUE, EXAMPLE, REASON, SCENARIO = KINDS = (
    "operation",
    "status",
    "parameter",
    "field",
    "value",
    "example",
    "reason",
    "scenario",
)
NO_RESPONSE = "no response"
# What the compiled contract calls the example of a response that has only one, without a name.
_NAMELESS = "default"
_NETWORK = frozenset(one.value for one in Network)
_ENDS = _NETWORK | {"respond"}
_FIRST_REFUSAL = 400  # RFC 9110 section 15.5
_MOST_KNOWN = 1000
_LONGEST_QUERY = 200
_Read = tuple[int, str | None, bytes]  # status, scenario, query
# What one account's refusal says and another's does not: names in quotes, and figures.
_OWN_FIGURES = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9]+(?: (?:MB|KB|bytes))?")


class CoverageItem(NamedTuple):
    """One thing that a test run can meet; ``operation`` is None for a scenario.

    ``name`` is that of an operation, status, parameter, form field, example, card error or scenario. Of a
    value, it is ``field=value``.
    """

    kind: str
    operation: str | None
    name: str


class UndocumentedOutcome(NamedTuple):
    """How a request ended that the contract says nothing of: a status, a network failure, or no response."""

    operation: str
    name: str


@dataclass(slots=True)
class Tally:
    """How many requests there were, which items they met, and what the contract says nothing of."""

    requests: int = 0
    items: Counter[CoverageItem] = field(default_factory=Counter)
    outcomes: Counter[UndocumentedOutcome] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """How many counts it holds."""
        return len(self.items) + len(self.outcomes)

    def add(self, other: Tally) -> None:
        """Count what another one has counted, too."""
        self.requests += other.requests
        self.items.update(other.items)
        self.outcomes.update(other.outcomes)


class Coverage(NamedTuple):
    """What of a contract has been met since a moment: each item with the number of its requests, 0 for never.

    ``since`` is in RFC 3339, in UTC. ``dropped`` counts the accounts that are in none of the counts of one key.
    """

    since: str
    requests: int
    items: Mapping[CoverageItem, int]
    outcomes: Mapping[UndocumentedOutcome, int]
    dropped: int = 0

    @property
    def met(self) -> int:
        """How many of the items have been met."""
        return sum(count > 0 for count in self.items.values())

    @property
    def percent(self) -> float:
        """The share of the items that have been met, rounded down: 100 means all of them."""
        return self.met * 1000 // len(self.items) / 10 if self.items else 100.0


def coverage(tally: Tally, items: Iterable[CoverageItem], since: str, dropped: int) -> Coverage:
    """Return what of *items* a tally has met."""
    counts = {item: tally.items[item] for item in items}
    return Coverage(since, tally.requests, counts, dict(sorted(tally.outcomes.items())), dropped)


def merged(parts: Iterable[Coverage]) -> Coverage:
    """Return what several sandboxes have met together; each item of any of their contracts counts once.

    Raises:
        ValueError: there are none.
    """
    several = list(parts)
    items: Counter[CoverageItem] = Counter()
    outcomes: Counter[UndocumentedOutcome] = Counter()
    for each in several:
        items.update(each.items)
        outcomes.update(each.outcomes)
    # The order of the first, with what only others have at the end of its kind.
    ordered = dict(sorted(items.items(), key=lambda pair: KINDS.index(pair[0].kind)))
    return Coverage(
        min(each.since for each in several),
        sum(each.requests for each in several),
        ordered,
        dict(sorted(outcomes.items())),
        sum(each.dropped for each in several),
    )


def items_of(contract: Contract, scenarios: Iterable[str]) -> Iterator[CoverageItem]:
    """Yield every item of a contract, and the scenarios, by kind."""
    operations = [ItemsOf(each, contract.conventions) for each in contract.operations]
    every = [item for each in operations for item in each.every()]
    yield from sorted(every, key=lambda item: KINDS.index(item.kind))
    for name in scenarios:
        yield CoverageItem(SCENARIO, None, name)


class ItemsOf:
    """The items of one operation, and which of them a request meets."""

    def __init__(self, operation: Operation, conventions: Conventions) -> None:
        self._id = operation.operation_id
        self._itself = self._item(OPERATION, self._id)
        self._statuses = {name: self._item(STATUS, name) for name in operation.statuses}
        query = [one for one in operation.parameters if one.location == "query"]
        fields = operation.form.fields.values() if operation.form else ()
        self._parameters = {one.name: self._item(PARAMETER, one.name) for one in query}
        self._fields = {one.name: self._item(FIELD, one.name) for one in fields}
        self._files = [one.name for one in fields if one.is_file]
        choices = {one.name: tuple(map(_sent, one.schema.get("enum", ()))) for one in query}
        choices |= {one.name: one.values for one in fields}
        self._values = {
            (name, value): self._item(VALUE, f"{name}={value}")
            for name, values in choices.items()
            for value in values
        }
        defaults = {**operation.defaults, **(operation.form.defaults if operation.form else {})}
        self._defaults = {
            name: _sent(value) for name, value in defaults.items() if choices.get(name)
        }
        self._examples = [
            (
                status,
                example.content,
                self._item(EXAMPLE, str(status) if name == _NAMELESS else name),
            )
            for status, response in sorted(operation.responses.items())
            if status >= _FIRST_REFUSAL
            for name, example in response.examples.items()
        ]
        # Clients send the same few reads again and again.
        self._known_reads: dict[_Read | None, list[CoverageItem]] = {}
        texts = (conventions.reason_missing_phone, conventions.reason_invalid_phone)
        self._reasons = [
            (b'"reason":' + orjson.dumps(text), self._item(REASON, text))
            for text in (texts if self._id == "uploadVCard" else ())
        ]

    def every(self) -> Iterator[CoverageItem]:
        """Yield all of them, each once."""
        found = [
            self._itself,
            *self._statuses.values(),
            *self._parameters.values(),
            *self._fields.values(),
            *self._values.values(),
            *(item for _, _, item in self._examples),
            *(item for _, item in self._reasons),
        ]
        yield from dict.fromkeys(found)

    def meet(self, entry: JournalEntry, tally: Tally) -> None:
        """Count a request, the items that it meets, and its outcome if the contract has no such status."""
        tally.requests += 1
        met = self._known_reads.get(_read(entry)) or self._meet(entry, tally)
        for each in met:  # on the way of every request: Counter.update takes three times as long
            tally.items[each] += 1

    def _meet(self, entry: JournalEntry, tally: Tally) -> list[CoverageItem]:
        """Return the items that a request meets, and count an outcome that the contract does not have."""
        met: list[CoverageItem] = [self._itself]
        if entry.key is not None:
            met.append(CoverageItem(SCENARIO, None, entry.key.scenario))
        outcome = outcome_of(entry)
        item = self._statuses.get(outcome)
        if item is None and outcome.isdecimal():
            item = self._statuses.get(f"{outcome[0]}XX") or self._statuses.get("default")
        if item is None:
            tally.outcomes[UndocumentedOutcome(self._id, outcome)] += 1
            return met
        met += [item, *self._of_content(entry)]
        read = _read(entry)
        if read is not None and not self._reasons:
            if len(self._known_reads) >= _MOST_KNOWN:
                self._known_reads.clear()
            self._known_reads[read] = met
        return met

    def _of_content(self, entry: JournalEntry) -> Iterator[CoverageItem]:
        if entry.status >= _FIRST_REFUSAL:
            yield from self._of_refusal(entry)
        elif entry.status < 300:  # noqa: PLR2004 - success, RFC 9110 section 15.3
            yield from self._of_success(entry)

    def _of_refusal(self, entry: JournalEntry) -> Iterator[CoverageItem]:
        try:
            content = orjson.loads(entry.response)
        except orjson.JSONDecodeError:
            return
        found = [
            item
            for status, example, item in self._examples
            if status == entry.status and _says(content, example)
        ]
        yield from dict.fromkeys(found)

    def _of_success(self, entry: JournalEntry) -> Iterator[CoverageItem]:
        given: dict[str, str] = {}
        if self._parameters and entry.query:
            given |= parse_qsl(entry.query.decode("latin-1"), keep_blank_values=True)
        yield from (self._parameters[name] for name in given if name in self._parameters)
        sent = entry.sent
        form = sent.fields if sent is not None else None
        if sent is not None and sent.file_name is not None:
            yield from (self._fields[name] for name in self._files[:1])
        yield from (self._fields[name] for name in form or () if name in self._fields)
        if form is not None or not self._fields:  # a forced response has read no form
            chosen = {**self._defaults, **given, **(form or {})}.items()
            yield from (self._values[pair] for pair in chosen if pair in self._values)
        yield from (item for text, item in self._reasons if text in entry.response)

    def _item(self, kind: str, name: str) -> CoverageItem:
        return CoverageItem(kind, self._id, name)


def outcome_of(entry: JournalEntry) -> str:
    """Return how a request ended: the network failure that was ordered, else the status."""
    ends = next((kind for kind in entry.faults if kind in _ENDS), None)
    if ends in _NETWORK:
        return ends
    return str(entry.status) if entry.status else NO_RESPONSE


def _read(entry: JournalEntry) -> _Read | None:
    """Return all that decides which items a request meets; None: there is more, in its body or its refusal."""
    if entry.sent is not None or entry.faults or entry.status >= _FIRST_REFUSAL:
        return None
    scenario = entry.key.scenario if entry.key is not None else None
    return (entry.status, scenario, entry.query) if len(entry.query) <= _LONGEST_QUERY else None


def _sent(value: Any) -> str:
    """Return a value of the contract as a query has it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _begins(text: str, sentence: str) -> bool:
    return text == sentence or text.startswith(f"{sentence} ")


def _says(content: Any, example: Any) -> bool:
    """Return whether a refusal says what an example says, with its own figures; it may say more."""
    if isinstance(example, dict):
        return isinstance(content, dict) and all(
            name in content and _says(content[name], value) for name, value in example.items()
        )
    if isinstance(example, str):
        return isinstance(content, str) and _begins(_figureless(content), _figureless(example))
    return type(content) is type(example)


def _figureless(text: str) -> str:
    return _OWN_FIGURES.sub("…", text)


def as_json(found: Coverage) -> dict[str, Any]:
    """Return a coverage as JSON: ``Coverage`` in ``control_openapi.yaml``."""
    return {
        "since": found.since,
        "requests": found.requests,
        "met": found.met,
        "total": len(found.items),
        "percent": found.percent,
        "items": [{**item._asdict(), "requests": count} for item, count in found.items.items()],
        "undocumented": [
            {"operation": one.operation, "outcome": one.name, "requests": count}
            for one, count in found.outcomes.items()
        ],
        "dropped": found.dropped,
    }


def from_json(value: Any) -> Coverage:
    """Return the coverage that ``as_json`` has written.

    Raises:
        ValueError: it is none.
    """
    try:
        items = {
            CoverageItem(one["kind"], one["operation"], one["name"]): int(one["requests"])
            for one in value["items"]
        }
        outcomes = {
            UndocumentedOutcome(one["operation"], one["outcome"]): int(one["requests"])
            for one in value["undocumented"]
        }
        requests, dropped = int(value["requests"]), int(value["dropped"])
        found = Coverage(str(value["since"]), requests, items, outcomes, dropped)
    except (TypeError, ValueError, LookupError) as error:
        message = f"not a contract coverage: {error!r}"
        raise ValueError(message) from error
    if any(item.kind not in KINDS for item in items):
        message = f"not a contract coverage: a kind that is none of {', '.join(KINDS)}"
        raise ValueError(message)
    return found
