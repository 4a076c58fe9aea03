"""Lists the contacts of a list, page by page."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.foreign import stages
from tests.foreign.messages import Response, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context
    from tests.foreign.store import Contact, ContactList

_ORDERS: dict[str, Callable[[Contact], Any]] = {
    "name": lambda contact: (contact.name.casefold(), contact.id),
    "id": lambda contact: contact.id,
    "number": lambda contact: contact.phone,
    "scattered": lambda contact: sha256(contact.id.encode()).hexdigest(),
}


def list_contacts(context: Context, encoded_id: str) -> Response:
    """Return one page of the list with that percent-encoded id; raise ``Refused``."""
    paging = context.policy.paging
    limit = _limit(context)
    page = _page(context)
    found = _list(context, unquote(encoded_id))
    context.list, context.limit, context.page = found, limit, page
    contacts = context.pass_through(stages.LISTED, _visible(context, found))
    total = len(contacts)
    pages = -(-total // limit) or paging.empty_total_pages
    index = page - paging.first_page
    if index >= max(pages, 1) and paging.past_end == "refuse":
        raise refuse(404, "page", f"The list has {pages} pages.")
    if index >= max(pages, 1) and paging.past_end == "last":
        index = max(pages, 1) - 1
    body = {
        "listId": found.id,
        "contacts": [
            _shown(context, each) for each in contacts[index * limit : (index + 1) * limit]
        ],
        "total": total,
        "page": index + paging.first_page,
        "totalPages": pages,
        "hasMore": index + 1 < pages,
    }
    return Response(200, context.pass_through(stages.PAGE, body))


def _list(context: Context, list_id: str) -> ContactList:
    assert context.account
    policy = context.policy
    found = context.account.lists.get(list_id)
    if found is None or (
        policy.lists.until_indexed == "missing"
        and found.members
        and not found.seen(policy.timing.visible_after)
    ):
        raise refuse(policy.lists.unknown_status, "listId", f"No list {list_id!r} in this account.")
    return found


def _visible(context: Context, found: ContactList) -> list[Contact]:
    order = context.policy.paging.order
    assert context.account
    with context.account.lock:
        contacts = found.seen(context.policy.timing.visible_after)
    if order == "newest":
        contacts.reverse()
    elif order in _ORDERS:
        contacts.sort(key=_ORDERS[order])
    return contacts


def _shown(context: Context, contact: Contact) -> dict[str, Any]:
    policy = context.policy.shown
    shown: dict[str, Any] = {
        "contactId": contact.id,
        "name": contact.name,
        "phoneNumber": contact.phone,
        "email": contact.email,
        "tags": list(contact.tags),
        "createdAt": context.deployment.time(contact.created_at),
    }
    if not contact.email:
        if policy.email_absent == "absent":
            del shown["email"]
        elif policy.email_absent == "null":
            shown["email"] = None
    context.contact = contact
    return context.pass_through(stages.SHOWN, shown)


def _limit(context: Context) -> int:
    paging = context.policy.paging
    limit = _integer(context, "limit", paging.default_limit)
    if limit < 1:
        if paging.bad_value == "ignore":
            return paging.default_limit
        raise refuse(paging.bad_status, "limit", f"Expected an integer from 1 to {paging.maximum}.")
    if limit <= paging.maximum:
        return limit
    if paging.beyond == "clamp":
        return paging.maximum
    if paging.beyond == "ignore":
        return paging.default_limit
    raise refuse(paging.bad_status, "limit", f"Expected an integer from 1 to {paging.maximum}.")


def _page(context: Context) -> int:
    paging = context.policy.paging
    page = _integer(context, paging.page_parameter, paging.first_page)
    if page >= paging.first_page and page <= 1_000_000_000:
        return page
    if paging.bad_value == "ignore":
        return paging.first_page
    raise refuse(paging.bad_status, "page", f"Expected an integer from {paging.first_page}.")


def _integer(context: Context, name: str, default: int) -> int:
    paging = context.policy.paging
    query = context.request.query
    if paging.unknown_parameters == "refuse":
        for each, _ in query:
            if each not in ("limit", paging.page_parameter):
                raise refuse(paging.bad_status, each, "Unknown parameter.")
    values = [value for each, value in query if name and each == name]
    if len(values) > 1 and paging.repeated == "refuse":
        raise refuse(paging.bad_status, name, "Expected one value.")
    if not values:
        return default
    value = values[-1 if paging.repeated == "last" else 0]
    if value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20:
        return int(value)
    if paging.bad_value == "ignore":
        return default
    raise refuse(paging.bad_status, name, "Expected an integer.")
