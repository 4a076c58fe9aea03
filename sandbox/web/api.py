"""One handler per operation of the contract: read the request, act on the world, present."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import anyio

from sandbox.domain.errors import FileTooLarge
from sandbox.domain.importing import Plan, Planner, Strategy, parse_tags
from sandbox.state.world import Destination, World
from sandbox.web.answers import Answer
from sandbox.web.intake import BESIDE_THE_FILE, Submission, take_form

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.domain.contacts import Contact
    from sandbox.state.world import Page, Report
    from sandbox.web.contract import Operation
    from sandbox.web.intake import Body

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
        self.handlers: Mapping[str, Callable[[Call], Awaitable[Answer]]] = {
            "uploadVCard": self.upload_vcard,
            "listContacts": self.list_contacts,
            "getContactQuota": self.get_contact_quota,
        }

    async def upload_vcard(self, call: Call) -> Answer:
        """Import a file (UC-020: Step 1)."""
        form = call.operation.form
        assert form is not None, "the contract gives the upload a form"
        limit = call.world.file_bytes or form.fields["file"].max_bytes or 0
        _refuse_before_it_is_sent(call.headers, limit)
        submission = Submission(form, limit)
        try:
            await take_form(call.body, call.headers, submission)
            fields = submission.fields()
            destination = Destination(fields.get("listId"), fields.get("listName"))
            if destination.list_id is not None:
                call.world.list(destination.list_id)
            strategy = Strategy(fields["duplicateStrategy"])
            tags = parse_tags(fields.get("tags", ""))
            report = await self._import(call.world, submission, destination, strategy, tags)
        finally:
            submission.close()
        return Answer(200, _report(report))

    async def list_contacts(self, call: Call) -> Answer:
        """Show one page of a list (UC-020: Step 2)."""
        values = call.operation.read_parameters(call.path, call.query)
        page = call.world.page(values["listId"], number=values["page"], limit=values["limit"])
        return Answer(200, _page(page))

    async def get_contact_quota(self, call: Call) -> Answer:
        """Show the quota (UC-020: Complete end-to-end example)."""
        call.operation.read_parameters(call.path, call.query)
        quota = call.world.quota
        return Answer(200, {"used": quota.used, "total": quota.total})

    async def _import(
        self,
        world: World,
        submission: Submission,
        destination: Destination,
        strategy: Strategy,
        tags: tuple[str, ...],
    ) -> Report:
        turn = self._turns.setdefault(world, asyncio.Lock())
        async with turn:

            def work() -> Plan:
                return plan_import(world, submission.read(), strategy, tags)

            if submission.file_bytes <= _INLINE_BYTES:
                plan = work()
            else:
                # Off the event loop: other requests keep their latency. What the plan reads does
                # not change meanwhile, since imports of this world wait for their turn.
                threads = self._threads_for(large=submission.file_bytes > _LARGE_BYTES)
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
    from sandbox.domain.phone import normaliser
    from sandbox.domain.vcard import read_cards

    order = world.order(strategy, tags)
    planner = Planner(order, world.holdings(), normaliser(world.account.region))
    planner.add(read_cards(data))
    return planner.plan()


def _refuse_before_it_is_sent(headers: Mapping[str, str], limit: int) -> None:
    length = headers.get("content-length", "")
    waits = headers.get("expect", "").lower() == "100-continue"
    if waits and length.isdecimal() and int(length) > limit + BESIDE_THE_FILE:
        raise FileTooLarge(limit)


def _report(report: Report) -> dict[str, Any]:
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


def _page(page: Page) -> dict[str, Any]:
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
