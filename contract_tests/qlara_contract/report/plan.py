"""What a run would send and write, story by story, from a rehearsal of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.ledger import cards_in, fields_of
from qlara_contract.promises import LIST, OPERATIONS, QUOTA, UPLOAD
from qlara_contract.settings import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.settings import RunSettings

_SHORT = {UPLOAD: "import", LIST: "list", QUOTA: "quota"}
_ELSE = "else"


def planned(settings: RunSettings, sent: Sequence[tuple[str, ApiExchange]]) -> str:
    """Return what a run with *settings* would do, given what a rehearsal *sent*, by story."""
    by_story: dict[str, list[ApiExchange]] = {}
    for story, exchange in sent:
        by_story.setdefault(story or "before the first story", []).append(exchange)
    width = max((len(each) for each in by_story), default=0)
    exchanges = [each for _, each in sent]
    return "\n".join(
        [
            *_head(settings),
            "",
            *_paths(exchanges),
            "",
            *(f"  {name:{width}}  {_counts(each)}" for name, each in by_story.items()),
            "",
            *_left(settings, exchanges),
        ]
    )


def _head(settings: RunSettings) -> list[str]:
    lines = [
        f"Would check {settings.base_url}, {settings.effective_mode}, {settings.profile}, "
        f"seed {settings.seed}, for {settings.effective_deadline:g} s at most (--deadline).",
        "Nothing was sent to it. These are the requests of the same run against a sandbox in this",
        "process, which keeps the contract; a deployment that decides something otherwise, or is slow,",
        "gets some more or fewer.",
    ]
    if settings.rate:
        lines.append(f"At most {settings.rate:g} requests per second (--rate).")
    return lines


def _paths(exchanges: Iterable[ApiExchange]) -> list[str]:
    """Return how often each method and path would be used."""
    counts = Counter((_name(each), each.request.method) for each in exchanges)
    lines = []
    for (name, method), count in sorted(counts.items(), key=lambda each: -each[1]):
        operation = next((each for each in OPERATIONS if _SHORT.get(each) == name), "")
        path = (
            contract().operations[operation].template if operation else "paths beside the contract"
        )
        lines.append(f"  {count:5}  {method:7} {path}  ({name})")
    return lines


def _counts(exchanges: Sequence[ApiExchange]) -> str:
    by_name = Counter(_name(each) for each in exchanges)
    parts = [f"{by_name[name]} {name}" for name in (*_SHORT.values(), _ELSE) if by_name[name]]
    cards = sum(cards_in(each.request) for each in exchanges)
    return ", ".join(parts) + (f"; {_cards(cards)}" if cards else "")


def _left(settings: RunSettings, exchanges: Sequence[ApiExchange]) -> list[str]:
    """Return what would be left behind."""
    if settings.effective_mode is not Mode.FULL:
        return ["GET requests only: nothing would be written or left behind."]
    sent = sum(cards_in(each.request) for each in exchanges)
    accepted = [each for each in exchanges if each.response.status // 100 == 2]
    kept = sum(cards_in(each.request) for each in accepted)
    names = {fields_of(each.request).get("listName", "") for each in accepted} - {""}
    return [
        f"{_cards(sent)} would be sent (of {settings.effective_max_writes} that --max-writes allows), "
        f"and at most {kept} contacts left behind,",
        f"tagged contract-check, in {len(names)} new lists named `contract-check …`. "
        "The API has no way to delete them.",
    ]


def _name(exchange: ApiExchange) -> str:
    return _SHORT.get(exchange.operation, _ELSE)


def _cards(count: int) -> str:
    return f"{count} card" if count == 1 else f"{count} cards"
