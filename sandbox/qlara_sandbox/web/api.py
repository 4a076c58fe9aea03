"""One handler per operation of the contract: read the request, act on the world, present."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import anyio

from qlara_sandbox.domain.errors import FileTooLarge
from qlara_sandbox.domain.importing import Plan, Planner, Strategy, parse_tags
from qlara_sandbox.http.multipart import BESIDE_THE_FILE, UploadForm, read_form
from qlara_sandbox.http.response import Response
from qlara_sandbox.state.world import Destination, World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.http.contract import Operation
    from qlara_sandbox.http.multipart import Body
    from qlara_sandbox.state.world import ContactPage, ImportReport

# Below this, handing the work to a thread costs more than it saves the others.
_INLINE_BYTES = 16 * 1024
_PARSING_AT_ONCE = 4
# Large files wait for each other, and not in the way of small ones.
_LARGE_BYTES = 1024 * 1024


@dataclass(slots=True)
class Call:
    """One request of an operation, with its gates behind it."""

    operation: Operation
    headers: Mapping[str, str]
    path: Mapping[str, str]
    query: bytes
    body: Body
    world: World


class Api:
    """The handlers, and what they share: imports of one world follow one another."""

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[World, asyncio.Lock] = WeakKeyDictionary()
        self._threads: dict[bool, anyio.CapacityLimiter] = {}
        self.handlers: Mapping[str, Callable[[Call], Awaitable[Response]]] = {
            "uploadVCard": self.upload_vcard,
            "listContacts": self.list_contacts,
            "getContactQuota": self.get_contact_quota,
        }

    async def upload_vcard(self, call: Call) -> Response:
        """Import a file (UC-020: Step 1)."""
        form = call.operation.form
        assert form is not None, "the contract gives the upload a form"
        limit = call.world.file_bytes or form.fields["file"].max_bytes or 0
        _refuse_before_it_is_sent(call.headers, limit)
        form_data = UploadForm(form, limit)
        try:
            await read_form(call.body, call.headers, form_data)
            fields = form_data.fields()
            destination = Destination(fields.get("listId"), fields.get("listName"))
            if destination.list_id is not None:
                call.world.list(destination.list_id)
            strategy = Strategy(fields["duplicateStrategy"])
            tags = parse_tags(fields.get("tags", ""))
            report = await self._import(call.world, form_data, destination, strategy, tags)
        finally:
            form_data.close()
        return Response(200, _report(report))

    async def list_contacts(self, call: Call) -> Response:
        """Show one page of a list (UC-020: Step 2)."""
        values = call.operation.read_parameters(call.path, call.query)
        page = call.world.page(values["listId"], number=values["page"], limit=values["limit"])
        return Response(200, _page(page))

    async def get_contact_quota(self, call: Call) -> Response:
        """Show the quota (UC-020: Complete end-to-end example)."""
        call.operation.read_parameters(call.path, call.query)
        quota = call.world.quota
        return Response(200, {"used": quota.used, "total": quota.total})

    async def _import(
        self,
        world: World,
        form_data: UploadForm,
        destination: Destination,
        strategy: Strategy,
        tags: tuple[str, ...],
    ) -> ImportReport:
        turn = self._turns.setdefault(world, asyncio.Lock())
        async with turn:

            def work() -> Plan:
                return plan_import(world, form_data.read(), strategy, tags)

            if form_data.file_bytes <= _INLINE_BYTES:
                plan = work()
            else:
                # Off the event loop: other requests keep their latency. What the plan reads does
                # not change meanwhile, since imports of this world wait for their turn.
                threads = self._threads_for(large=form_data.file_bytes > _LARGE_BYTES)
                plan = await anyio.to_thread.run_sync(work, limiter=threads)
            return world.commit(plan, destination)

    def _threads_for(self, *, large: bool) -> anyio.CapacityLimiter:
        if large not in self._threads:  # not before: a limiter belongs to a running event loop
            self._threads[large] = anyio.CapacityLimiter(_PARSING_AT_ONCE)
        return self._threads[large]


def plan_import(world: World, data: bytes, strategy: Strategy, tags: tuple[str, ...]) -> Plan:
    """Return what an import of *data* would change in *world*.

    Raises:
        NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
    """
    # Imported with the first file: the telephone tables are large, and many runs never need them.
    from qlara_sandbox.domain.phone import normaliser
    from qlara_sandbox.domain.vcard import read_cards

    options = world.import_options(strategy, tags)
    planner = Planner(options, world.existing_contacts(), normaliser(world.account.region))
    planner.add(read_cards(data))
    return planner.plan()


def _refuse_before_it_is_sent(headers: Mapping[str, str], limit: int) -> None:
    length = headers.get("content-length", "")
    waits = headers.get("expect", "").lower() == "100-continue"
    if waits and length.isdecimal() and int(length) > limit + BESIDE_THE_FILE:
        raise FileTooLarge(limit)


def _report(report: ImportReport) -> dict[str, Any]:
    return {
        "importId": report.import_id,
        "listId": report.list_id,
        "status": "COMPLETED",
        "summary": {
            "total": report.total,
            "imported": report.imported,
            "duplicates": report.duplicates,
            "errors": len(report.errors),
            "skipped": report.skipped,
        },
        "errors": [
            {"line": error.line, "name": error.name, "reason": error.reason}
            for error in report.errors
        ],
        "completedAt": report.completed_at,
    }


def _page(page: ContactPage) -> dict[str, Any]:
    return {
        "listId": page.list_id,
        "contacts": [_contact(contact) for contact in page.contacts],
        "total": page.total,
        "page": page.number,
        "totalPages": page.pages,
        "hasMore": page.number < page.pages,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "contactId": contact.contact_id,
        "name": contact.name,
        "phoneNumber": contact.phone_number,
    }
    if contact.email:
        shown["email"] = contact.email
    shown["tags"] = contact.tags
    shown["createdAt"] = contact.created_at
    return shown
