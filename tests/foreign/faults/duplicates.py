"""Faults in duplicates and their strategies (UC-020: Duplicate strategy, Deduplication)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.messages import Refused, Request, fail
from tests.foreign.switch import Table, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.messages import Response
    from tests.foreign.multipart import Form
    from tests.foreign.stages import Context, Row
    from tests.foreign.store import Contact

TABLE = Table()


def _row(name: str, says: str, change: Callable[[Row, Context], Row]) -> None:
    TABLE.changes("duplicates", name, says, stages.ROW, change)


def _outcome(name: str, says: str, of: str, becomes: str) -> None:
    """Add a fault that treats a duplicate by another strategy."""

    def change(row: Row, context: Context) -> Row:
        if row.duplicate and context.strategy == of:
            contact = None if becomes == "created" else _same(context, row)
            return replace(row, outcome=becomes, contact=contact)
        return row

    _row(name, says, change)


def _same(context: Context, row: Row) -> Contact | None:
    assert context.account
    found = context.account.by_number.get(row.number, [])
    return found[0] if found else row.contact


_outcome("skip-creates", "SKIP creates a copy.", "SKIP", "created")
_outcome("skip-updates", "SKIP updates the contact.", "SKIP", "updated")
_outcome("update-skips", "UPDATE skips duplicates.", "UPDATE", "skipped")
_outcome("update-creates", "UPDATE creates a copy.", "UPDATE", "created")
_outcome("duplicate-skips", "DUPLICATE skips duplicates.", "DUPLICATE", "skipped")
_outcome("duplicate-updates", "DUPLICATE updates the contact.", "DUPLICATE", "updated")
_outcome("update-error", "With UPDATE a duplicate is an error.", "UPDATE", "error")
_outcome("skip-error", "With SKIP a duplicate is an error.", "SKIP", "error")


def _default(strategy: str) -> Callable[[Row, Context], Row]:
    outcome = {"UPDATE": "updated", "DUPLICATE": "created"}[strategy]

    def change(row: Row, context: Context) -> Row:
        if row.duplicate and "duplicateStrategy" not in context.fields:
            return replace(row, outcome=outcome)
        return row

    return change


_row("default-updates", "Without a strategy duplicates are updated.", _default("UPDATE"))
_row("default-creates", "Without a strategy duplicates are copied.", _default("DUPLICATE"))


def _skip_changes(name: str, says: str, change: Callable[[Contact, Row, Context], None]) -> None:
    def on_row(row: Row, context: Context) -> Row:
        if row.outcome == "skipped" and row.contact:
            change(row.contact, row, context)
        return row

    _row(name, says, on_row)


def _rename(contact: Contact, row: Row, _: Context) -> None:
    contact.name = row.card.name or contact.name


def _new_email(contact: Contact, row: Row, _: Context) -> None:
    contact.email = row.card.email or contact.email


def _no_email(contact: Contact, row: Row, _: Context) -> None:
    contact.email = row.card.email


def _new_tags(contact: Contact, _: Row, context: Context) -> None:
    contact.tags += [each for each in context.fields.get("tags", "").split(",") if each]


def _fill_in(contact: Contact, row: Row, _: Context) -> None:
    contact.email = contact.email or row.card.email


_skip_changes("skip-renames", "SKIP takes the name of the card.", _rename)
_skip_changes("skip-changes-email", "SKIP takes the address of the card.", _new_email)
_skip_changes("skip-blanks-email", "SKIP blanks an address that the card lacks.", _no_email)
_skip_changes("skip-adds-tags", "SKIP adds the tags.", _new_tags)
_skip_changes("skip-fills-in-email", "SKIP takes an address that the contact lacks.", _fill_in)


def _updated(name: str, says: str, change: Callable[[Contact, Contact, Context], None]) -> None:
    """Add a fault in an updated contact; *change* also gets it as it was before."""

    def on_contact(contact: Contact, context: Context) -> Contact:
        assert context.before
        change(contact, context.before, context)
        return contact

    TABLE.changes("duplicates", name, says, stages.UPDATED, on_contact)


def _name_kept(contact: Contact, before: Contact, _: Context) -> None:
    contact.name = before.name


def _email_kept(contact: Contact, before: Contact, _: Context) -> None:
    contact.email = before.email


def _nothing_new(contact: Contact, before: Contact, _: Context) -> None:
    contact.name, contact.email = before.name, before.email


def _new_id(contact: Contact, _: Contact, context: Context) -> None:
    contact.id = context.deployment.ids.new("cnt", context.policy.shown.contact_ids)


def _new_time(contact: Contact, _: Contact, __: Context) -> None:
    contact.created_at = contact.created_at.replace(year=contact.created_at.year + 1)


def _joined_name(contact: Contact, before: Contact, _: Context) -> None:
    contact.name = f"{before.name} {contact.name}"


def _untagged(contact: Contact, _: Contact, __: Context) -> None:
    contact.tags = []


def _email_only_if_missing(contact: Contact, before: Contact, _: Context) -> None:
    contact.email = before.email or contact.email


def _left(contact: Contact, _: Contact, context: Context) -> None:
    assert context.account
    for each in context.account.lists.values():
        each.members = [member for member in each.members if member[0] is not contact]


def _renamed_all(contact: Contact, _: Contact, context: Context) -> None:
    assert context.account
    for each in context.account.contacts[-20:]:
        each.name = contact.name


def _others(contact: Contact, context: Context) -> list[Contact]:
    assert context.account
    return [each for each in context.account.contacts if each is not contact]


def _same_domain(contact: Contact, _: Contact, context: Context) -> None:
    domain = contact.email.rpartition("@")[2]
    for each in _others(contact, context):
        if domain and each.email.endswith(f"@{domain}"):
            each.name = contact.name


def _same_name(contact: Contact, before: Contact, context: Context) -> None:
    for each in _others(contact, context):
        if each.name == before.name:
            each.email = contact.email


def _same_list(contact: Contact, _: Contact, context: Context) -> None:
    assert context.account
    for each in context.account.lists.values():
        if each.holds(contact):
            for other, _since in each.members:
                other.tags = list(dict.fromkeys([*other.tags, *contact.tags]))


_updated("update-changes-same-domain", "UPDATE renames contacts of the same domain.", _same_domain)
_updated("update-changes-same-name", "UPDATE gives namesakes its address.", _same_name)
_updated("update-tags-list", "UPDATE tags all contacts of its lists.", _same_list)
_updated("update-keeps-name", "UPDATE keeps the name.", _name_kept)
_updated("update-keeps-email", "UPDATE keeps the address.", _email_kept)
_updated("update-changes-nothing", "UPDATE reports an update and changes nothing.", _nothing_new)
_updated("update-moves-id", "UPDATE gives the contact a new id.", _new_id)
_updated("update-moves-created-at", "UPDATE moves createdAt.", _new_time)
_updated("update-joins-names", "UPDATE appends the name.", _joined_name)
_updated("update-loses-tags", "UPDATE removes all tags.", _untagged)
_updated(
    "update-adds-email-only",
    "UPDATE sets an address only where there is none.",
    _email_only_if_missing,
)
_updated("update-changes-others", "UPDATE renames other contacts, too.", _renamed_all)
_updated("update-leaves-lists", "An updated contact leaves its other lists.", _left)


def _match(
    name: str, says: str, change: Callable[[Contact | None, Context], Contact | None]
) -> None:
    TABLE.changes("duplicates", name, says, stages.MATCH, change)


def _by(
    key: Callable[[Contact], Any], of_card: Callable[[Context], Any]
) -> Callable[[Contact | None, Context], Contact | None]:
    """Return a comparison by something else than the number."""

    def change(_: Contact | None, context: Context) -> Contact | None:
        assert context.account
        wanted = of_card(context)
        return next(
            (each for each in context.account.contacts if wanted and key(each) == wanted), None
        )

    return change


def _or_by(
    key: Callable[[Contact], Any], of_card: Callable[[Context], Any]
) -> Callable[[Contact | None, Context], Contact | None]:
    other = _by(key, of_card)
    return lambda found, context: found or other(found, context)


def _card_name(context: Context) -> str:
    return context.card.name if context.card else ""


def _card_email(context: Context) -> str:
    return context.card.email if context.card else ""


_match("match-by-name", "Contacts are compared by name.", _by(lambda each: each.name, _card_name))
_match(
    "match-by-email", "Contacts are compared by address.", _by(lambda each: each.email, _card_email)
)
_match(
    "match-also-by-name",
    "A contact of the same name is a duplicate, too.",
    _or_by(lambda each: each.name, _card_name),
)
_match(
    "match-also-by-email",
    "A contact of the same address is a duplicate, too.",
    _or_by(lambda each: each.email, _card_email),
)
_match(
    "match-by-last-8",
    "Contacts are compared by the last 8 digits.",
    _or_by(lambda each: each.phone[-8:], lambda context: context.number[-8:]),
)
_match(
    "match-by-last-7",
    "Contacts are compared by the last 7 digits.",
    _or_by(lambda each: each.phone[-7:], lambda context: context.number[-7:]),
)
_match(
    "match-without-country",
    "Contacts are compared without their country code.",
    _or_by(lambda each: each.phone[3:], lambda context: context.number[3:]),
)
_match(
    "match-by-last-9",
    "Contacts are compared by the last 9 digits.",
    _or_by(lambda each: each.phone[-9:], lambda context: context.number[-9:]),
)
_match(
    "match-by-number-and-name",
    "Contacts are compared by number and name.",
    lambda found, context: found if found and found.name == _card_name(context) else None,
)
_match("match-never", "No contact is a duplicate.", lambda _, __: None)
_match(
    "match-as-written",
    "Contacts are compared by number as it was written.",
    lambda found, context: found if found and context.telephone == found.phone else None,
)
_match(
    "match-first-10",
    "A card is compared with the 10 oldest contacts.",
    lambda found, context: (
        found if found and context.account and found in context.account.contacts[:10] else None
    ),
)
_match(
    "match-newest-100",
    "A card is compared with the 100 newest contacts.",
    lambda found, context: (
        found if found and context.account and found in context.account.contacts[-100:] else None
    ),
)
_match(
    "match-foreign-never",
    "Only Italian numbers are compared.",
    lambda found, _: found if found and found.phone.startswith("+39") else None,
)


def _copy(name: str, says: str, change: Callable[[Contact, Context], Contact]) -> None:
    """Add a fault in copies that DUPLICATE creates."""

    def on_contact(contact: Contact, context: Context) -> Contact:
        return change(contact, context) if context.strategy == "DUPLICATE" else contact

    TABLE.changes("duplicates", name, says, stages.CONTACT, on_contact)


def _id_of_original(contact: Contact, context: Context) -> Contact:
    assert context.account
    found = context.account.by_number.get(contact.phone)
    return replace(contact, id=found[0].id) if found else contact


_copy("copy-has-id-of-original", "A copy has the id of the original.", _id_of_original)
_copy("copy-without-email", "A copy has no address.", lambda contact, _: replace(contact, email=""))
_copy("copy-without-tags", "A copy has no tags.", lambda contact, _: replace(contact, tags=[]))
_copy(
    "copy-renamed",
    "A copy is called (2).",
    lambda contact, _: replace(contact, name=f"{contact.name} (2)"),
)
_copy(
    "copy-with-name-of-original",
    "A copy has the name of the original.",
    lambda contact, context: (
        replace(contact, name=context.account.by_number[contact.phone][0].name)
        if context.account and contact.phone in context.account.by_number
        else contact
    ),
)


def _content_of(form: Form) -> bytes:
    files = form.all("file")
    return files[0].content if files else b""


def _same_file_refused(form: Form, context: Context) -> Form:
    seen = context.memory.setdefault("files", set())
    content = _content_of(form)
    if content in seen:
        raise Refused(fail(409, "file", "This file was imported already."))
    seen.add(content)
    return form


def _same_file_replayed(response: Response, context: Context) -> Response:
    if context.operation != "upload" or response.status != 200:
        return response
    start = context.request.body.find(b"BEGIN:VCARD")
    content = context.request.body[start : context.request.body.rfind(b"END:VCARD")]
    first: Response = context.memory.setdefault(("report", content), response)
    return replace(first)


TABLE.changes(
    "duplicates",
    "same-file-refused",
    "A file that was imported is refused with 409.",
    stages.FORM,
    _same_file_refused,
)
TABLE.changes(
    "duplicates",
    "same-file-replayed",
    "A file that was imported gets the same report again.",
    stages.RESPONSE,
    _same_file_replayed,
)
TABLE.sets(
    "concurrency",
    "concurrent-imports-race",
    "Imports at the same time create a contact twice.",
    importing__apart=False,
)


def _entered(request: Request, context: Context) -> Request:
    if context.operation == "upload":
        context.memory["running"] = context.memory.get("running", 0) + 1
    return request


def _left_again(response: Response, context: Context) -> Response:
    if context.operation == "upload":
        crowded = context.memory["running"] > 1
        context.memory["running"] -= 1
        if crowded and response.status == 200:
            return fail(500, "file", "Deadlock found when trying to get lock.")
    return response


TABLE.all_of(
    "concurrency",
    "concurrent-imports-fail",
    "One of two imports at the same time gets 500.",
    at(stages.REQUEST, _entered),
    at(stages.RESPONSE, _left_again),
)
