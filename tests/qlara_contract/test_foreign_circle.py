"""The circle on the deployment: what is learnt of it makes a sandbox that cannot be told from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qlara_contract.foreign_circle import Circle, circle, main

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of these the deployment and the sandbox decide otherwise without any freedom.
_ALWAYS = {"cards.name-form", "cards.one-of-several"}
# Freedoms of one set do not get into each other's way; every convention that can be learnt is in one.
_SETS: Mapping[str, Mapping[str, int | str]] = {
    "limit-maximum-100-clamp+page-from-0+order-name+page-past-end-404+empty-list-one-page"
    "+parameter-twice-last": {
        "limit.maximum": 100,
        "limit.above": "clamped",
        "page.first": 0,
        "page.past-the-end": 404,
        "page.of-nothing": 1,
        "order": "name",
        "given-twice": "last",
    },
    "update-counts-skipped+update-replaces-tags+update-does-not-join+update-blanks-absent+skip-joins"
    "+copies-no-duplicates+email-null+times-in-z+limit-default-25+quota-partial"
    "+limit-above-maximum-ignored+order-number+quota-full-nothing": {
        "limit.default": 25,
        "limit.maximum": 100,
        "limit.above": "ignored",
        "order": "number",
        "quota.full": "nothing",
        "quota.partial": "fill",
        "email.absent": "null",
        "skip.list": "joined",
        "update.list": "unchanged",
        "update.missing-fields": "removed",
        "update.tags": "replaced",
        "update.count": "skipped",
        "copy.count": "new",
        "times": "utc",
    },
    "telephone-fax-used+utf-16-refused+latin-1-read+version-2.1-read+error-reasons-reworded"
    "+error-line-begin+errors-shown-10+repeated-in-file-error+list-name-reused+page-parameter-none": {
        "page.parameter": "ignored",
        "list-names": "reused",
        "numbers.fax": "used",
        "charset.utf-16": "refused",
        "charset.other": "iso-8859-1",
        "version-2.1": "read",
        "duplicates.repeated": "error",
        "error-list": 10,
        "error-line": "begin",
        "reason.missing-phone": "No phone number was found",
        "reason.invalid-phone": "The phone number is not valid",
    },
    "key-missing-403+key-unpermitted-401+field-wrong-422+limit-wrong-422+not-multipart-415"
    "+list-unknown-403+key-field-other+list-name-taken-400+created-201+size-decimal"
    "+duplicates-within-list+page-past-end-last+region-DE": {
        "page.past-the-end": "last",
        "import.status": 201,
        "list-names": "unique",
        "list-names.status": 400,
        "unknown-list": 403,
        "region": "DE",
        "duplicates.scope": "list",
        "key.missing": 403,
        "key.unpermitted": 401,
        "key.field": "X-Api-Key",
        "file.maximum": 10_000_000,
        "invalid-input": 422,
        "invalid-field": 422,
        "not-a-form": 415,
    },
}
# What no convention has a word for, as the overlay says it.
_IN_SENTENCES = "broken-card-refuses-file+tags-sorted+method-other-404"


@pytest.mark.parametrize("names", _SETS, ids=lambda names: names[:40])
def test_the_circle_closes_for_every_convention(names: str) -> None:
    found = circle(names)
    assert (found.problems, found.learnt) == ((), _SETS[names])
    assert set(found.differs) == _ALWAYS


def test_the_circle_closes_for_what_is_said_in_sentences() -> None:
    found = circle(_IN_SENTENCES)
    said = {"cards.broken-card", "tags.order", "answers.unknown-method"}
    assert (found.problems, found.learnt) == ((), {})
    assert set(found.differs) == _ALWAYS | said


def test_a_circle_is_told_in_a_line() -> None:
    closed = Circle("a", {"order": "name"}, {"tags.order": "Sorted."}, (), 2.0)
    assert closed.line == "a: closed; learnt order=name; differs: tags.order, 2.0 s"
    is_open = Circle("b", {}, {}, ("x differs", "y is broken"), 2.0)
    assert is_open.line == "b: OPEN (x differs; y is broken); learnt nothing, 2.0 s"


def test_no_freedom_at_all_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sample", "0"]) == 0
    assert capsys.readouterr().out == "0 of 0 circles close.\n"
