"""Contacts and quotas as the API shows them, and whether a contract allows them to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox import resources
from qlara_sandbox.domain.conventions import USUAL
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.http.response import JSON
from qlara_sandbox.http.schemas import expected
from qlara_sandbox.scenario.build import Allowed
from qlara_sandbox.state.clock import in_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.domain.quota import Quota
    from qlara_sandbox.state.world import ContactPage

_LONGEST_REASON = 300


def show_contact(contact: Contact) -> dict[str, Any]:
    """Return a contact as a page of a list has it (UC-020: Response — Contacts in the list)."""
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


def how_to_show(conventions: Conventions) -> Callable[[Contact], dict[str, Any]]:
    """Return what shows a contact under these conventions."""
    if conventions.email_absent == "absent" and conventions.times == "offset":
        return show_contact  # as nearly always, and for every contact of a page

    def show(contact: Contact) -> dict[str, Any]:
        shown = show_contact(contact)
        if not contact.email and conventions.email_absent != "absent":
            shown["email"] = None if conventions.email_absent == "null" else ""
        shown["createdAt"] = show_time(contact.created_at, conventions)
        return shown

    return show


def show_time(text: str, conventions: Conventions) -> str:
    """Return a time as the API shows it."""
    return text if conventions.times == "offset" else in_utc(text)


def show_page(page: ContactPage, conventions: Conventions = USUAL) -> dict[str, Any]:
    """Return a page of a list as the API shows it (UC-020: Response — Contacts in the list)."""
    show = how_to_show(conventions)
    return {
        "listId": page.list_id,
        "contacts": [show(contact) for contact in page.contacts],
        "total": page.total,
        "page": page.number,
        "totalPages": page.pages,
        "hasMore": page.has_more,
    }


def show_quota(quota: Quota, conventions: Conventions = USUAL) -> dict[str, int]:
    """Return a quota as the API shows it (UC-020: Complete end-to-end example)."""
    if conventions.quota_fields == "limits":
        return {
            "planLimit": quota.total,
            "extraLimit": 0,
            "totalLimit": quota.total,
            "used": quota.used,
            "remaining": quota.available,
        }
    return {"used": quota.used, "total": quota.total}


class QuotaCheck:
    """Holds quotas against the contract, so that no scenario brings one that it does not allow."""

    def __init__(self, contract: Contract) -> None:
        self._operation = contract.by_id.get("getContactQuota")
        self._conventions = contract.conventions

    def fault(self, quota: Quota) -> str | None:
        """Return why the contract does not allow *quota* or what it may become, or None if it does."""
        if self._operation is None:
            return None
        for used in (quota.used, max(quota.used, quota.total)):  # until it is used up
            content = show_quota(quota._replace(used=used), self._conventions)
            violation = self._operation.violation(200, JSON, content)
            if violation is not None:
                return f"Not allowed by the contract: {violation}"[:_LONGEST_REASON]
        return None


class ContactCheck:
    """Holds single contacts against the contract, so that no page of a list can break it later.

    The importer keeps the shipped contract by itself. ``is_needed`` tells that this contract says
    something else of contacts, so that imports have to ask.
    """

    def __init__(self, contract: Contract, shipped: Path = resources.SPEC) -> None:
        self._show = how_to_show(contract.conventions)
        self._schema = contract.schema_of_contacts()
        self._validator = contract.validator(self._schema)
        self._properties = contract.expanded(self._schema.get("properties", {}))
        is_other = contract.path != shipped or contract.overlay is not None
        self.is_needed = is_other and (contract.expanded(self._schema) != _shipped_schema(shipped))

    def fault(self, contact: Contact) -> str | None:
        """Return why the contract does not allow *contact*, or None if it does."""
        shown = self._show(contact)
        shown["tags"] = list(shown["tags"])
        if self._validator.is_valid(shown):
            return None
        error = next(iter(self._validator.iter_errors(shown)))
        field = next((str(step) for step in error.instance_path), "")
        schema = self._properties.get(field)
        if not isinstance(schema, dict) or len(error.instance_path) > 1:
            return f"Not allowed by the contract: {error.message}"[:_LONGEST_REASON]
        if schema.get("type") == "array":
            return f"Not allowed by the contract: {field}: {error.message}"[:_LONGEST_REASON]
        return f"Not allowed by the contract: {field}: {expected(schema)}"


class Terms(NamedTuple):
    """A contract, and the checks of what worlds hold under it."""

    contract: Contract
    contacts: ContactCheck
    quota: QuotaCheck

    @property
    def allowed(self) -> Allowed:
        """What a scenario asks about its contacts and its quota."""
        return Allowed(self.contacts.fault, self.quota.fault)

    @classmethod
    def of(cls, contract: Contract) -> Terms:
        """Return the terms of *contract*.

        Raises:
            InvalidContract: it has no contacts.
        """
        return cls(contract, ContactCheck(contract), QuotaCheck(contract))

    def fault(self, quota: Quota, contacts: Iterable[Contact]) -> str | None:
        """Return why a world cannot have this quota and these contacts, or None if it can."""
        fault = self.quota.fault(quota)
        if fault is not None or not self.contacts.is_needed:
            return fault
        return next(filter(None, map(self.contacts.fault, contacts)), None)


def _shipped_schema(spec: Path) -> Any:
    contract = Contract(spec)
    return contract.expanded(contract.schema_of_contacts())
