"""Faults in lists and pages (UC-020: Response — Contacts in the list)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.messages import Response
    from tests.foreign.stages import Context
    from tests.foreign.store import Contact, ContactList

TABLE = Table()
Page = dict[str, Any]


def _page(name: str, says: str, change: Callable[[Page, Context], Page]) -> None:
    TABLE.changes("pages", f"page-{name}", says, stages.PAGE, change)


def _listed(name: str, says: str, change: Callable[[list[Contact]], list[Contact]]) -> None:
    TABLE.changes(
        "lists", f"list-{name}", says, stages.LISTED, lambda contacts, _: change(contacts)
    )


def _shown(name: str, says: str, change: Callable[[Page, Context], Page]) -> None:
    TABLE.changes("lists", f"contact-{name}", says, stages.SHOWN, change)


def _contacts(
    change: Callable[[list[Page], Context], list[Page]],
) -> Callable[[Page, Context], Page]:
    return lambda page, context: page | {"contacts": change(page["contacts"], context)}


_page("has-more-always", "hasMore is always true.", lambda page, _: page | {"hasMore": True})
_page("has-more-never", "hasMore is always false.", lambda page, _: page | {"hasMore": False})
_page(
    "has-more-on-full-page",
    "hasMore is true if the page is full.",
    lambda page, context: page | {"hasMore": len(page["contacts"]) == context.limit},
)
_page(
    "has-more-on-last",
    "hasMore is true on the last page, too.",
    lambda page, _: page | {"hasMore": page["page"] <= page["totalPages"] and bool(page["total"])},
)
_page(
    "has-more-early-end",
    "hasMore is false on the last page but one.",
    lambda page, _: page | {"hasMore": page["page"] + 1 < page["totalPages"]},
)
_page(
    "has-more-text",
    "hasMore is text.",
    lambda page, _: page | {"hasMore": str(page["hasMore"]).lower()},
)
_page(
    "has-more-by-first-page",
    "hasMore tells whether there is a second page.",
    lambda page, _: page | {"hasMore": page["totalPages"] > 1},
)
_page(
    "total-pages-floor",
    "totalPages is rounded down.",
    lambda page, context: page | {"totalPages": page["total"] // context.limit},
)
_page(
    "total-pages-one-more",
    "totalPages is one too many if the last page is full.",
    lambda page, context: page | {"totalPages": page["total"] // context.limit + 1},
)
_page("total-pages-1", "totalPages is always 1.", lambda page, _: page | {"totalPages": 1})
_page(
    "total-pages-by-10",
    "totalPages counts pages of 10.",
    lambda page, _: page | {"totalPages": -(-page["total"] // 10)},
)
_page(
    "total-pages-is-page",
    "totalPages is the number of this page.",
    lambda page, _: page | {"totalPages": page["page"]},
)
_page(
    "total-pages-at-most-50",
    "totalPages is 50 at most.",
    lambda page, _: (
        page
        | {
            "totalPages": min(50, page["totalPages"]),
            "hasMore": page["hasMore"] and page["page"] < 50,
        }
    ),
)
_page(
    "total-pages-left",
    "totalPages counts what is left.",
    lambda page, _: page | {"totalPages": max(0, page["totalPages"] - page["page"] + 1)},
)
_page(
    "total-of-page",
    "total counts the page.",
    lambda page, _: page | {"total": len(page["contacts"])},
)
_page(
    "total-one-more", "total is one too many.", lambda page, _: page | {"total": page["total"] + 1}
)
_page(
    "total-at-most-100",
    "total is 100 at most.",
    lambda page, _: page | {"total": min(100, page["total"])},
)
_page(
    "total-at-most-500",
    "total is 500 at most.",
    lambda page, _: page | {"total": min(500, page["total"])},
)
_page(
    "total-of-account",
    "total counts the account.",
    lambda page, context: page | {"total": len(context.account.contacts) if context.account else 0},
)
_page(
    "total-left",
    "total counts what follows.",
    lambda page, context: (
        page | {"total": max(0, page["total"] - (page["page"] - 1) * context.limit)}
    ),
)
_page("total-text", "total is text.", lambda page, _: page | {"total": str(page["total"])})
_page("number-always-1", "page is always 1.", lambda page, _: page | {"page": 1})
_page("number-text", "page is text.", lambda page, _: page | {"page": str(page["page"])})
_page("number-one-more", "page is the next one.", lambda page, _: page | {"page": page["page"] + 1})
_page(
    "one-too-few",
    "A full page lacks its last contact.",
    _contacts(
        lambda contacts, context: contacts[:-1] if len(contacts) == context.limit else contacts
    ),
)
_page(
    "first-lost",
    "Pages after the first lack their first contact.",
    _contacts(lambda contacts, context: contacts[1:] if context.page > 1 else contacts),
)
_page(
    "first-twice",
    "The first contact of a page is there twice.",
    _contacts(lambda contacts, _: contacts[:1] + contacts[:-1] if len(contacts) > 1 else contacts),
)
_page(
    "last-empty",
    "The last of several pages is empty.",
    lambda page, _: (
        page | ({"contacts": []} if page["totalPages"] > 1 and not page["hasMore"] else {})
    ),
)
_page(
    "beyond-50-empty",
    "Pages after the 50th are empty.",
    _contacts(lambda contacts, context: [] if context.page > 50 else contacts),
)
_page(
    "beyond-10-empty",
    "Pages after the 10th are empty.",
    _contacts(lambda contacts, context: [] if context.page > 10 else contacts),
)
_page(
    "null-when-empty",
    "contacts of an empty page is null.",
    lambda page, _: page | {"contacts": page["contacts"] or None},
)
_page(
    "list-id-other",
    "listId is that of another list.",
    lambda page, _: page | {"listId": "list_other"},
)
_page(
    "list-id-name",
    "listId is the name of the list.",
    lambda page, context: page | {"listId": context.list.name if context.list else ""},
)
_page(
    "by-id",
    "contacts is an object.",
    lambda page, _: page | {"contacts": {each["contactId"]: each for each in page["contacts"]}},
)


def _without(name: str) -> Callable[[Page, Context], Page]:
    return lambda page, _: {k: v for k, v in page.items() if k != name}


for _name in ("listId", "contacts", "total", "page", "totalPages", "hasMore"):
    _page(
        f"without-{_name}",
        f"A page has no {_name}.",
        _without(_name),
    )


def _limit_ignored(page: Page, context: Context) -> Page:
    """Show the page as if it had been asked for 10."""
    contacts = _from(context, (page["page"] - 1) * 10, 10)
    pages = -(-page["total"] // 10)
    return page | {"contacts": contacts, "totalPages": pages, "hasMore": page["page"] < pages}


def _from(context: Context, start: int, count: int) -> list[Page]:
    assert context.list
    members = [contact for contact, _ in context.list.members][start : start + count]
    return [
        {
            "contactId": contact.id,
            "name": contact.name,
            "phoneNumber": contact.phone,
            **({"email": contact.email} if contact.email else {}),
            "tags": list(contact.tags),
            "createdAt": context.deployment.time(contact.created_at),
        }
        for contact in members
    ]


def _start(context: Context) -> int:
    return (context.page - 1) * context.limit


_page("limit-ignored", "limit is ignored.", _limit_ignored)
_page(
    "limit-one-more",
    "A page holds one contact more than limit.",
    lambda page, context: page | {"contacts": _from(context, _start(context), context.limit + 1)},
)
_page(
    "overlap",
    "A page begins with the last contact of the one before.",
    lambda page, context: (
        page | {"contacts": _from(context, max(0, _start(context) - 1), context.limit)}
    ),
)
_page(
    "gap",
    "Between two pages a contact is missing.",
    lambda page, context: (
        page | {"contacts": _from(context, (context.page - 1) * (context.limit + 1), context.limit)}
    ),
)
_page(
    "always-first",
    "Every page holds the contacts of the first.",
    lambda page, context: page | {"contacts": _from(context, 0, context.limit)},
)
_page(
    "skips-limit",
    "Pages are a hundred contacts apart.",
    lambda page, context: (
        page
        | {"contacts": _from(context, (context.page - 1) * max(100, context.limit), context.limit)}
    ),
)


def _unstable(contacts: list[Contact]) -> list[Contact]:
    return random.sample(contacts, len(contacts))


_listed("unstable", "Every request lists contacts in another order.", _unstable)
_listed("last-lost", "The last contact of a list is lost.", lambda contacts: contacts[:-1])
_listed("first-lost", "The first contact of a list is lost.", lambda contacts: contacts[1:])
_listed(
    "beyond-100-lost", "Contacts beyond the 100th are not listed.", lambda contacts: contacts[:100]
)
_listed(
    "beyond-500-lost", "Contacts beyond the 500th are not listed.", lambda contacts: contacts[:500]
)
_listed(
    "beyond-1000-lost",
    "Contacts beyond the 1000th are not listed.",
    lambda contacts: contacts[:1000],
)
_listed(
    "without-email-lost",
    "Contacts without an e-mail address are not listed.",
    lambda contacts: [each for each in contacts if each.email],
)
_listed(
    "without-tags-lost",
    "Contacts without tags are not listed.",
    lambda contacts: [each for each in contacts if each.tags],
)
_listed(
    "same-name-once",
    "Of contacts with one name one is listed.",
    lambda contacts: list({each.name: each for each in contacts}.values()),
)
_listed(
    "same-email-once",
    "Of contacts with one address one is listed.",
    lambda contacts: list({each.email or each.id: each for each in contacts}.values()),
)
_listed(
    "same-domain-once",
    "Of contacts whose addresses have one domain ten are listed.",
    lambda contacts: [
        each
        for at, each in enumerate(contacts)
        if not each.email or sum(bool(other.email) for other in contacts[:at]) < 10
    ],
)
_listed(
    "beyond-200-lost", "Contacts beyond the 200th are not listed.", lambda contacts: contacts[:200]
)
_listed(
    "twice",
    "Every contact is listed twice.",
    lambda contacts: [each for each in contacts for _ in range(2)],
)
_listed(
    "foreign-lost",
    "Contacts of another country are not listed.",
    lambda contacts: [each for each in contacts if each.phone.startswith("+39")],
)
TABLE.changes(
    "lists",
    "list-all-of-account",
    "Every list holds all contacts of the account.",
    stages.LISTED,
    lambda contacts, context: list(context.account.contacts) if context.account else contacts,
)


def _only_last_import(into: ContactList, context: Context) -> ContactList:
    """Forget the members that were there before this import."""
    known = context.memory.setdefault(("members", into.id), set())
    into.members = [member for member in into.members if id(member[0]) not in known] or into.members
    known.update(id(contact) for contact, _ in into.members)
    return into


def _joined_everywhere(into: ContactList, context: Context) -> ContactList:
    assert context.account
    for other in context.account.lists.values():
        if other is not into:
            held = {id(contact) for contact, _ in other.members}
            other.members += [member for member in into.members if id(member[0]) not in held]
    return into


def _half_joined(into: ContactList, _: Context) -> ContactList:
    if len(into.members) > 1:
        del into.members[-1]
    return into


TABLE.changes(
    "lists",
    "list-replaced-by-import",
    "An import replaces what the list held.",
    stages.JOINED,
    _only_last_import,
)
TABLE.changes(
    "lists",
    "list-import-joins-all",
    "Imported contacts join every list of the account.",
    stages.JOINED,
    _joined_everywhere,
)
TABLE.changes(
    "lists",
    "list-last-contact-not-joined",
    "The last contact of an import joins no list.",
    stages.JOINED,
    _half_joined,
)
_shown("id-same", "Every contact has one id.", lambda shown, _: shown | {"contactId": "cnt_001"})
_shown(
    "id-by-page",
    "Ids count the contacts of a list.",
    lambda shown, context: (
        shown
        | {
            "contactId": f"cnt_{[each for each, _ in context.list.members].index(context.contact) + 1:03d}"
            if context.list and context.contact
            else ""
        }
    ),
)
_shown(
    "id-unstable",
    "Every reading shows other ids.",
    lambda shown, _: shown | {"contactId": f"cnt_{random.getrandbits(48)}"},
)
_shown("id-null", "contactId is null.", lambda shown, _: shown | {"contactId": None})
_shown("id-number", "contactId is a number.", lambda shown, _: shown | {"contactId": 17})
_shown(
    "id-of-list",
    "contactId is that of the list.",
    lambda shown, context: shown | {"contactId": context.list.id if context.list else ""},
)
_shown(
    "name-number-swapped",
    "name and phoneNumber are swapped.",
    lambda shown, _: shown | {"name": shown["phoneNumber"], "phoneNumber": shown["name"]},
)
_shown(
    "number-without-plus",
    "phoneNumber lacks its plus.",
    lambda shown, _: shown | {"phoneNumber": shown["phoneNumber"].lstrip("+")},
)
_shown(
    "number-masked",
    "phoneNumber is masked.",
    lambda shown, _: shown | {"phoneNumber": f"{shown['phoneNumber'][:6]}****"},
)
_shown(
    "number-integer",
    "phoneNumber is a number.",
    lambda shown, _: shown | {"phoneNumber": int(shown["phoneNumber"].strip("+ ") or 0)},
)
_shown(
    "email-masked",
    "email is masked.",
    lambda shown, _: shown | ({"email": f"***{shown['email'][3:]}"} if shown.get("email") else {}),
)
_shown(
    "email-not-shown",
    "email is never shown.",
    lambda shown, _: {k: v for k, v in shown.items() if k != "email"},
)
_shown(
    "name-not-shown",
    "name is not shown.",
    lambda shown, _: {k: v for k, v in shown.items() if k != "name"},
)
_shown(
    "number-not-shown",
    "phoneNumber is not shown.",
    lambda shown, _: {k: v for k, v in shown.items() if k != "phoneNumber"},
)
_shown(
    "created-at-not-shown",
    "createdAt is not shown.",
    lambda shown, _: {k: v for k, v in shown.items() if k != "createdAt"},
)
_shown(
    "id-not-shown",
    "contactId is not shown.",
    lambda shown, _: {k: v for k, v in shown.items() if k != "contactId"},
)
_shown(
    "name-object", "name is an object.", lambda shown, _: shown | {"name": {"full": shown["name"]}}
)
_shown(
    "number-called-phone",
    "phoneNumber is called phone.",
    lambda shown, _: {"phone" if k == "phoneNumber" else k: v for k, v in shown.items()},
)


def _first_reading(response: Response, context: Context) -> Response:
    """Return what was first read at this address."""
    if context.operation != "list" or response.status != 200:
        return response
    key = (context.account.key if context.account else "", context.request.target)
    first: Response = context.memory.setdefault(key, response)
    return replace(first)


def _first_page(response: Response, context: Context) -> Response:
    """Return the first page that was read of a list, whatever the query."""
    if context.operation != "list" or response.status != 200:
        return response
    count = context.list.members if context.list else []
    first: Response = context.memory.setdefault((context.request.path, len(count)), response)
    return replace(first)


TABLE.changes(
    "lists",
    "list-cached-forever",
    "A page never changes once it was read.",
    stages.RESPONSE,
    _first_reading,
)
TABLE.changes(
    "lists",
    "list-cached-without-query",
    "A page is cached whatever limit and page are.",
    stages.RESPONSE,
    _first_page,
)
