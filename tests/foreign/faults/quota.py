"""Faults in the quota (UC-020: Indexing and search, 409 Conflict)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.messages import refuse
from tests.foreign.switch import Table, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.messages import Response
    from tests.foreign.stages import Context, Row

TABLE = Table()
Quota = dict[str, Any]


def _quota(name: str, says: str, change: Callable[[Quota, Context], Quota]) -> None:
    TABLE.changes("quota", f"quota-{name}", says, stages.QUOTA, change)


def _needed(name: str, says: str, change: Callable[[int, Context], int]) -> None:
    TABLE.changes("quota", f"quota-{name}", says, stages.NEEDED, change)


def _extra(name: str, says: str, counted: Callable[[Row], object]) -> None:
    """Add a fault that counts rows as used which created nothing."""

    def on_rows(rows: list[Row], context: Context) -> list[Row]:
        key = ("extra", context.account.key if context.account else "")
        more = sum(bool(counted(row)) for row in rows)
        context.memory[key] = context.memory.get(key, 0) + more
        return rows

    def on_quota(quota: Quota, context: Context) -> Quota:
        key = ("extra", context.account.key if context.account else "")
        return quota | {"used": quota["used"] + context.memory.get(key, 0)}

    TABLE.all_of(
        "quota", f"quota-{name}", says, at(stages.ROWS, on_rows), at(stages.QUOTA, on_quota)
    )


_extra("counts-skipped", "Skipped duplicates count.", lambda row: row.outcome == "skipped")
_extra("counts-errors", "Errors count.", lambda row: row.outcome == "error")
_extra("counts-twice", "Every contact counts twice.", lambda row: row.outcome == "created")
_extra(
    "counts-import",
    "Every import counts one more.",
    lambda row: row.line == 0 and row.card.line == 1,
)
_quota(
    "never-moves",
    "used never moves.",
    lambda quota, context: (
        quota
        | {
            "used": context.memory.setdefault(
                ("used", context.account.key if context.account else ""), quota["used"]
            )
        }
    ),
)
_quota(
    "used-total-swapped",
    "used and total are swapped.",
    lambda quota, _: {"used": quota["total"], "total": quota["used"]},
)
_quota(
    "used-is-left",
    "used is what is left.",
    lambda quota, _: quota | {"used": quota["total"] - quota["used"]},
)
_quota(
    "total-is-left",
    "total is what is left.",
    lambda quota, _: quota | {"total": quota["total"] - quota["used"]},
)
_quota("used-zero", "used is 0.", lambda quota, _: quota | {"used": 0})
_quota("used-text", "used is text.", lambda quota, _: quota | {"used": str(quota["used"])})
_quota("total-text", "total is text.", lambda quota, _: quota | {"total": str(quota["total"])})
_quota("total-null", "total is null.", lambda quota, _: quota | {"total": None})
_quota("without-used", "There is no used.", lambda quota, _: {"total": quota["total"]})
_quota("without-total", "There is no total.", lambda quota, _: {"used": quota["used"]})
_quota("nested", "The quota is nested.", lambda quota, _: {"contacts": quota})
_quota(
    "percent",
    "used is a share.",
    lambda quota, _: quota | {"used": quota["used"] / max(1, quota["total"]) + 0.001},
)
_quota(
    "used-in-hundreds",
    "used is rounded to hundreds.",
    lambda quota, _: quota | {"used": quota["used"] // 100 * 100},
)
_quota(
    "counts-lists",
    "used counts lists.",
    lambda quota, context: quota | {"used": len(context.account.lists) if context.account else 0},
)
_quota("used-negative", "used is negative.", lambda quota, _: quota | {"used": -1 - quota["used"]})
_quota(
    "of-the-documentation",
    "The quota is always 230 of 50 000.",
    lambda _, __: {"used": 230, "total": 50_000},
)
_needed("not-enforced", "The quota is not enforced.", lambda _, __: -1_000_000)
_needed("one-more", "One contact more than the quota is imported.", lambda needed, _: needed - 1)
_needed(
    "one-less",
    "The last contact of the quota cannot be imported.",
    lambda needed, _: needed + 1 if needed else 0,
)
_needed(
    "three-less",
    "The last three contacts of the quota cannot be imported.",
    lambda needed, _: needed + 3 if needed else 0,
)
_needed(
    "checks-only-full",
    "Only a full plan is refused, not an import that exceeds it.",
    lambda needed, context: (
        min(needed, 1)
        if context.account and context.account.used() < context.account.quota
        else needed
    ),
)
_needed(
    "copies-free",
    "Copies are not checked.",
    lambda needed, context: 0 if context.strategy == "DUPLICATE" else needed,
)


def _cards_needed(rows: list[Row], context: Context) -> list[Row]:
    assert context.account
    if context.account.used() + len(rows) > context.account.quota:
        used, total = context.account.used(), context.account.quota
        message = f"Contact quota exceeded. Current: {used}/{total}. Upgrade your plan to import more contacts."
        raise refuse(409, "contacts", message)
    return rows


TABLE.changes(
    "quota",
    "quota-checks-cards",
    "Skipped duplicates and errors are checked against the quota, too.",
    stages.ROWS,
    _cards_needed,
)


def _refusal(name: str, says: str, change: Callable[[Response], Any]) -> None:
    """Add a fault in the 409 of a plan that is full."""

    def on_response(response: Response, context: Context) -> Response:
        if response.status == 409 and context.operation == "upload":
            change(response)
        return response

    TABLE.changes("quota", f"quota-409-{name}", says, stages.RESPONSE, on_response)


def _status(status: int) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.status = status

    return change


def _body(change: Callable[[Any], Any]) -> Callable[[Response], None]:
    def on_response(response: Response) -> None:
        response.body = change(response.body)

    return on_response


def _message(change: Callable[[str], Any]) -> Callable[[Response], None]:
    return _body(
        lambda body: {"status": "fail", "data": {"contacts": change(body["data"]["contacts"])}}
    )


for _code in (200, 400, 402, 403, 422, 429, 500, 507):
    _refusal(f"is-{_code}", f"A full plan gets {_code}.", _status(_code))
_refusal("status-error", "status is error.", _body(lambda body: body | {"status": "error"}))
_refusal(
    "field-quota",
    "The field is quota.",
    _body(lambda body: {"status": "fail", "data": {"quota": body["data"]["contacts"]}}),
)
_refusal(
    "flat", "The body is a message.", _body(lambda body: {"message": body["data"]["contacts"]})
)
_refusal("empty", "The body is empty.", _body(lambda _: b""))
_refusal(
    "data-text", "data is text.", _body(lambda body: body | {"data": body["data"]["contacts"]})
)
_refusal(
    "data-list",
    "The message is in a list.",
    _body(lambda body: body | {"data": {"contacts": [body["data"]["contacts"]]}}),
)
_refusal("html", "The body is HTML.", _body(lambda _: "<html>Conflict</html>"))
_refusal(
    "numbers-fixed",
    "The message always says 50000/50000.",
    _message(
        lambda _: (
            "Contact quota exceeded. Current: 50000/50000. Upgrade your plan to import more contacts."
        )
    ),
)
_refusal(
    "numbers-zero",
    "The message says 0/0.",
    _message(
        lambda _: "Contact quota exceeded. Current: 0/0. Upgrade your plan to import more contacts."
    ),
)
_refusal("message-null", "The message is null.", _message(lambda _: None))


def _written_although_refused(rows: list[Row], context: Context) -> list[Row]:
    """Write what the plan has no room for, before it is refused."""
    account = context.account
    assert account
    created = [row for row in rows if row.outcome == "created"]
    if account.used() + len(created) > account.quota:
        for row in created:
            if row.contact:
                account.add(row.contact)
                for each in account.lists.values():
                    each.members.append((row.contact, row.contact.since))
        context.memory["written"] = True
    return rows


TABLE.changes(
    "quota",
    "quota-refused-but-written",
    "An import that is refused with 409 is written all the same.",
    stages.ROWS,
    _written_although_refused,
)
