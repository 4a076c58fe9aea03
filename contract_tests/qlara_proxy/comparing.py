"""A recorded exchange beside the response that another deployment gives to the same request.

Ids and times differ between any two deployments. The id of a list that an import created is known by the report
of that import: later requests are sent with that of the other deployment in its place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from qlara_contract.client import is_from_gateway
from qlara_contract.contract import contract
from qlara_contract.differential import DifferenceKind, PairedIds, StoryPair
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormPart, read_form
from qlara_contract.report.counting import counted
from qlara_proxy.fictional.vocabulary import is_message_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_proxy.keeping import KeptExchange

_TOO_MANY = 429
_MOST_DIFFERENCES = 200
_MOST_IDS = 200_000
_EXAMPLES = 3
_LIST = "listId"
_VALUES = re.compile(r"(?P<place>[^\s:]+): (?P<one>.*) and (?P<two>.*)", re.DOTALL)
_SAYS_NOTHING = re.compile(
    r'-?[\d.]{1,12}|true|false|null|\d+ entr(?:y|ies)|"[A-Z_]{2,20}"|"(?:fail|error|success)"'
)
_WORD = re.compile(r"[^\W_]+")
_OUTSIDE = "outside the contract"


@dataclass
class RecordedDifference:
    """One way in which two deployments differ, and the numbers of the exchanges that show it first.

    ``what`` names the place, and values only where they are data of nobody.
    """

    operation: str
    kind: DifferenceKind
    what: str
    count: int = 0
    exchanges: list[int] = field(default_factory=list)


@dataclass
class ComparedResponses:
    """What was compared. ``not_compared`` counts exchanges by the reason why they were not."""

    compared: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    not_compared: Counter[str] = field(default_factory=Counter)
    found: dict[tuple[str, DifferenceKind, str], RecordedDifference] = field(default_factory=dict)
    left_out: int = 0

    def note(self, number: int, operation: str, found: tuple[DifferenceKind, str] | None) -> None:
        """Count a pair of responses, and how they differ."""
        self.compared[operation] += 1
        if found is None:
            self.same[operation] += 1
            return
        key = (operation, *found)
        if key not in self.found and len(self.found) >= _MOST_DIFFERENCES:
            self.left_out += 1
            return
        one = self.found.setdefault(key, RecordedDifference(*key))
        one.count += 1
        if len(one.exchanges) < _EXAMPLES:
            one.exchanges.append(number)

    def differences(self) -> list[RecordedDifference]:
        """Return the differences, the most frequent ones first."""
        return sorted(self.found.values(), key=lambda one: -one.count)

    @property
    def exit_code(self) -> int:
        """0: all that was compared is the same. 1: something differs. 2: nothing could be compared."""
        if self.found or self.left_out:
            return 1
        return 0 if self.compared else 2

    def as_json(self) -> dict[str, Any]:
        """Return everything as a JSON value; its fields are stable."""
        return {
            "compared": dict(self.compared),
            "same": dict(self.same),
            "notCompared": dict(self.not_compared),
            "differences": [
                {
                    "operation": one.operation,
                    "kind": one.kind.value,
                    "what": one.what,
                    "count": one.count,
                    "exchanges": one.exchanges,
                }
                for one in self.differences()
            ],
            "differencesLeftOut": self.left_out,
        }

    def lines(self, first: str, second: str) -> Iterator[str]:
        """Yield everything as lines for people; *first* and *second* are what was compared."""
        total, same = sum(self.compared.values()), sum(self.same.values())
        if not total:
            yield "Nothing could be compared."
        elif same == total == 1:
            yield f"{first} and {second}: the one pair of responses is the same."
        elif same == total:
            yield f"{first} and {second}: all {counted(total, 'pair')} of responses are the same."
        else:
            yield f"{first} and {second}: {same} of {counted(total, 'pair')} of responses are the same."
        for one in self.differences():
            where = ", ".join(f"#{number}" for number in one.exchanges)
            more = ", …" if one.count > len(one.exchanges) else ""
            yield f"  {one.kind:<8} {one.operation}, {counted(one.count, 'time')}: {one.what}  ({where}{more})"
        if self.left_out:
            yield f"  … and {counted(self.left_out, 'more difference')}"
        for reason, count in self.not_compared.most_common():
            yield f"Not compared: {counted(count, 'request')}: {reason}."


class Comparison:
    """Compares the exchanges of one account with what another deployment responds, in order.

    ``keys`` are the API keys of the two accounts. *of_fiction*: personal data of the recorded ones is replaced.
    """

    def __init__(
        self, keys: tuple[str, str], bases: tuple[str, str], *, of_fiction: bool = False
    ) -> None:
        self._keys = keys
        self._of_fiction = of_fiction
        self._bases = bases
        self._lists: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        self._pair = StoryPair(PairedIds(self._keys))
        self._ids = 0

    def request(self, exchange: KeptExchange) -> tuple[str, bytes]:
        """Return target and body of a request, with the other deployment's ids of lists."""
        request = exchange.request
        path, mark, query = request.target.partition("?")
        steps = [self._step(each) for each in path.split("/")]
        body = request.body
        form = read_form(request.media_type, body) if self._lists and body else None
        own = form.value(_LIST) if form is not None else None
        if form is not None and own in self._lists:
            other = FormPart.of_field(_LIST, self._lists[own])
            parts = tuple(other if each.name == _LIST else each for each in form.parts)
            body = replace(form, parts=parts).encode()
        return "/".join(steps) + mark + query, body

    def difference(
        self, exchange: KeptExchange, response: ApiResponse
    ) -> tuple[DifferenceKind, str] | None:
        """Return the first difference between the recorded response and this one, or None."""
        one, two = (
            api_exchange(exchange, self._bases[0], self._keys[0]),
            self._other(exchange, response),
        )
        self._note_list(one, two)
        self._ids += len(one.response.body) // 60
        if self._ids > _MOST_IDS:  # what was paired so far is forgotten
            self._begin()
        found = self._pair.difference(one, two)
        if found is None and _numbers(one.response.json) != _numbers(two.response.json):
            found = DifferenceKind.MEANING, "contacts[].phoneNumber differs"
        if found and found[0] is DifferenceKind.WORDING and self._of_fiction:
            found = None if _say_the_same(one.response, two.response) else found
        return found and (found[0], without_data(found[1]))

    def _other(self, exchange: KeptExchange, response: ApiResponse) -> ApiExchange:
        target, body = self.request(exchange)
        path, _, query = target.partition("?")
        request = ApiRequest(exchange.request.method, path, _pairs(query), body=body)
        return ApiExchange(self._bases[1], request, response, operation_of(exchange), self._keys[1])

    def _note_list(self, one: ApiExchange, two: ApiExchange) -> None:
        first, second = (each.response.value(_LIST) for each in (one, two))
        are_accepted = all(each.response.status < 300 for each in (one, two))
        are_ids = isinstance(first, str) and isinstance(second, str)
        if are_accepted and are_ids and first != second:
            self._lists[first] = second

    def _step(self, step: str) -> str:
        other = self._lists.get(unquote(step))
        return quote(other, safe="") if other is not None else step


