"""Expectations that several stories share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.oracle import INVALID, MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.oracle import ExpectedReport
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import ReceivedReport, Story

WORDS = {MISSING: "reason.missing-phone", INVALID: "reason.invalid-phone"}
"""The conventions of the words of errors."""
_COUNTS: dict[str, PromiseId] = {
    "total": "upload.summary-total",
    "imported": "upload.summary-imported",
    "duplicates": "upload.summary-duplicates",
    "errors": "upload.summary-errors",
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
    if all(isinstance(each.get("line"), int) for each in got):
        got.sort(key=lambda each: each["line"])
    if len(got) != len(expected.errors):
        return  # upload.errors-listed and upload.summary-errors report it
    for one, wanted in zip(got, expected.errors, strict=True):
        what = "is wrong for a generated file."
        text: PromiseId = "upload.error-wording"
        exchange = report.exchange
        story.expect(
            "upload.error-name",
            one.get("name"),
            wanted["name"],
            exchange,
            f"An error's `name` {what}",
        )
        name = WORDS[wanted["reason"]]
        due = story.expected.values()[name]
        what_of_reason = f"An error's `reason` {what}"
        story.expect(text, one.get("reason"), due, exchange, what_of_reason, by=name)
        expect_line(story, report, one.get("line"), wanted["line"], wanted["card"])


def expect_line(
    story: Story, report: ReceivedReport, line: object, exact: int, card: range
) -> None:
    """Check an error's line: within the card at fault, and the one that is expected there."""
    if story.expected.error_line == "card":
        return  # the place of the card in the file, and no line of it
    within = isinstance(line, int) and line in card
    story.expect(
        "upload.error-line",
        within,
        True,
        report.exchange,
        f"The error's line, {line}, is not in its card (lines {card.start} to {card.stop - 1}).",
    )
    if not within:
        return
    wanted = card.start if story.expected.error_line == "begin" else exact
    if line != exact and line == card.start:
        story.observe("error-line", "begin", report.exchange, "the line of BEGIN:VCARD")
    story.expect(
        "upload.error-line-exact",
        line == wanted,
        True,
        report.exchange,
        f"The line is another one of the card: {line}, not {wanted}.",
        by="error-line" if line == card.start else "",
    )
