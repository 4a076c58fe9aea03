"""Teeth: promises that no defect of our own breaks are seen to be broken by the second deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.engine import check_deployment
from qlara_contract.promises import BY_ID
from qlara_contract.settings import RunSettings
from tests import foreign
from tests.foreign.faults import FAULTS
from tests.foreign.serving import EXHAUSTED_KEY, KEY, NEARLY_EXHAUSTED_KEY, UNPERMITTED_KEY

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

BROKEN_BY: dict[PromiseId, str] = {
    "upload.errors-shown": "errors-never-listed",
    "upload.error-missing-phone": "number-missing-accepted",
    "upload.any-valid-form": "form-quoted-boundary",
    "answers.any-accept": "accept-any-refused",
    "upload.file-name-free": "form-file-name-non-ascii",
    "upload.times-are-now": "completed-at-day-ahead",
    "upload.file-under-the-limit": "size-5-mb",
    "upload.imports-together": "concurrent-imports-race",
    "cards.type-spellings": "tel-two-types-lost",
    "cards.name-verbatim": "name-html-escaped",
    "access.key-not-shown": "key-echoed-in-body",
    "access.header-name-case": "key-header-spelling",
    "duplicates.across-lists": "duplicates-within-list",
    "cards.name-form": "name-white-space-folded",
    "cards.email-form": "email-html-escaped",
    "upload.file-too-large-text": "refused-413-message-null",
    "upload.copies-need-quota": "quota-copies-free",
    "upload.updates-pass-at-full-quota": "update-creates",
    "cards.properties-in-any-order": "version-late-refused",
    "cards.forgiving": "fold-blank-kept",
    "numbers.typed-freely": "number-zero-kept",
    "upload.footer-checked": "card-without-footer-imported",
    "list.id-encoded": "path-not-decoded",
    "numbers.numbering-plan": "number-invalid-accepted",
    "access.other-list-unknown": "list-unknown-400",
    "cards.one-of-several": "telephone-last",
    "upload.completed-at-once": "accepted-at-once",
    "quota.moves-at-once": "quota-after-300ms",
}


def _found(name: str, *only: PromiseId) -> list[PromiseId]:
    """Return the promises that a run finds not kept where *name* is switched on."""
    faults, freedoms = ((name,), ()) if name in FAULTS else ((), (name,))
    with foreign.running(faults=faults, freedoms=freedoms) as url:
        settings = RunSettings(
            url,
            KEY,
            only=only,
            exhausted_key=EXHAUSTED_KEY,
            nearly_exhausted_key=NEARLY_EXHAUSTED_KEY,
            unpermitted_key=UNPERMITTED_KEY,
            list_id="list_crm_migration",
        )
        outcome = check_deployment(settings)
    assert outcome.failures == []
    return [*outcome.broken, *outcome.differing]


@pytest.mark.parametrize(("promise", "name"), BROKEN_BY.items(), ids=BROKEN_BY)
def test_the_suite_finds_the_promise_that_a_fault_breaks(promise: PromiseId, name: str) -> None:
    assert promise in _found(name, promise)


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "name",
    [
        "limit-maximum-50-refuse",
        "page-from-0",
        "order-scattered",
        "asynchronous-zeros",
        "mobiles-only",
        "gateway-502",
        "connection-dropped-10",
        "list-id-slash",
    ],
)
def test_a_freedom_breaks_nothing_documented(name: str) -> None:
    assert [each for each in _found(name) if not BY_ID[each].is_assumed] == []
