"""Differential runs: the same seeded requests to two deployments, and where the responses differ.

Ids, times, phone numbers and quotas differ between any two deployments. Two ids in the same place of
paired responses count as one id from then on, so that status, shape and meaning can be compared.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from qlara_contract.client import is_from_gateway
from qlara_contract.conventions import NO_OVERLAY, ReadOverlay
from qlara_contract.engine import check_deployment
from qlara_contract.settings import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.engine import Outcome, Progress
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.settings import RunSettings

_LIST = "listId"
_IDS = (_LIST, "contactId", "importId")
_TIMES = ("completedAt", "createdAt")
_NUMBER = re.compile(r"\+\d{7,15}")
_SHORTEST_ID = 4  # a shorter one may be a word
_OWN_NAME = re.compile(r"contract-check [0-9a-f]+-\d+(?: \w+)*")  # as many words as have room
_LIST_FIELD = re.compile(r'(name="?listId"?.*?\r?\n\r?\n)([^\r\n]*)', re.DOTALL)  # of a form
_FOLD = re.compile(r"\r?\n[ \t]")
_QUOTA = re.compile(r"\b\d+/\d+\b")
_MARKER = re.compile(r"contract-check [0-9a-f]+-\d+ numbers")
_WORDS = ("data.", "message:", "error:")
_KEY = "<key>"
_TOO_MANY = 429
_COMPARED_FILE = 100_000
_EXAMPLES = 2


class DifferenceKind(StrEnum):
    """How two responses to the same request differ; the first that applies."""

    STATUS = "status"
    SHAPE = "shape"
    MEANING = "meaning"
    WORDING = "wording"  # of a refusal


@dataclass
class ResponseDifference:
    """One way in which the deployments differ, with the exchanges that show it."""

    operation: str
    kind: DifferenceKind
    what: str
    count: int = 0
    examples: list[tuple[ApiExchange, ApiExchange]] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)


@dataclass
class DeploymentComparison:
    """The result of a differential run. ``paired`` and ``same`` count exchanges by operation.

    ``unpaired`` counts those without a counterpart by the story that they are in. ``cut_short`` says for
    each run that did not go to its end why not.
    """

    first: str
    second: str
    seed: int
    paired: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    unpaired: Counter[str] = field(default_factory=Counter)
    cut_short: list[str] = field(default_factory=list)
    is_interrupted: bool = False
    differences: dict[tuple[str, DifferenceKind, str], ResponseDifference] = field(
        default_factory=dict
    )

    @property
    def fidelity(self) -> float:
        """The share of paired exchanges that are the same, 0 to 1."""
        total = sum(self.paired.values())
        return sum(self.same.values()) / total if total else 0.0

    @property
    def exit_code(self) -> int:
        """0: all is the same. 1: pairs differ. 2: not all could be compared. 130: interrupted."""
        if self.is_interrupted:
            return 130
        if self.cut_short or not self.paired:
            return 2
        if self.differences:
            return 1
        return 2 if self.unpaired else 0


def compare_deployments(
    settings: RunSettings,
    other: RunSettings,
    progress: Callable[[Progress], None] = lambda _: None,
    overlay: ReadOverlay = NO_OVERLAY,
) -> DeploymentComparison:
    """Send the same requests to both deployments and compare; raise ``CannotRun``.

    Both runs are as cautious as the more cautious of the two needs to be, and judge by *overlay*.
    """
    modes = {settings.effective_mode, other.effective_mode}
    mode = Mode.READ_ONLY if Mode.READ_ONLY in modes else Mode.FULL
    writes = min(settings.effective_max_writes, other.effective_max_writes)
    recorded: list[list[tuple[str, ApiExchange]]] = []
    outcomes: list[Outcome] = []
    for each in (settings, other):
        exchanges: list[tuple[str, ApiExchange]] = []
        recorded.append(exchanges)
        if any(one.is_interrupted for one in outcomes):
            break
        outcome = check_deployment(
            replace(each, mode=mode, max_writes=writes),
            progress=progress,
            record=exchanges,
            overlay=overlay,
        )
        outcomes.append(outcome)
    comparison = compare(settings, other, *recorded)
    comparison.is_interrupted = any(each.is_interrupted for each in outcomes)
    comparison.cut_short = [why for each in outcomes for why in _cut_short(each)]
    return comparison


def _cut_short(outcome: Outcome) -> Iterator[str]:
    """Yield why a run did not send all that it should have."""
    if outcome.stopped:
        yield f"The run against {outcome.settings.base_url} stopped: {outcome.stopped}"
    for failure in outcome.failures:
        yield f"The run against {outcome.settings.base_url}: {failure}"


def compare(
    settings: RunSettings,
    other: RunSettings,
    first: list[tuple[str, ApiExchange]],
    second: list[tuple[str, ApiExchange]],
) -> DeploymentComparison:
    """Compare recorded exchanges, story by story."""
    comparison = DeploymentComparison(settings.base_url, other.base_url, settings.seed)
    firsts, seconds = _by_story(first), _by_story(second)
    ids = PairedIds((settings.api_key, other.api_key))
    for story in firsts | seconds:
        _compare_story(comparison, story, (firsts.get(story, []), seconds.get(story, [])), ids)
    return comparison


def _by_story(recorded: list[tuple[str, ApiExchange]]) -> dict[str, list[ApiExchange]]:
    """Return the exchanges of each story, in the order in which the stories began."""
    stories: dict[str, list[ApiExchange]] = {}
    for story, exchange in recorded:
        exchanges = stories.setdefault(story, [])
        if not _is_passed_over(exchange):
            exchanges.append(exchange)
    return {story: _up_to_chance(exchanges) for story, exchanges in stories.items()}


def _by_request(exchanges: list[ApiExchange]) -> list[list[ApiExchange]]:
    """Return the exchanges, those of a GET together that was sent several times in a row."""
    found: list[list[ApiExchange]] = []
    for each in exchanges:
        before = found[-1][-1] if found and each.request.method == "GET" else None
        if before and (before.request, before.key) == (each.request, each.key):
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _up_to_chance(exchanges: list[ApiExchange]) -> list[ApiExchange]:
    """Return what comes before requests at the same time: which of those is first decides what follows."""
    return list(takewhile(lambda each: not each.is_one_of_several, exchanges))


def _is_passed_over(exchange: ApiExchange) -> bool:
    """Return whether an exchange says nothing of the deployment.

    It was waited out, came from a gateway, or only found out if the account holds a number already.
    """
    if exchange.response.status == _TOO_MANY or is_from_gateway(exchange.response):
        return True
    fields = dict(exchange.request.form.fields) if exchange.request.form else {}
    return _MARKER.fullmatch(fields.get("listName", "")) is not None


def _compare_story(
    comparison: DeploymentComparison,
    story: str,
    recorded: tuple[list[ApiExchange], list[ApiExchange]],
    ids: PairedIds,
) -> None:
    firsts, seconds = (_by_request(each) for each in recorded)
    pair = StoryPair(ids)
    for at, (ones, twos) in enumerate(zip_longest(firsts, seconds)):
        if (
            ones is None
            or twos is None
            or (pair.normalised_request(0, ones[0]) != pair.normalised_request(1, twos[0]))
        ):
            # From here on, each story continued with what it had received.
            left = (sum(map(len, each[at:])) for each in (firsts, seconds))
            comparison.unpaired[story] += max(left)
            return
        # How often one is sent until an import shows, is the time that it takes.
        pairs = zip(ones, twos, strict=True) if len(ones) == len(twos) else [(ones[-1], twos[-1])]
        for one, two in pairs:
            _compare_pair(comparison, story, (one, two), pair)


def _compare_pair(
    comparison: DeploymentComparison,
    story: str,
    exchanges: tuple[ApiExchange, ApiExchange],
    pair: StoryPair,
) -> None:
    one, two = exchanges
    operation = one.operation or "outside the contract"
    comparison.paired[operation] += 1
    difference = pair.difference(one, two)
    if difference is None:
        comparison.same[operation] += 1
        return
    kind, what = difference
    found = comparison.differences.setdefault(
        (operation, kind, what), ResponseDifference(operation, kind, what)
    )
    found.count += 1
    if story not in found.stories:
        found.stories.append(story)
    if len(found.examples) < _EXAMPLES:
        found.examples.append(exchanges)


class PairedIds:
    """Maps the ids of the first deployment to those of the second, for a whole run.

    An id is any text, and that of a list may be that of a contact too. Two accounts may have the same
    ids of contacts and imports. ``keys`` are the API keys.
    """

    def __init__(self, keys: tuple[str, str]) -> None:
        self.keys = keys
        self._names: dict[str, tuple[dict[str, str], dict[str, str]]] = {_LIST: ({}, {})}

    def are_paired(self, field: str, one: object, two: object, account: str = "") -> bool:
        """Return whether two ids in the same *field* can stand for one, and pair them if so.

        *account* is whose they are.
        """
        names = self._names.setdefault(field if field == _LIST else f"{field} {account}", ({}, {}))
        first, second = names[0].get(str(one)), names[1].get(str(two))
        if first is None and second is None:
            name = f"<{field} {len(names[0]) + 1}>"
            names[0][str(one)] = names[1][str(two)] = name
            return True
        return first == second

    def named(self, side: int, text: str) -> str:
        """Return *text*, with a name in its place if it is the id of a list."""
        return self._names[_LIST][side].get(text, text)

    def named_within(self, side: int, text: str) -> str:
        """Return *text* with names in place of the ids of lists in it."""
        names = self._names[_LIST][side]
        for each in names:
            if len(each) >= _SHORTEST_ID and each in text:
                text = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", names[each], text)
        return text


class StoryPair:
    """One story run against both deployments; phone numbers are named in order of first use."""

    def __init__(self, ids: PairedIds) -> None:
        self._ids = ids
        self._numbers: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._used: list[int | None] = [None, None]
        self._account = ""

    def normalised_request(self, side: int, exchange: ApiExchange) -> str:
        """Return a request as text that is the same for both deployments."""
        request, ids = exchange.request, self._ids
        steps = (unquote(each) for each in request.path.split("/"))  # an id may be encoded
        parts = [request.method, "/".join(ids.named(side, each) for each in steps)]
        parts += [
            f"{name}={_KEY if value == ids.keys[side] else value}" for name, value in request.query
        ]
        if request.form is not None:
            if request.form.file is not None and len(request.form.file.content) < _COMPARED_FILE:
                parts.append(_without_numbers(request.form.file.content))
            parts += [
                f"{name}={ids.named(side, value) if name == 'listId' else value}"
                for name, value in request.form.fields
            ]
        elif request.body is not None:
            text = request.body.decode("utf-8", "replace")
            parts.append(_LIST_FIELD.sub(lambda found: found[1] + ids.named(side, found[2]), text))
        return self._named(side, "\n".join(parts))

    def difference(self, one: ApiExchange, two: ApiExchange) -> tuple[DifferenceKind, str] | None:
        """Return the first difference between two responses, or ``None``."""
        self._account = "" if one.key == self._ids.keys[0] else one.key
        self._pair_lists(one, two)
        if one.response.status != two.response.status:
            return DifferenceKind.STATUS, f"{one.response.status} and {two.response.status}"
        types = [each.response.media_type or "no media type" for each in (one, two)]
        if types[0] != types[1]:
            return DifferenceKind.SHAPE, f"{types[0]} and {types[1]}"
        bodies = (one.response.json, two.response.json)
        if what := self._first_difference(*(shape(body) for body in bodies)):
            return DifferenceKind.SHAPE, what
        if what := self._first_difference(*bodies):
            is_wording = one.response.status >= 400 and what.startswith(_WORDS)
            return DifferenceKind.WORDING if is_wording else DifferenceKind.MEANING, what
        return None

    def _pair_lists(self, one: ApiExchange, two: ApiExchange) -> None:
        """Pair the lists of two responses, whatever else differs: later requests name them."""
        found = [each.response.value("listId") for each in (one, two)]
        if all(each.response.status < 300 for each in (one, two)) and None not in found:
            self._ids.are_paired(_LIST, *found)

    def _first_difference(self, one: Any, two: Any, place: str = "") -> str:
        """Return where and how two JSON values first differ; empty if they do not."""
        if isinstance(one, dict) and isinstance(two, dict):
            return self._in_objects(one, two, place)
        if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
            pairs = zip(one, two, strict=True)
            found = (self._first_difference(*pair, f"{place}[]") for pair in pairs)
            return next((each for each in found if each), "")
        name = "" if place.startswith(_WORDS) else place.rpartition(".")[2].removesuffix("[]")
        if self._is_same(one, two, name):
            return ""
        return f"{place or 'the body'}: {_brief(one)} and {_brief(two)}"

    def _in_objects(self, one: dict[str, Any], two: dict[str, Any], place: str) -> str:
        for name in [*one, *(each for each in two if each not in one)]:
            here = f"{place}.{name}" if place else name
            if name not in one or name not in two:
                return f"{here} is only in the {'first' if name in one else 'second'}"
            if name == "total" and "used" in one:
                continue  # plans differ
            if found := self._first_difference(one[name], two[name], here):
                return found
        return ""

    def _is_same(self, one: Any, two: Any, name: str) -> bool:
        if name in _TIMES:
            return True
        if name in _IDS and not isinstance(one, list):
            return self._ids.are_paired(name, one, two, self._account)
        if name == "used" and isinstance(one, int) and isinstance(two, int):
            return self._moved(0, one) == self._moved(1, two)
        if isinstance(one, str) and isinstance(two, str):
            one, two = (self._ids.named_within(*each) for each in enumerate((one, two)))
            return self._named(0, one) == self._named(1, two)
        return bool(one == two) and type(one) is type(two)

    def _moved(self, side: int, used: int) -> int:
        """Return the quota used since the story began."""
        first = self._used[side]
        if first is None:
            self._used[side] = first = used
        return used - first

    def _named(self, side: int, text: str) -> str:
        numbers = self._numbers[side]
        text = _NUMBER.sub(
            lambda found: numbers.setdefault(found[0], f"<number {len(numbers) + 1}>"), text
        )
        text = _OWN_NAME.sub("contract-check", text)
        return _QUOTA.sub("<quota>", text)


def _without_numbers(content: bytes) -> str:
    """Return a file without its phone numbers, which are written in many ways, folds and UTF-16 too."""
    text = _FOLD.sub("", content.replace(b"\0", b"").decode("utf-8", "replace"))
    return re.sub(r"(?im)^((?:\w+\.)?TEL[^:\r\n]*:).*$", r"\1", text)


def shape(value: Any) -> Any:
    """Return the shape of a JSON value: names and types; a list has the shape of its elements."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        shapes = {json.dumps(shape(each), sort_keys=True) for each in value}
        return [json.loads(shapes.pop())] if len(shapes) == 1 else "list"
    return _TYPES.get(type(value), "null")


_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return "1 entry" if len(value) == 1 else f"{len(value)} entries"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "…"