def api_exchange(exchange: KeptExchange, base_url: str, key: str) -> ApiExchange:
    """Return an exchange as the suite has it."""
    request, response = exchange.request, exchange.response
    path, _, query = request.target.partition("?")
    assert response is not None, "asked before"
    headers = tuple((name.lower(), value) for name, value in response.headers)
    return ApiExchange(
        base_url,
        ApiRequest(request.method, path, _pairs(query), body=request.body),
        ApiResponse(response.status, headers, response.body, is_incomplete=not response.is_whole),
        operation_of(exchange),
        key,
        exchange.began,
        exchange.seconds,
    )


def operation_of(exchange: KeptExchange) -> str:
    """Return the operationId of a request, or that it is outside the contract."""
    path = exchange.request.target.partition("?")[0]
    found = contract().operation_of(exchange.request.method, path)
    return found.operation_id if found else _OUTSIDE


def reason_not_to_compare(exchange: KeptExchange) -> str:
    """Return why the recorded response says nothing to compare with; nothing if it does."""
    response = exchange.response
    if response is None:
        return "no response was recorded"
    if not response.is_whole:
        return "the recorded response is not whole"
    headers = tuple((name.lower(), value) for name, value in response.headers)
    if is_from_gateway(ApiResponse(response.status, headers, b"")):
        return "the recorded response comes from a gateway"
    return "too many requests (429)" if response.status == _TOO_MANY else ""


def _say_the_same(recorded: ApiResponse, now: ApiResponse) -> bool:
    """Return whether two errors differ at most in words that were replaced: those that messages do not have."""
    words = [_words_of_messages(each.json) for each in (recorded, now)]
    return words[0] == words[1]


def _words_of_messages(body: Any) -> list[str | None]:
    """Return the words of a body; None for each that is replaced where it is recorded."""
    words = _WORD.findall(json.dumps(body, ensure_ascii=False, sort_keys=True))
    return [each if is_message_word(each.lower()) else None for each in words]


def without_data(what: str) -> str:
    """Return what differs, without values that may be data of somebody."""
    found = _VALUES.fullmatch(what)
    if found is None or all(_is_plain(found[side]) for side in ("one", "two")):
        return what
    return f"{found['place']} differs"


def _is_plain(value: str) -> bool:
    if _SAYS_NOTHING.fullmatch(value):
        return True
    words = _WORD.findall(value)
    return value.startswith('"') and all(is_message_word(word.lower()) for word in words)


def _numbers(body: Any) -> list[Any]:
    contacts = body.get("contacts") if isinstance(body, dict) else None
    if not isinstance(contacts, list):
        return []
    return [each.get("phoneNumber") for each in contacts if isinstance(each, dict)]


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))
