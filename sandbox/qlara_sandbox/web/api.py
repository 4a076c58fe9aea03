"""The handlers of the contact API: one per operation of the contract."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.conventions import USUAL
from qlara_sandbox.domain.errors import MisusedSandbox, Overloaded
from qlara_sandbox.domain.importing import Strategy, parse_tags
from qlara_sandbox.http.large_json import MANY, clear, rows
from qlara_sandbox.http.response import Response
from qlara_sandbox.services.importing import ImportRequest, summary
from qlara_sandbox.state.world import Destination
from qlara_sandbox.web.contacts import show_page, show_quota, show_time
from qlara_sandbox.web.gates.forced_response import example_response
from qlara_sandbox.web.kept_pages import KeptPages, page_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.domain.importing import CardError
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.services.importing import Importer
    from qlara_sandbox.state.world import ContactPage, ImportReport
    from qlara_sandbox.web.context import Call

    Rules = Callable[[str], Callable[[Contact], str | None] | None]


class ContactApi:
    """The handlers by operationId. Each takes checked values and returns its response.

    ``rules`` gives what tells why a world of a scenario cannot hold a contact, or None if the importer
    knows it by itself.
    """

    def __init__(self, importer: Importer, rules: Rules) -> None:
        self._importer = importer
        self._rules = rules
        self._pages = KeptPages()
        self.handlers: Mapping[str, Callable[[Call], Awaitable[Response]]] = {
            "uploadVCard": self.upload_vcard,
            "listContacts": self.list_contacts,
            "getContactQuota": self.get_contact_quota,
        }

    async def upload_vcard(self, call: Call) -> Response:
        """Import a file (UC-020: Step 1)."""
        form, values = call.form, call.values
        assert form is not None, "the contract gives the upload a form"
        request = ImportRequest(
            read=form.read,
            size=form.file_bytes,
            destination=Destination(values.get("listId"), values.get("listName")),
            strategy=self._strategy(call),
            tags=parse_tags(values.get("tags", "")),
            rules=partial(self._rules, call.scenario),
        )
        response: Response | None = None

        async def approve(report: ImportReport) -> None:
            nonlocal response
            response = await call.approve(report_response(report, call.conventions))

        report = await self._importer.run(call.world, request, approve, call.keeper)
        if len(report.errors) > MANY:
            with suppress(Overloaded):  # the contacts are there; this only saves time
                await self._importer.threads.run(partial(clear, report.errors))
        assert response is not None, "approved before it is carried out"
        return response

    def _strategy(self, call: Call) -> Strategy:
        if call.conventions.duplicates_strategy == "update":
            return Strategy.UPDATE
        return Strategy(call.values["duplicateStrategy"])

    async def list_contacts(self, call: Call) -> Response:
        """Show one page of a list (UC-020: Step 2)."""
        world, values = call.world, call.values
        list_id, number, limit = values["listId"], values["page"], values["limit"]
        key = page_key(world, call.contract, list_id, number, limit)
        kept = self._pages.find(key) if key is not None else None
        if kept is not None:
            return kept
        page = world.page(list_id, number=number, limit=limit, first=call.first_page)
        response = await call.approve(page_response(page, call.conventions))
        return response if key is None else self._pages.keep(key, response)

    async def get_contact_quota(self, call: Call) -> Response:
        """Show the quota (UC-020: Complete end-to-end example)."""
        return Response(200, show_quota(call.world.shown_quota(), call.conventions))


def example_handler(operation: Operation) -> Callable[[Call], Awaitable[Response]]:
    """Return the handler of a path that somebody added: it responds with its documented example."""

    async def respond(_: Call) -> Response:
        response = example_response(operation)
        if response is None:
            message = "This operation has no handler and no example of a success in the contract."
            raise MisusedSandbox("path", message)
        return response

    return respond


def report_response(report: ImportReport, conventions: Conventions = USUAL) -> Response:
    """Return the response to an import (UC-020: Response — Import completed)."""
    errors = report.errors
    if isinstance(conventions.error_list, int):
        errors = errors[: conventions.error_list]
    content: dict[str, Any] = {
        "importId": report.import_id,
        "listId": report.list_id,
        "status": "COMPLETED",
        "summary": summary(report),
        "errors": rows(errors, _show_error),
        "completedAt": show_time(report.completed_at, conventions),
    }
    if not report.errors and conventions.error_list_none == "null":
        content["errors"] = None
    if not report.errors and conventions.error_list_none == "absent":
        del content["errors"]
    return Response(conventions.import_status, content, is_large=len(errors) > MANY)


def page_response(page: ContactPage, conventions: Conventions = USUAL) -> Response:
    """Return the response with one page of a list (UC-020: Response — Contacts in the list)."""
    return Response(200, show_page(page, conventions))


def _show_error(error: CardError) -> dict[str, Any]:
    return {"line": error.line, "name": error.name, "reason": error.reason}
