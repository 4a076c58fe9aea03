"""The story of the torture file: hundreds of cards, each with one feature, in a few uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.checks import goes_on
from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.settings import Profile
from qlara_contract.stories.expectations import WORDS
from qlara_contract.story import exercises
from qlara_contract.torture import PROMISES, TortureBudget, Writer, assemble
from qlara_contract.torture.files import COUNTS
from qlara_contract.torture.trial import SentFile, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_QUICK = TortureBudget(cards=700, files=7)
_THOROUGH = TortureBudget(cards=5_000, files=40)
_SMALLEST = 40
# Promises that a convention decides.
_BY: dict[PromiseId, str] = {
    "upload.error-line-exact": "error-line",
    "cards.name-form": "name.white-space",
    "cards.other-version": "version-2.1",
    "cards.utf-16": "charset.utf-16",
    "cards.windows-1252": "charset.other",
    "numbers.fax-never": "numbers.fax",
    "numbers.double-zero": "region",
    "numbers.unusable-kinds": "region",
}


@exercises(*PROMISES, "answers.json", creates=_SMALLEST)
def test_awkward_cards_arrive_as_they_are(story: Story) -> None:
    thorough = story.settings.profile is Profile.THOROUGH
    most = _THOROUGH if thorough else _QUICK
    budget = TortureBudget(min(most.cards, max(_SMALLEST, story.run.writes_left // 2)), most.files)
    writer = Writer(story.random, story.run.numbers.take)
    files = assemble(writer, budget, counts=COUNTS if thorough else ())
    trial = Trial(
        writer,
        lambda content: _sent(story, content),
        lambda cards: cards <= story.run.writes_left,
    )
    verdicts = trial.run(files)
    if verdicts.obstacle:
        for promise in PROMISES:
            story.not_exercised(promise, verdicts.obstacle)
    decided = _decided_otherwise(story.expected)
    for each in verdicts.broken:
        if each.promise in decided:
            story.not_exercised(each.promise, "the overlay decides it otherwise than the file")
            continue
        by = _BY.get(each.promise)
        if each.promise == "upload.error-wording":
            by = WORDS[MISSING if MISSING in str(each.expected) else INVALID]
        seen_in = (
            story.run.shown_by(each.exchange) if _is_of_contacts(each.promise) else each.exchange
        )
        story.breaks(each.promise, each.what, each.expected, each.got, seen_in, by=by)
    for promise_id, exchange in verdicts.kept.items():
        story.expect(promise_id, "", "", exchange, "")


def _decided_otherwise(expected: Conventions) -> set[PromiseId]:
    """Return the promises that an overlay may decide otherwise than the features of the file do."""
    chosen = expected.differences()
    decided: set[PromiseId] = {promise for promise, name in _BY.items() if name in chosen}
    if expected.error_line == "card":
        decided.add("upload.error-line")
    if chosen.keys() & WORDS.values():
        decided.add("upload.error-wording")
    return decided


def _is_of_contacts(promise_id: PromiseId) -> bool:
    """Return whether a promise is about the contacts of a list, and not the report of an import."""
    return not promise_id.startswith("upload.")


def _sent(story: Story, content: bytes) -> SentFile[ApiExchange]:
    """Import a file into a new list, and return its report and how to read its contacts."""
    exchange = story.post(story.form(content))
    body = exchange.response.json
    if exchange.response.status // 100 != 2 or not isinstance(body, dict) or not body.get("listId"):
        return SentFile(None, lambda: None, exchange)
    if goes_on(exchange):
        body = {"listId": body["listId"]}
    return SentFile(body, lambda: _contacts(story, str(body["listId"])), exchange)


def _contacts(story: Story, list_id: str) -> Sequence[Mapping[str, Any]] | None:
    """Return the contacts of a list; ``None`` where no more than its first page can be read."""
    page = story.read(list_id)
    is_whole = story.run.conventions.has_pages or page.body.get("hasMore") is not True
    return page.contacts if is_whole else None
