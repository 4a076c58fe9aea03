"""What several stories hold a report against."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_contract.oracle import Expected
    from qlara_contract.story import Report, Story


def hold_errors(story: Story, report: Report, expected: Expected) -> None:
    """Hold each entry of a report's ``errors`` against the oracle's: reason, line and name."""
    got = [each for each in report.errors if isinstance(each, dict)]
    if len(got) != len(expected.errors):
        return  # upload.errors-listed and upload.summary-errors tell
    for one, wanted in zip(got, expected.errors, strict=True):
        kind = "missing" if wanted["reason"].startswith("Missing") else "invalid"
        for promise, field in (
            (f"upload.error-{kind}-phone", "reason"),
            ("upload.error-line", "line"),
            ("upload.error-name", "name"),
        ):
            story.expect(
                promise,
                one.get(field),
                wanted[field],
                report.exchange,
                f"`{field}` of an error of a generated file.",
            )
