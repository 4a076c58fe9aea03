"""Requests generated from the contract: valid ones are accepted, invalid ones refused, none crashes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qlara_contract.checks import goes_on
from qlara_contract.client import is_from_gateway
from qlara_contract.oracle import ModelAccount
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.results import READ_ONLY
from qlara_contract.run import DEFAULT_LIST
from qlara_contract.settings import Mode
from qlara_contract.stories.expectations import expect_counts, expect_errors
from qlara_contract.story import ReceivedReport, exercises

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.generated import GeneratedRequest
    from qlara_contract.story import Story

_TOO_MANY = 429


@exercises(
    "answers.valid-requests-accepted",
    "answers.invalid-requests-refused",
    "answers.never-a-server-error",
    "answers.documented-status",
    "answers.json",
    "answers.refusal-shape",
    "answers.unknown-method",
    "access.unknown-key",
    "upload.report-shape",
    "list.page-shape",
    "quota.shape",
)
def test_generated_requests_are_answered_as_the_contract_says(story: Story) -> None:
    from qlara_contract.generated import RequestGenerator

    list_id = story.run.paged_list or story.run.settings.list_id
    if not list_id and story.run.is_sandbox:
        list_id = DEFAULT_LIST
    generator = RequestGenerator(
        story.settings,
        list_id=list_id,
        headers=story.run.client.session_headers,
        bounds=story.run,
        conventions=story.actual,
    )
    if story.settings.effective_mode is Mode.READ_ONLY:
        story.not_exercised("upload.report-shape", READ_ONLY)
        story.not_exercised("answers.unknown-method", READ_ONLY)
    accepted: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for one in generator.run():
        story.run.client.requests += 1
        _judge(story, one)
        operation = one.exchange.operation
        if one.is_valid and operation and not _is_turned_back(one.exchange):
            sent[operation] += 1
            accepted[operation] += 200 <= one.exchange.response.status < 300
    _expect_some_accepted(story, sent, accepted, list_id)


def _is_turned_back(exchange: ApiExchange) -> bool:
    """Return whether nobody looked at a request: it was one too many, or the deployment was away."""
    return exchange.response.status == _TOO_MANY or is_from_gateway(exchange.response)


def _judge(story: Story, one: GeneratedRequest) -> None:
    phase = f"generated requests: {one.phase}"
    story.broken += story.run.judge(one.exchange, phase)
    if _is_turned_back(one.exchange):
        return
    refused_as_usual = {story.actual.key_missing, story.actual.key_unknown}
    for promise, objection in one.found.items():
        if promise == "access.unknown-key" and one.exchange.response.status in refused_as_usual:
            continue  # whatever the status is, the request is refused as others are without a key
        story.expect(
            promise,
            objection,
            "",
            one.exchange,
            f"A generated request ({one.phase}) failed a check.",
        )
    response = one.exchange.response
    is_import = one.exchange.operation == UPLOAD and 200 <= response.status < 300
    if one.file is None or not is_import or goes_on(one.exchange):
        return
    numbers = [each.number for each in one.file.cards if not each.fault]
    if story.actual.duplicates_repeated == "error" and len(set(numbers)) < len(numbers):
        return
    expected = ModelAccount().import_cards(one.file.cards, "", "SKIP", [])
    body = response.json
    summary = body.get("summary") if isinstance(body, dict) else None
    if not isinstance(summary, dict) or not isinstance(body.get("errors"), list):
        return  # upload.report-shape reports it
    report = ReceivedReport(one.exchange, str(body.get("listId")), summary, body["errors"])
    counts = {name: expected.summary[name] for name in ("total", "errors")}
    expect_counts(story, report, counts, "a generated file")
    expect_errors(story, report, expected)


def _expect_some_accepted(
    story: Story, sent: Counter[str], accepted: Counter[str], list_id: str
) -> None:
    """Expect that each operation accepted some: a run in which all were refused shows nothing."""
    for operation in (UPLOAD, LIST, QUOTA):
        if not sent[operation] or (operation == LIST and not list_id):
            continue
        story.expect(
            "answers.valid-requests-accepted",
            accepted[operation] > 0,
            True,
            None,
            f"None of {sent[operation]} valid generated requests to {operation} was accepted.",
        )
