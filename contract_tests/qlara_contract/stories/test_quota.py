"""Stories about the quota: what changes it, by how much, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.promises import QUOTA
from qlara_contract.story import exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story


@exercises("answers.any-accept", "quota.shape")
def test_the_quota_can_be_read_by_who_accepts_anything(story: Story) -> None:
    request = ApiRequest("GET", contract().path_of(QUOTA), headers=(("Accept", "*/*"),))
    exchange = story.send(request)
    story.expect(
        "answers.any-accept",
        exchange.response.status,
        200,
        exchange,
        "A request with `Accept: */*` is not served.",
    )


@exercises(
    "quota.moves-by-what-was-created",
    "quota.duplicates-cost-nothing",
    "quota.updates-cost-nothing",
    "quota.errors-cost-nothing",
    "quota.total-stays",
    creates=14,
)
def test_the_quota_moves_by_exactly_what_was_created(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(3)]
    three = "".join(card("Marco Rossi", f"TEL:{number}") for number in numbers)
    faulty = card("Anna Neri") + card("Luca Verdi", "TEL:n/d")
    faulty += card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    used, total, _ = story.quota()
    copies = 0 if story.expected.duplicates_strategy == "update" else 3
    imports: tuple[tuple[PromiseId, str, str, int, str], ...] = (
        ("quota.moves-by-what-was-created", three, "SKIP", 3, "three new contacts"),
        ("quota.errors-cost-nothing", faulty, "SKIP", 1, "a new contact and two faulty cards"),
        ("quota.updates-cost-nothing", three, "UPDATE", 0, "three duplicates, updated"),
        ("quota.duplicates-cost-nothing", three, "SKIP", 0, "three duplicates, skipped"),
        ("quota.moves-by-what-was-created", three, "DUPLICATE", copies, "three copies"),
    )
    list_id = ""
    for promise, content, strategy, created, what in imports:
        report = story.upload(content, strategy=strategy, about=promise, list_id=list_id)
        # Where only a list is searched for duplicates, all of them have to go into one.
        list_id = report.list_id if story.actual.duplicates_scope == "list" else ""
        now, total_now, exchange = story.quota(about=promise)
        story.expect(
            promise,
            now - used,
            created,
            exchange,
            f"`used` changed by the wrong amount after {what}.",
        )
        story.expect("quota.total-stays", total_now, total, exchange, "`total` changed.")
        used = now
