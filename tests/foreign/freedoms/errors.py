"""Freedoms in the errors of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.importing import INVALID, MISSING
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.stages import Context

TABLE = Table()


_WORDS = {INVALID: "The phone number is not valid", MISSING: "No phone number was found"}


def _reworded(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [
        each | {"reason": _WORDS.get(each["reason"], each["reason"])} for each in report["errors"]
    ]
    return report | {"errors": errors}


def _detailed(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [each | {"reason": f"{each['reason']} (card skipped)"} for each in report["errors"]]
    return report | {"errors": errors}


def _more_error_fields(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [each | {"code": "E42", "field": None} for each in report["errors"]]
    return report | {"errors": errors}


for shown in (1, 2, 10, 100):
    says = f"The report shows at most {shown} errors."
    TABLE.sets("errors", f"errors-shown-{shown}", says, importing__errors_shown=shown)
TABLE.sets(
    "errors",
    "errors-backwards",
    "Errors are listed from the end of the file.",
    importing__errors_order="reverse",
)
TABLE.sets(
    "errors", "errors-by-reason", "Errors are listed by reason.", importing__errors_order="kind"
)
TABLE.sets(
    "errors",
    "error-line-begin",
    "An error's line is that of BEGIN:VCARD.",
    importing__error_line="begin",
)
TABLE.sets(
    "errors",
    "error-line-end",
    "An error's line is that of END:VCARD.",
    importing__error_line="end",
    importing__missing_line="end",
)
TABLE.changes(
    "errors",
    "error-reasons-reworded",
    "Reasons are told in other words.",
    stages.REPORT,
    _reworded,
)
TABLE.changes("errors", "error-reasons-detailed", "Reasons say more.", stages.REPORT, _detailed)
TABLE.changes(
    "errors", "error-fields-more", "Errors have more fields.", stages.REPORT, _more_error_fields
)
