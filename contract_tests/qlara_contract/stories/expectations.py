"""Expectations that several stories share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.oracle import ExpectedReport
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import ReceivedReport, Story

_COUNTS: dict[str, PromiseId] = {
    "total": "upload.summary-total",
    "imported": "upload.summary-imported",
    "duplicates": "upload.summary-duplicates",
    "errors": "upload.summary-errors",
}
_REASONS: dict[str, PromiseId] = {
    "Missing phone number": "upload.error-missing-phone",
    "Invalid phone number format": "upload.error-invalid-phone",
}


def expect_counts(
    story: Story, report: ReceivedReport, counts: Mapping[str, int], what: str
) -> None:
    """Check counts of a report's ``summary``, each for its promise; *what* names the file."""
    for name, count in counts.items():
        got = report.summary.get(name)
        story.expect(_COUNTS[name], got, count, report.exchange, f"`{name}` is wrong for {what}.")


def expect_errors(story: Story, report: ReceivedReport, expected: ExpectedReport) -> None:
    """Check reason, line and name of each entry of a report's ``errors`` against the oracle's."""
    got = [each for each in report.errors if isinstance(each, dict)]
    if len(got) != len(expected.errors):
        return  # upload.errors-listed and upload.summary-errors report it
    for one, wanted in zip(got, expected.errors, strict=True):
        promises: dict[PromiseId, str] = {
            _REASONS[wanted["reason"]]: "reason",
            "upload.error-line": "line",
            "upload.error-name": "name",
        }
        for promise, field in promises.items():
            story.expect(
                promise,
                one.get(field),
                wanted[field],
                report.exchange,
                f"`{field}` of an error is wrong for a generated file.",
            )
