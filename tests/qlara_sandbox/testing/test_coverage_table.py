"""The table of a contract coverage: compact, whole, and in English."""

from __future__ import annotations

from qlara_sandbox.testing.coverage_table import lines
from qlara_sandbox.web.observers.coverage import Coverage, CoverageItem, UndocumentedOutcome

FOUND = Coverage(
    "2026-04-09T09:00:00.000Z",
    4,
    {
        CoverageItem("operation", "uploadVCard", "uploadVCard"): 3,
        CoverageItem("operation", "listContacts", "listContacts"): 1,
        CoverageItem("operation", "getContactQuota", "getContactQuota"): 0,
        CoverageItem("status", "uploadVCard", "200"): 2,
        CoverageItem("status", "uploadVCard", "409"): 0,
        CoverageItem("status", "listContacts", "200"): 1,
        CoverageItem("status", "getContactQuota", "200"): 0,
        CoverageItem("parameter", "listContacts", "limit"): 0,
        CoverageItem("value", "uploadVCard", "duplicateStrategy=SKIP"): 2,
        CoverageItem("value", "uploadVCard", "duplicateStrategy=UPDATE"): 0,
        CoverageItem("reason", "uploadVCard", "Missing phone number"): 0,
        CoverageItem("reason", "uploadVCard", "Invalid phone number format"): 0,
        CoverageItem("scenario", None, "default"): 4,
        CoverageItem("scenario", None, "quota-exhausted"): 0,
    },
    {UndocumentedOutcome("uploadVCard", "503"): 1},
)


def test_each_operation_tells_what_was_never_met() -> None:
    assert lines(FOUND, 80) == [
        "uploadVCard: 3 requests",
        "  statuses           1 of 2  never: 409",
        "  duplicateStrategy  1 of 2  never: UPDATE",
        "  card errors        0 of 2  never: Missing phone number,",
        "                             Invalid phone number format",
        "listContacts: 1 request",
        "  statuses           1 of 1",
        "  parameters         0 of 1  never: limit",
        "getContactQuota: never called",
        "scenarios            1 of 2  never: quota-exhausted",
        "",
        "Not in the contract: uploadVCard 503 (1)",
        "",
        "Met 6 of 14 items of the contract (42.8 %) in 4 requests.",
    ]


def test_what_was_met_is_told_too_when_asked_for() -> None:
    assert lines(FOUND, 80, verbose=True)[1:6] == [
        "  statuses           1 of 2  never: 409",
        "                             met: 200 (2)",
        "  duplicateStrategy  1 of 2  never: UPDATE",
        "                             met: SKIP (2)",
        "  card errors        0 of 2  never: Missing phone number,",
    ]


def test_one_is_not_plural() -> None:
    one = Coverage("", 1, {CoverageItem("operation", "a", "a"): 1}, {})

    assert lines(one, 80) == [
        "a: 1 request",
        "",
        "Met 1 of 1 item of the contract (100 %) in 1 request.",
    ]


def test_a_narrow_terminal_breaks_lines_and_no_names() -> None:
    assert lines(FOUND, 10)[1:6] == [
        "  statuses           1 of 2  never: 409",
        "  duplicateStrategy  1 of 2  never: UPDATE",
        "  card errors        0 of 2  never:",
        "                             Missing phone number,",
        "                             Invalid phone number format",
    ]
