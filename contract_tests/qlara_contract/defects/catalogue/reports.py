"""Defects of the report of an import: its summary, and the errors of single cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_ok, on_response
from qlara_contract.defects.files import text_of
from qlara_contract.defects.imports import dry_run
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward

Counts = dict[str, int]


def _counting(change: Callable[[Counts], Counts]) -> Callable[[], Behaviour]:
    """Change the summary of each report; *change* returns the figures that differ."""
    return on_ok(UPLOAD, lambda body: body | {"summary": body["summary"] | change(body["summary"])})


def _each_error(change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    return on_ok(UPLOAD, lambda body: body | {"errors": [change(e) for e in body["errors"]]})


def _lines(change: Callable[[list[int], int], int]) -> Callable[[], Behaviour]:
    """Change the line of each error; *change* also gets the lines on which the cards begin."""

    def changed(request: ServedRequest, response: ServedResponse) -> ServedResponse:
        form = request.form
        if form is None or form.file is None or response.status != 200:
            return response
        lines = text_of(form.file).splitlines()
        begins = [at for at, line in enumerate(lines, 1) if line.upper().startswith("BEGIN:VCARD")]
        body = response.json
        errors = [each | {"line": change(begins, each["line"])} for each in body["errors"]]
        return response.with_json(body | {"errors": errors})

    return on_response(UPLOAD, changed)


def _card_of(begins: list[int], line: int) -> int:
    """Return the number of the card, from 1, that holds this line."""
    return max(1, sum(begin <= line for begin in begins))


async def _one_spoils_all(request: ServedRequest, forward: Forward) -> ServedResponse:
    report = await dry_run(request, forward) if request.operation == UPLOAD else None
    if report and report["errors"]:
        return fail(400, "file", f"Invalid card at line {report['errors'][0]['line']}.")
    return await forward(request)


async def _nothing_importable(request: ServedRequest, forward: Forward) -> ServedResponse:
    report = await dry_run(request, forward) if request.operation == UPLOAD else None
    if report and report["summary"]["errors"] == report["summary"]["total"]:
        return fail(400, "file", "No card can be imported.")
    return await forward(request)


_G = Group.SUMMARY
_E = Group.ERRORS

DEFECTS = (
    Defect(
        "total-without-errors",
        _G,
        "`total` does not count the faulty cards.",
        ("upload.summary-total", "upload.summary-adds-up"),
        _counting(lambda counts: {"total": counts["total"] - counts["errors"]}),
    ),
    Defect(
        "imported-counts-duplicates",
        _G,
        "`imported` also counts the skipped duplicates.",
        ("upload.summary-imported", "upload.summary-adds-up"),
        _counting(
            lambda counts: {
                "imported": min(counts["total"], counts["imported"] + counts["duplicates"])
            }
        ),
    ),
    Defect(
        "imported-counts-everything",
        _G,
        "`imported` is the number of cards, imported or not, and `skipped` is 0.",
        ("upload.summary-imported", "upload.summary-skipped"),
        _counting(lambda counts: {"imported": counts["total"], "skipped": 0}),
    ),
    Defect(
        "duplicates-always-0",
        _G,
        "`duplicates` is always 0; `skipped` still counts them.",
        ("upload.summary-duplicates", "upload.summary-skipped"),
        _counting(lambda _: {"duplicates": 0}),
    ),
    Defect(
        "duplicates-count-errors",
        _G,
        "`duplicates` also counts the faulty cards.",
        ("upload.summary-duplicates",),
        _counting(lambda counts: {"duplicates": counts["duplicates"] + counts["errors"]}),
    ),
    Defect(
        "errors-always-0",
        _G,
        "`summary.errors` is always 0.",
        ("upload.summary-errors",),
        _counting(lambda _: {"errors": 0}),
    ),
    Defect(
        "skipped-counts-duplicates-only",
        _G,
        "`skipped` does not count the faulty cards.",
        ("upload.summary-adds-up", "upload.summary-skipped"),
        _counting(lambda counts: {"skipped": counts["skipped"] - counts["errors"]}),
    ),
    Defect(
        "skipped-counts-errors-only",
        _G,
        "`skipped` does not count the duplicates.",
        ("upload.summary-adds-up", "upload.summary-skipped", "duplicates.skip-counts"),
        _counting(lambda counts: {"skipped": counts["errors"]}),
    ),
    Defect(
        "errors-cut-at-ten",
        _G,
        "`errors` lists only the first ten.",
        ("upload.errors-listed",),
        on_ok(UPLOAD, lambda body: body | {"errors": body["errors"][:10]}),
    ),
    Defect(
        "errors-cut-at-100",
        _G,
        "`errors` lists only the first hundred.",
        ("upload.errors-listed",),
        on_ok(UPLOAD, lambda body: body | {"errors": body["errors"][:100]}),
    ),
    Defect(
        "errors-in-another-order",
        _G,
        "`errors` lists the last faulty card first.",
        ("upload.errors-listed",),
        on_ok(UPLOAD, lambda body: body | {"errors": body["errors"][::-1]}),
    ),
    Defect(
        "error-lines-from-0",
        _E,
        "Lines of errors count from 0.",
        ("upload.error-line",),
        _each_error(lambda error: error | {"line": error["line"] - 1}),
    ),
    Defect(
        "error-line-of-the-card",
        _E,
        "The line of an error is always that of BEGIN:VCARD.",
        ("upload.error-line-exact",),
        _lines(lambda begins, line: begins[_card_of(begins, line) - 1]),
    ),
    Defect(
        "error-lines-count-cards",
        _E,
        "The line of an error is the number of the card.",
        ("upload.error-line",),
        _lines(_card_of),
    ),
    Defect(
        "error-name-empty",
        _E,
        "Errors do not name the card.",
        ("upload.error-name",),
        _each_error(lambda error: error | {"name": ""}),
    ),
    Defect(
        "error-name-first-word",
        _E,
        "Errors give the first word of the name.",
        ("upload.error-name",),
        _each_error(lambda error: error | {"name": error["name"].split(" ")[0]}),
    ),
    Defect(
        "one-reason-for-all",
        _E,
        "A card without a number is reported as `Invalid phone number format`.",
        ("upload.error-wording",),
        _each_error(lambda error: error | {"reason": "Invalid phone number format"}),
    ),
    Defect(
        "reasons-as-codes",
        _E,
        "Reasons are codes: `INVALID_PHONE`.",
        ("upload.error-wording",),
        _each_error(
            lambda error: error | {"reason": error["reason"].split()[0].upper() + "_PHONE"}
        ),
    ),
    Defect(
        "one-bad-card-spoils-the-file",
        _E,
        "A file with one faulty card is refused as a whole.",
        ("upload.error-costs-one-card", "upload.nothing-importable"),
        lambda: _one_spoils_all,
    ),
    Defect(
        "nothing-importable-refused",
        _E,
        "A file with only faulty cards is refused with 400.",
        ("upload.nothing-importable",),
        lambda: _nothing_importable,
    ),
)
