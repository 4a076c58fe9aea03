"""Freedoms in duplicates, the quota and the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.messages import refuse
from tests.foreign.switch import Table, at

if TYPE_CHECKING:
    from tests.foreign.multipart import Form
    from tests.foreign.stages import Context, Row

TABLE = Table()


def _updated_counted(rows: list[Row], context: Context) -> list[Row]:
    key = ("updated", context.account.key if context.account else "")
    more = sum(row.outcome == "updated" for row in rows)
    context.memory[key] = context.memory.get(key, 0) + more
    return rows


def _with_updated(quota: dict[str, Any], context: Context) -> dict[str, Any]:
    key = ("updated", context.account.key if context.account else "")
    used = quota["used"] + context.memory.get(key, 0)
    return quota | {"used": min(used, quota["total"])}  # more than the plan has is used by nobody


TABLE.changes(
    "import",
    "error-list-null",
    "The list of errors is null if there are none.",
    stages.REPORT,
    lambda report, _: report | {"errors": report["errors"] or None},
)
TABLE.all_of(
    "import",
    "quota-counts-updated",
    "Each imported contact counts, also an updated one.",
    at(stages.ROWS, _updated_counted),
    at(stages.QUOTA, _with_updated),
)


def _vcf_only(form: Form, _: Context) -> Form:
    for part in form.all("file"):
        if part.filename and not part.filename.lower().endswith(".vcf"):
            raise refuse(400, "file", "Expected a file name that ends in .vcf.")
    return form


TABLE.sets(
    "import",
    "duplicates-within-list",
    "A contact of another list is no duplicate.",
    importing__duplicates_in="list",
)
TABLE.sets(
    "import",
    "repeated-in-file-error",
    "A number again in the same file is an error.",
    importing__same_file="error",
)
TABLE.sets(
    "import",
    "quota-partial",
    "What the plan has room for is imported, the rest are errors.",
    importing__over_quota="partial",
)
TABLE.sets(
    "import",
    "quota-full-nothing",
    "A full plan refuses every import, also one of duplicates.",
    importing__full_quota="nothing",
)
TABLE.sets(
    "import",
    "update-blanks-absent",
    "UPDATE blanks the fields that a card lacks.",
    importing__update_absent_blanks=True,
)
TABLE.sets(
    "import",
    "update-does-not-join",
    "An updated contact stays in its own lists.",
    importing__update_joins=False,
)
TABLE.sets(
    "import",
    "update-replaces-tags",
    "UPDATE replaces the tags.",
    importing__update_tags="replace",
)
TABLE.sets(
    "import",
    "update-counts-skipped",
    "Updated cards are duplicates and skipped, not imported.",
    importing__update_skipped=True,
)
TABLE.sets(
    "import",
    "skip-joins",
    "With SKIP the existing contact joins the list.",
    importing__skip_joins=True,
)
TABLE.sets(
    "import",
    "copies-no-duplicates",
    "DUPLICATE counts no duplicates.",
    importing__copies_are_duplicates=False,
)
TABLE.sets(
    "import",
    "nothing-importable-400",
    "A file of faulty cards alone is refused.",
    importing__nothing_importable="refuse",
)
TABLE.sets(
    "import",
    "strategy-any-case",
    "duplicateStrategy may be written in lower case.",
    importing__strategy_case=False,
)
TABLE.sets(
    "import",
    "field-empty-absent",
    "An empty field is as good as none.",
    importing__empty_field="absent",
)
TABLE.sets(
    "import", "field-wrong-422", "A wrong field is refused with 422.", importing__bad_status=422
)
TABLE.sets(
    "import",
    "field-unknown-refused",
    "An unknown field is refused.",
    importing__unknown_fields="refuse",
)
TABLE.sets(
    "import",
    "field-twice-first",
    "Of a repeated field the first value counts.",
    importing__repeated_field="first",
)
TABLE.sets(
    "import",
    "field-twice-last",
    "Of a repeated field the last value counts.",
    importing__repeated_field="last",
)
TABLE.sets(
    "import",
    "file-without-name",
    "A file part needs no file name.",
    importing__file_name_needed=False,
)
TABLE.changes("import", "file-name-vcf", "A file name must end in .vcf.", stages.FORM, _vcf_only)
