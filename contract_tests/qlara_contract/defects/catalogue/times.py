"""Defects of times: when a contact was created, and when an import was completed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, each_contact, on_ok, stateful
from qlara_contract.defects.kinds import Kind, shown
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse

_EPOCH = "1970-01-01T00:00:00+00:00"
_FIXED = "2026-04-09T11:00:10+02:00"


def _completed(change: Callable[[datetime], str | None]) -> Callable[[], Behaviour]:
    return on_ok(
        UPLOAD,
        lambda report: (
            report | {"completedAt": change(datetime.fromisoformat(report["completedAt"]))}
        ),
    )


def _created(change: Callable[[datetime], str]) -> Callable[[], Behaviour]:
    return shown("createdAt")(lambda text: change(datetime.fromisoformat(text)))


def _moved(**by: float) -> Callable[[datetime], str]:
    return lambda moment: (moment + timedelta(**by)).isoformat()


def _relabelled(moment: datetime) -> str:
    """Return the clock time of one zone with the offset of another."""
    east = timezone(timedelta(hours=5))
    return moment.astimezone(UTC).replace(tzinfo=east).isoformat()


def _two_digit_year(moment: datetime) -> str:
    return moment.replace(year=1900 + moment.year % 100).isoformat()


def _of_the_first_import() -> Behaviour:
    """Show the time of the first import in every report."""
    first: dict[tuple[str, str], str] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        body = response.json
        if request.operation != UPLOAD or response.status != 200 or not isinstance(body, dict):
            return response
        earliest = datetime.fromisoformat(body["completedAt"]) - timedelta(hours=3)
        moment = first.setdefault(request.account, earliest.isoformat())
        return response.with_json(body | {"completedAt": moment})

    return behave


def _same_id_for_all(page: Body) -> Body:
    return page | {"contacts": [each | {"contactId": page["listId"]} for each in page["contacts"]]}


def _new_ids_each_time() -> Behaviour:
    read = 0

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        nonlocal read
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        read += 1
        page = response.json
        contacts = [
            each | {"contactId": f"cnt_{read}_{at}"} for at, each in enumerate(page["contacts"])
        ]
        return response.with_json(page | {"contacts": contacts})

    return behave


_ends = Kind(Group.DATES_AND_IDS, ("upload.times-are-now",), _completed)
_starts = Kind(Group.DATES_AND_IDS, ("upload.times-are-now",), _created)
_id = Kind(Group.DATES_AND_IDS, ("list.contact-ids-unique",), shown("contactId"))
_D = Group.DATES_AND_IDS

DEFECTS = (
    _ends("completed-a-day-ahead", "`completedAt` is a day ahead.", _moved(days=1)),
    _ends(
        "completed-a-month-early",
        "`completedAt` counts months from 0: it is a month too early.",
        _moved(days=-30),
    ),
    _ends("completed-at-the-epoch", "`completedAt` is the beginning of 1970.", lambda _: _EPOCH),
    _ends(
        "completed-at-an-example",
        "`completedAt` is that of the example in the documentation.",
        lambda _: _FIXED,
    ),
    _ends(
        "completed-in-another-zone",
        "`completedAt` is UTC with the offset of another zone.",
        _relabelled,
    ),
    _ends("completed-never", "`completedAt` is null.", lambda _: None, "upload.report-shape"),
    _starts(
        "created-in-another-zone",
        "`createdAt` is UTC with the offset of another zone.",
        _relabelled,
    ),
    _starts("created-at-the-epoch", "`createdAt` is the beginning of 1970.", lambda _: _EPOCH),
    _starts(
        "created-in-the-last-century",
        "The year of `createdAt` is read from two digits: 1926.",
        _two_digit_year,
    ),
    _starts(
        "created-an-hour-ahead",
        "`createdAt` is an hour ahead, as without summer time.",
        _moved(hours=1),
    ),
    Defect(
        "completed-at-the-first-import",
        _D,
        "`completedAt` is that of the server's start, not of the import.",
        ("upload.times-are-now",),
        stateful(_of_the_first_import),
    ),
    Defect(
        "created-at-not-shown",
        _D,
        "Contacts have no `createdAt`.",
        ("list.page-shape",),
        each_contact(
            lambda contact: {name: value for name, value in contact.items() if name != "createdAt"}
        ),
    ),
    Defect(
        "contact-ids-of-the-list",
        _D,
        "`contactId` is the id of the list.",
        ("list.contact-ids-unique",),
        on_ok(LIST, _same_id_for_all),
    ),
    Defect(
        "contact-ids-each-time-new",
        _D,
        "`contactId` is another one each time that a list is read.",
        ("list.repeatable", "duplicates.update-keeps-the-contact"),
        stateful(_new_ids_each_time),
    ),
    _id(
        "contact-ids-cut",
        "`contactId` is cut after five characters, so that many are the same.",
        lambda text: text[:5],
    ),
    _id(
        "contact-ids-as-numbers",
        "`contactId` is a number.",
        lambda text: sum(text.encode()),
        "list.page-shape",
    ),
    _id("contact-ids-missing", "Contacts have no `contactId`.", lambda _: None, "list.page-shape"),
)
