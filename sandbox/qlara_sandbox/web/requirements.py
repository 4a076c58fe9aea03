"""What the sandbox needs of a contract in order to keep it, asked at the start and not at a request.

Every response that the sandbox gives by itself is tried against the contract, so that an edit of the file
that would make one of them a bug (500) is refused with its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.errors import (
    FileTooLarge,
    InvalidField,
    InvalidParameters,
    ListNameTaken,
    MissingKey,
    NoNewLists,
    NotAForm,
    NotAVCard,
    NotPermitted,
    PastTheEnd,
    QuotaExceeded,
    RateLimited,
    UnknownKey,
    UnknownList,
    UnterminatedVCard,
)
from qlara_sandbox.domain.importing import CardError, Strategy, contact_id
from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.http.error_responses import refusal
from qlara_sandbox.http.response import JSON
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.world import ContactPage, ImportReport
from qlara_sandbox.web.api import page_response, report_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.domain.errors import Refusal
    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.operation import FormField, Operation, Parameter
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.contacts import ContactCheck

_EVERYWHERE = (
    MissingKey("Missing API key."),
    UnknownKey("Unknown or inactive API key."),
    RateLimited(limit=10, retry_after=12),
)
_REFUSALS: Mapping[str, tuple[Refusal, ...]] = {
    "uploadVCard": (
        *_EVERYWHERE,
        NotPermitted("contacts"),
        InvalidField("duplicateStrategy", "Expected one of SKIP, UPDATE, DUPLICATE."),
        NotAForm("file", "Expected a multipart/form-data body."),
        NotAVCard(),
        UnterminatedVCard(13, 2),
        UnknownList("list_unknown"),
        QuotaExceeded(used=50_000, total=50_000, asked=1),
        FileTooLarge(10 * 1024 * 1024),
    ),
    "listContacts": (
        *_EVERYWHERE,
        NotPermitted("contacts"),
        InvalidParameters({"limit": "Expected an integer from 1 to 1000."}),
        UnknownList("list_unknown"),
    ),
    "getContactQuota": (*_EVERYWHERE, NotPermitted("contacts")),
}
_MOMENT = "2026-04-09T11:00:10+02:00"
_MARCO = Contact(contact_id(1), "Marco Rossi", "+393471234567", "", "", (), _MOMENT)


class _Need(NamedTuple):
    """Something that a contract lacks, if it is not ``met``."""

    met: bool
    what: str


def require_usable(contract: Contract, contacts: ContactCheck) -> None:
    """Let a contract pass that the handlers can keep.

    Raises:
        InvalidContract: it lacks something, or a response of the sandbox would break it; with the place.
    """
    missing = sorted(set(_REFUSALS) - set(contract.by_id))
    if missing:
        message = f"{contract.name}: lacks the operations {', '.join(missing)}"
        raise InvalidContract(message)
    for need in _needs(contract):
        if not need.met:
            raise InvalidContract(f"{contract.name}: lacks {need.what}")
    chosen = contract.conventions
    for operation_id, refusals in _refusals(chosen).items():
        responses = (refusal(one, chosen) for one in refusals)
        _require_allowed(contract, operation_id, responses)
    reports = (report_response(one, chosen) for one in _reports(contract))
    _require_allowed(contract, "uploadVCard", reports)
    shown = (page_response(one, chosen) for one in _pages(contract, contacts))
    _require_allowed(contract, "listContacts", shown)
    # What the quota may be, depends on the scenario, and is asked with it.


def require_same_operations(contract: Contract, other: Contract) -> None:
    """Let a contract of a scenario pass that has the operations of the contract in force, *other*.

    Raises:
        InvalidContract: it adds, removes or moves one.
    """
    known, found = (
        {(one.operation_id, one.method, one.path) for one in each.operations}
        for each in (other, contract)
    )
    if known != found:
        named = ", ".join(sorted({one[0] for one in known ^ found}))
        message = f"the overlay of a scenario cannot add, remove or move operations: {named}"
        raise InvalidContract(f"{contract.overlay}: {message}")


def _refusals(chosen: Conventions) -> Mapping[str, tuple[Refusal, ...]]:
    """Return the refusals by operationId, with those that conventions bring."""
    upload, pages = list(_REFUSALS["uploadVCard"]), list(_REFUSALS["listContacts"])
    if chosen.list_names == "unique":
        upload.append(ListNameTaken("New"))
    if chosen.list_names_create == "no":
        upload.append(NoNewLists())
    if chosen.page_past_the_end != "empty":
        pages.append(PastTheEnd(1))
    return {**_REFUSALS, "uploadVCard": tuple(upload), "listContacts": tuple(pages)}


def _require_allowed(contract: Contract, operation_id: str, responses: Iterable[Response]) -> None:
    operation = contract.by_id[operation_id]
    for response in responses:
        violation = operation.violation(response.status, response.media_type, response.content)
        if violation is not None:
            message = (
                f"{operation.method} {operation.path}: does not allow what the sandbox responds"
            )
            raise InvalidContract(f"{contract.name}: {message}: {violation}")


def _needs(contract: Contract) -> Iterator[_Need]:
    yield from _of_the_upload(contract)
    yield from _of_the_list(contract.by_id["listContacts"])
    quota = contract.by_id["getContactQuota"].documented(200)
    yield _Need(
        quota is not None and JSON in quota.validators, "200 as application/json of getContactQuota"
    )


def _of_the_upload(contract: Contract) -> Iterator[_Need]:
    form = contract.by_id["uploadVCard"].form
    file = form.fields.get("file") if form else None
    yield _Need(form is not None, "the multipart/form-data body of uploadVCard")
    assert form is not None, "asked before"
    yield _Need(file is not None and file.is_file, "the file field of uploadVCard")
    yield _Need(
        file is not None and file.max_bytes is not None,
        "x-qlara-max-bytes of the file of uploadVCard",
    )
    without: tuple[dict[str, str], ...] = ({}, {"listId": "list_1"}, {"listName": "New"})
    required = not any(form.validator.is_valid(fields) for fields in without)
    yield _Need(required, "the file among the required fields of uploadVCard")
    strategy = form.fields.get("duplicateStrategy")
    yield _Need(_has_handlers(strategy), "a handler for every duplicateStrategy")
    yield _Need("duplicateStrategy" in form.defaults, "a default for duplicateStrategy")


def _of_the_list(operation: Operation) -> Iterator[_Need]:
    parameters = {one.name: one for one in operation.parameters}
    list_id = parameters.get("listId")
    yield _Need(
        list_id is not None and list_id.location == "path", "the parameter listId in the path"
    )
    for name in ("limit", "page"):
        yield _Need(_is_integer(parameters.get(name)), f"the integer {name} of listContacts")
        yield _Need(name in operation.defaults, f"a default for {name} of listContacts")
    # A page of no contacts has no number, and no end.
    allows_none = any(parameters["limit"].validator.is_valid(count) for count in (0, -1))
    yield _Need(not allows_none, "a minimum of 1 or more for limit of listContacts")


def _has_handlers(strategy: FormField | None) -> bool:
    return strategy is None or (bool(strategy.values) and set(strategy.values) <= set(Strategy))


def _is_integer(parameter: Parameter | None) -> bool:
    return parameter is not None and parameter.schema.get("type") == "integer"


def _reports(contract: Contract) -> Iterator[ImportReport]:
    """Yield reports without and with errors, with ids as the sandbox makes them."""
    ids = Ids("a contract")
    error = CardError(1, "Anna Neri", "Missing phone number")
    for count in (0, 1, _many(contract)):
        yield ImportReport(
            import_id=ids.next("import"),
            list_id=ids.next("list"),
            total=count,
            imported=0,
            duplicates=0,
            skipped=count,
            errors=[error] * count,
            completed_at=_MOMENT,
        )


def _pages(contract: Contract, contacts: ContactCheck) -> Iterator[ContactPage]:
    """Yield an empty page; and pages of a contact, if the contract allows that one."""
    operation = contract.by_id["listContacts"]
    first = operation.defaults["page"]
    yield ContactPage("list_crm_migration", [], 0, first, 0, has_more=False)
    limit = next(one for one in operation.parameters if one.name == "limit")
    for count in (1, _many(contract)):
        shown = [
            _MARCO._replace(contact_id=contact_id(number), phone_number=f"+39347{number:07}")
            for number in range(1, count + 1)
        ]
        if limit.validator.is_valid(count) and contacts.fault(shown[0]) is None:
            yield ContactPage("list_crm_migration", shown, count + 1, first, 2, has_more=True)


def _many(contract: Contract) -> int:
    # Nothing is demanded of the arrays of the shipped contract that more items could break.
    return 1 if contract.is_shipped else 1000
