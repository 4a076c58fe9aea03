"""The handlers of the contact API: one per operation of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.errors import MisusedSandbox
from qlara_sandbox.domain.importing import Strategy, parse_tags
from qlara_sandbox.http.response import Response
from qlara_sandbox.services.importing import ImportRequest, summary
from qlara_sandbox.state.world import Destination
from qlara_sandbox.web.contacts import show_contact
from qlara_sandbox.web.gates.forced_response import example_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.services.importing import Importer
    from qlara_sandbox.state.world import ContactPage, ImportReport
    from qlara_sandbox.web.contacts import ContactCheck
    from qlara_sandbox.web.context import Call


class ContactApi:
    """The handlers by operationId. Each takes checked values and returns its response."""

    def __init__(self, importer: Importer, contact_check: ContactCheck) -> None:
        self._importer = importer
        self._fault_of = contact_check.fault if contact_check.is_needed else None
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
            strategy=Strategy(values["duplicateStrategy"]),
            tags=parse_tags(values.get("tags", "")),
            fault_of=self._fault_of,
        )
        responses: list[Response] = []

        def approve(report: ImportReport) -> None:
            responses.append(Response(200, _report(report)))
            call.approve(responses[0])

        await self._importer.run(call.world, request, approve)
        return responses[0]

    async def list_contacts(self, call: Call) -> Response:
        """Show one page of a list (UC-020: Step 2)."""
        values = call.values
        page = call.world.page(values["listId"], number=values["page"], limit=values["limit"])
        return Response(200, _page(page))

    async def get_contact_quota(self, call: Call) -> Response:
        """Show the quota (UC-020: Complete end-to-end example)."""
        quota = call.world.quota
        return Response(200, {"used": quota.used, "total": quota.total})


def example_handler(operation: Operation) -> Callable[[Call], Awaitable[Response]]:
    """Return the handler of a path that somebody added: it responds with its documented example."""

    async def respond(_: Call) -> Response:
        response = example_response(operation)
        if response is None:
            message = "This operation has no handler and no example of a success in the contract."
            raise MisusedSandbox("path", message)
        return response

    return respond


def _report(report: ImportReport) -> dict[str, Any]:
    return {
        "importId": report.import_id,
        "listId": report.list_id,
        "status": "COMPLETED",
        "summary": summary(report),
        "errors": [
            {"line": error.line, "name": error.name, "reason": error.reason}
            for error in report.errors
        ],
        "completedAt": report.completed_at,
    }


def _page(page: ContactPage) -> dict[str, Any]:
    return {
        "listId": page.list_id,
        "contacts": [show_contact(contact) for contact in page.contacts],
        "total": page.total,
        "page": page.number,
        "totalPages": page.pages,
        "hasMore": page.number < page.pages,
    }
