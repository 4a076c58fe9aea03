"""The lines of a report repeat what it shows: on a fresh deployment they get the same wrong response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.engine import check_deployment
from qlara_contract.promises import QUOTA
from qlara_contract.report.requests import ShownRequests
from qlara_contract.settings import RunSettings
from tests.foreign import serving
from tests.qlara_contract.report.replaying import comparable, replay

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import Evidence

KEYS = {
    "YOUR_API_KEY": serving.KEY,
    "YOUR_EXHAUSTED_KEY": serving.EXHAUSTED_KEY,
    "YOUR_UNPERMITTED_KEY": serving.UNPERMITTED_KEY,
}
FAULTS: dict[str, PromiseId] = {
    "form-fields-after-file-lost": "upload.imports-a-file",
    "form-unquoted-name": "upload.any-valid-form",
    "form-chunked": "upload.any-valid-form",
    "refused-400-status-error": "upload.not-a-vcard",
    "count-errors-zero": "upload.summary-errors",
    "skip-updates": "duplicates.skip-leaves-the-contact",
    "escape-comma-kept": "cards.escapes",
    "page-has-more-never": "list.has-more",
    "page-first-lost": "list.every-contact-once",
    "list-beyond-100-lost": "list.every-contact-once",
    "quota-counts-skipped": "quota.duplicates-cost-nothing",
    "quota-409-is-400": "upload.quota-exceeded",
    "key-longer": "access.refused-without-key",
    "key-header-spelling": "access.header-name-case",
    "key-missing-for-lists": "access.refused-without-key",
}


def _settings(url: str, promise: PromiseId) -> RunSettings:
    return RunSettings(
        url,
        serving.KEY,
        exhausted_key=serving.EXHAUSTED_KEY,
        unpermitted_key=serving.UNPERMITTED_KEY,
        only=(promise,),
    )


def _evidence(url: str, promise: PromiseId) -> tuple[Evidence, ShownRequests]:
    settings = _settings(url, promise)
    outcome = check_deployment(settings)
    assert outcome.broken == [promise], {
        each.promise.id: (outcome.state(each).value, each.reasons, each.evidence)
        for each in outcome.promises
    }
    evidence = outcome.results.by_id[promise].evidence[0]
    return evidence, ShownRequests(settings, keeps_files=True)


def _seen(evidence: Evidence) -> list[tuple[int, Any]]:
    assert evidence.exchange is not None
    every: list[ApiExchange] = [*evidence.before, evidence.exchange]
    return [(each.response.status, each.response.json) for each in every]


def _judged(responses: list[tuple[int, Any]], operation: str) -> tuple[int, Any]:
    """Return the last response; of a quota, how far it has moved since the one before."""
    status, body = responses[-1]
    if operation == QUOTA and len(responses) == 1:
        return status, comparable(body | {"used": "…"})  # of an account that holds more
    if operation == QUOTA:
        before = next(each for _, each in reversed(responses[:-1]) if "used" in each)
        return status, body["used"] - before["used"]
    return status, comparable(body)


@pytest.mark.parametrize(("fault", "promise"), FAULTS.items(), ids=list(FAULTS))
def test_the_printed_lines_get_the_same_wrong_response_again(
    fault: str, promise: PromiseId, tmp_path: Path
) -> None:
    with serving.running(faults=[fault]) as url:
        evidence, requests = _evidence(url, promise)
    script = requests.script(evidence)
    for path, content in requests.files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    with serving.running(faults=[fault]) as again:
        replayed = replay(script, tmp_path, {url: again, **KEYS})
    assert evidence.exchange is not None
    operation = evidence.exchange.operation
    assert _judged(replayed.responses, operation) == _judged(_seen(evidence), operation), script
