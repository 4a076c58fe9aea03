"""Faults in the report of an import (UC-020: Response — Import completed)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.importing import INVALID, MISSING
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()
Report = dict[str, Any]


def _report(kind: str, name: str, says: str, change: Callable[[Report, Context], Report]) -> None:
    TABLE.changes(kind, name, says, stages.REPORT, change)


def _count(name: str, says: str, **changed: Callable[[dict[str, int]], Any]) -> None:
    """Add a fault that counts otherwise."""

    def change(report: Report, _: Context) -> Report:
        summary = report["summary"]
        return report | {
            "summary": summary | {field: count(summary) for field, count in changed.items()}
        }

    _report("counts", f"count-{name}", says, change)


def _error(name: str, says: str, change: Callable[[Report], Report]) -> None:
    def on_report(report: Report, _: Context) -> Report:
        return report | {"errors": [change(error) for error in report["errors"]]}

    _report("errors", f"error-{name}", says, on_report)


def _field(name: str, says: str, **fields: Any) -> None:
    _report("report", f"report-{name}", says, lambda report, _: report | fields)


_count("total-one-more", "total is one too many.", total=lambda summary: summary["total"] + 1)
_count(
    "total-without-errors",
    "total leaves errors out.",
    total=lambda summary: summary["total"] - summary["errors"],
)
_count(
    "total-without-duplicates",
    "total leaves duplicates out.",
    total=lambda summary: summary["total"] - summary["duplicates"],
)
_count("total-is-imported", "total is imported.", total=lambda summary: summary["imported"])
_count(
    "total-at-most-100", "total is 100 at most.", total=lambda summary: min(100, summary["total"])
)
_count(
    "total-at-most-1000",
    "total is 1000 at most.",
    total=lambda summary: min(1000, summary["total"]),
)
_count("total-text", "total is text.", total=lambda summary: str(summary["total"]))
_count("imported-is-total", "imported is total.", imported=lambda summary: summary["total"])
_count(
    "imported-with-errors",
    "imported counts errors.",
    imported=lambda summary: summary["imported"] + summary["errors"],
)
_count(
    "imported-with-duplicates",
    "imported counts skipped duplicates.",
    imported=lambda summary: min(summary["total"], summary["imported"] + summary["duplicates"]),
)
_count(
    "imported-one-less",
    "imported is one too few.",
    imported=lambda summary: max(0, summary["imported"] - 1),
)
_count("imported-zero", "imported is 0.", imported=lambda _: 0)
_count("imported-text", "imported is text.", imported=lambda summary: str(summary["imported"]))
_count("duplicates-zero", "duplicates is 0.", duplicates=lambda _: 0)
_count(
    "duplicates-twice",
    "duplicates are counted twice.",
    duplicates=lambda summary: summary["duplicates"] * 2,
)
_count(
    "duplicates-at-most-1",
    "duplicates is 1 at most.",
    duplicates=lambda summary: min(1, summary["duplicates"]),
)
_count(
    "duplicates-with-errors",
    "duplicates counts errors.",
    duplicates=lambda summary: summary["duplicates"] + summary["errors"],
)
_count(
    "duplicates-is-skipped", "duplicates is skipped.", duplicates=lambda summary: summary["skipped"]
)
_count("errors-zero", "errors is 0.", errors=lambda _: 0)
_count(
    "errors-at-most-10", "errors is 10 at most.", errors=lambda summary: min(10, summary["errors"])
)
_count(
    "errors-at-most-100",
    "errors is 100 at most.",
    errors=lambda summary: min(100, summary["errors"]),
)
_count("errors-one-more", "errors is one too many.", errors=lambda summary: summary["errors"] + 1)
_count(
    "errors-with-duplicates",
    "errors counts duplicates.",
    errors=lambda summary: summary["errors"] + summary["duplicates"],
)
_count(
    "errors-null",
    "errors is null if there are none.",
    errors=lambda summary: summary["errors"] or None,
)
_count("skipped-zero", "skipped is 0.", skipped=lambda _: 0)
_count(
    "skipped-without-errors",
    "skipped leaves errors out.",
    skipped=lambda summary: summary["skipped"] - summary["errors"],
)
_count(
    "skipped-without-duplicates",
    "With SKIP, skipped leaves duplicates out.",
    skipped=lambda summary: summary["errors"],
)
_count(
    "skipped-twice",
    "skipped counts everything twice.",
    skipped=lambda summary: summary["skipped"] * 2,
)
_count("skipped-is-total", "skipped is total.", skipped=lambda summary: summary["total"])
_count("skipped-negative", "skipped is negative.", skipped=lambda summary: -summary["skipped"])
_count(
    "duplicates-errors-swapped",
    "duplicates and errors are swapped.",
    duplicates=lambda summary: summary["errors"],
    errors=lambda summary: summary["duplicates"],
)
_count(
    "imported-skipped-swapped",
    "imported and skipped are swapped.",
    imported=lambda summary: summary["skipped"],
    skipped=lambda summary: summary["imported"],
)
_count("decimals", "Counts have decimals.", total=lambda summary: summary["total"] + 0.5)


def _without(name: str, field: str, *, of_summary: bool = False) -> None:
    def change(report: Report, _: Context) -> Report:
        if of_summary:
            return report | {"summary": {k: v for k, v in report["summary"].items() if k != field}}
        return {k: v for k, v in report.items() if k != field}

    _report("report", name, f"The report has no {field}.", change)


for _name in ("importId", "listId", "status", "summary", "errors", "completedAt"):
    _without(f"report-without-{_name}", _name)
for _name in ("total", "imported", "duplicates", "errors", "skipped"):
    _without(f"report-without-count-of-{_name}", _name, of_summary=True)


def _added_up(report: Report, context: Context) -> Report:
    before = context.memory.setdefault("counts", dict.fromkeys(report["summary"], 0))
    for field, count in report["summary"].items():
        before[field] += count
    return report | {"summary": dict(before)}


def _of_before(report: Report, context: Context) -> Report:
    before = context.memory.get("counts", report["summary"])
    context.memory["counts"] = report["summary"]
    return report | {"summary": before}


_report("counts", "count-added-up", "Counts are those of all imports so far.", _added_up)
_report("counts", "count-of-import-before", "Counts are those of the import before.", _of_before)
_field("import-id-same", "Every import has one id.", importId="imp_0000000001")
_field("import-id-null", "importId is null.", importId=None)
_field("import-id-empty", "importId is empty.", importId="")
_field("status-other", "status is DONE.", status="DONE")
_field("status-lower-case", "status is in lower case.", status="completed")
_field("status-null", "status is null.", status=None)
_field("list-id-other", "listId is that of another list.", listId="list_other")
_field("list-id-null", "listId is null.", listId=None)
_report(
    "report",
    "report-list-id-is-name",
    "listId is the name of a new list.",
    lambda report, context: report | {"listId": context.fields.get("listName", report["listId"])},
)
_report(
    "report",
    "report-import-id-is-list",
    "importId is that of the list.",
    lambda report, _: report | {"importId": report["listId"]},
)
_report(
    "report",
    "report-failed-without-imported",
    "An import of duplicates alone is FAILED.",
    lambda report, _: report | ({} if report["summary"]["imported"] else {"status": "FAILED"}),
)
_report(
    "report",
    "report-partial-with-errors",
    "An import with errors is PARTIAL.",
    lambda report, _: report | ({"status": "PARTIAL"} if report["summary"]["errors"] else {}),
)
_report(
    "errors",
    "errors-never-listed",
    "errors is always empty.",
    lambda report, _: report | {"errors": []},
)
_report(
    "errors",
    "errors-texts",
    "errors holds texts.",
    lambda report, _: report | {"errors": [error["reason"] for error in report["errors"]]},
)
_report(
    "errors",
    "errors-by-line",
    "errors is an object.",
    lambda report, _: (
        report | {"errors": {str(error["line"]): error for error in report["errors"]}}
    ),
)
_report(
    "errors",
    "errors-listed-twice",
    "Every error is listed twice.",
    lambda report, _: report | {"errors": report["errors"] * 2},
)
_report(
    "errors",
    "errors-first-for-all",
    "Every error is the first one.",
    lambda report, _: report | {"errors": report["errors"][:1] * len(report["errors"])},
)
_error(
    "line-from-0", "Lines are counted from 0.", lambda error: error | {"line": error["line"] - 1}
)
_error(
    "line-far-off", "A line is 1000 too many.", lambda error: error | {"line": error["line"] + 1000}
)
_error("line-1", "Every error is in line 1.", lambda error: error | {"line": 1})
_error("line-0", "Every error is in line 0.", lambda error: error | {"line": 0})
_error("line-negative", "Lines are negative.", lambda error: error | {"line": -error["line"]})
_error("line-text", "A line is text.", lambda error: error | {"line": str(error["line"])})
_error("line-null", "A line is null.", lambda error: error | {"line": None})
_error(
    "line-missing",
    "An error has no line.",
    lambda error: {k: v for k, v in error.items() if k != "line"},
)
_error("name-empty", "Errors have no name.", lambda error: error | {"name": ""})
_error(
    "name-missing",
    "An error has no name.",
    lambda error: {k: v for k, v in error.items() if k != "name"},
)
_error(
    "name-first-word",
    "The name of an error is its first word.",
    lambda error: error | {"name": error["name"].split(" ")[0]},
)
_error(
    "name-cut-20",
    "The name of an error is cut after 20 characters.",
    lambda error: error | {"name": error["name"][:20]},
)
_error(
    "name-ascii",
    "The name of an error is ASCII.",
    lambda error: error | {"name": error["name"].encode("ascii", "replace").decode()},
)
_error(
    "name-unknown", "The name of an error is Unknown.", lambda error: error | {"name": "Unknown"}
)
_error("name-null", "The name of an error is null.", lambda error: error | {"name": None})
_error("reason-empty", "Errors have no reason.", lambda error: error | {"reason": ""})
_error(
    "reason-missing",
    "An error has no reason.",
    lambda error: {k: v for k, v in error.items() if k != "reason"},
)
_error("reason-null", "The reason is null.", lambda error: error | {"reason": None})
_error("reason-code", "The reason is a number.", lambda error: error | {"reason": 17})
_SWAPPED = {INVALID: MISSING, MISSING: INVALID}
_error(
    "reasons-swapped",
    "Missing and invalid numbers are swapped.",
    lambda error: error | {"reason": _SWAPPED.get(error["reason"], error["reason"])},
)
_error(
    "reason-always-invalid",
    "Every number is invalid, also a missing one.",
    lambda error: error | {"reason": INVALID},
)
_error(
    "reason-always-missing",
    "Every number is missing, also an invalid one.",
    lambda error: error | {"reason": MISSING},
)


def _line_of(count: Callable[[bytes, int], int]) -> Callable[[Report, Context], Report]:
    def change(report: Report, context: Context) -> Report:
        start = re.search(rb"BEGIN:VCARD", context.request.body, re.IGNORECASE)
        content = context.request.body[start.start() if start else 0 :]
        errors = [error | {"line": count(content, error["line"])} for error in report["errors"]]
        return report | {"errors": errors}

    return change


def _lines_before(content: bytes, line: int) -> list[bytes]:
    return re.split(rb"\r\n|\n|\r", content)[: line - 1]


_report(
    "errors",
    "error-line-unfolded",
    "Lines are counted after unfolding.",
    _line_of(
        lambda content, line: (
            line - sum(each[:1] in (b" ", b"\t") for each in _lines_before(content, line))
        )
    ),
)
_report(
    "errors",
    "error-line-without-blanks",
    "Blank lines are not counted.",
    _line_of(
        lambda content, line: line - sum(not each.strip() for each in _lines_before(content, line))
    ),
)
_report(
    "errors",
    "error-line-is-card",
    "The line is the number of the card.",
    _line_of(
        lambda content, line: (
            1 + sum(each.upper().startswith(b"END:VCARD") for each in _lines_before(content, line))
        )
    ),
)
_report(
    "errors",
    "error-line-within-card",
    "Lines are counted within the card.",
    _line_of(
        lambda content, line: (
            1
            + next(
                (
                    at
                    for at, each in enumerate(reversed(_lines_before(content, line + 1)))
                    if each.upper().startswith(b"BEGIN:VCARD")
                ),
                line - 1,
            )
        )
    ),
)
_report(
    "errors",
    "error-line-crlf-twice",
    "CRLF is counted as two lines.",
    _line_of(
        lambda content, line: (
            line
            + sum(1 for _ in re.finditer(rb"\r\n", b"\n".join(_lines_before(content, line))))
            + (line - 1 if b"\r\n" in content else 0)
        )
    ),
)
_report(
    "errors",
    "error-line-bytes",
    "The line is an offset in bytes.",
    _line_of(lambda content, line: sum(len(each) + 2 for each in _lines_before(content, line))),
)
