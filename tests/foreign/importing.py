"""Imports a file: cards to rows, rows to contacts, contacts to a report."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from tests.foreign import stages
from tests.foreign.messages import Response, refuse
from tests.foreign.numbers import e164
from tests.foreign.stages import Context, Row
from tests.foreign.store import Account, Contact, ContactList
from tests.foreign.vcards import (
    Card,
    NotVCards,
    email_of,
    name_of,
    read_cards,
    telephones_of,
    to_utf8,
    unfolded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MISSING = "Missing phone number"
INVALID = "Invalid phone number format"


def read_file(context: Context, content: bytes) -> list[Card]:
    """Return the cards of a file; raise ``Refused``."""
    policy = context.policy.cards
    content = to_utf8(context.pass_through(stages.CONTENT, content), utf16=policy.utf16)
    lines = context.pass_through(stages.LINES, unfolded(content, policy.legacy_charset))
    try:
        cards = read_cards(lines)
    except NotVCards as error:
        raise refuse(400, "file", "Invalid VCard format. Expected BEGIN:VCARD header.") from error
    broken = [card for card in cards if card.problem]
    strict = context.policy.importing.broken_card == "refuse"
    last = context.policy.importing.no_footer == "refuse"
    if broken and (strict or (last and not broken[-1].end_line)):
        raise refuse(400, "file", "Invalid VCard format. Expected END:VCARD footer.")
    return context.pass_through(stages.CARDS, [_described(context, card) for card in cards])


def _described(context: Context, card: Card) -> Card:
    card = context.pass_through(stages.READ, card)
    policy = context.policy
    versions = card.all("VERSION")
    version = versions[0].text if versions else ""
    problem = card.problem
    if not problem and version not in policy.importing.versions:
        if policy.importing.other_version == "refuse":
            raise refuse(400, "file", f"Unsupported vCard version {version}. Expected 3.0 or 4.0.")
        if policy.importing.other_version == "error":
            problem = f"Unsupported vCard version {version!r}. Expected 3.0 or 4.0."
    telephones = telephones_of(card, faxes=policy.telephones.faxes)
    if policy.telephones.choice != "preferred":
        telephones.sort(key=lambda each: each.line, reverse=policy.telephones.choice == "last")
    described = replace(
        card,
        version=version,
        problem=problem,
        name=_name(context, card),
        email=email_of(card),
        telephones=tuple(telephones),
    )
    return context.pass_through(stages.CARD, described)


def _name(context: Context, card: Card) -> str:
    policy = context.policy.cards
    name = name_of(card, policy.name_from)
    if policy.fold_blanks:
        name = " ".join(name.split())
    if policy.normal_form:
        name = normalize(policy.normal_form, name)  # type: ignore[arg-type] # "NFC", "NFKC"
    return name[: policy.longest_name]


def row_of(context: Context, card: Card) -> Row:
    """Return a card with its number, or with the reason why it cannot be imported."""
    policy = context.policy
    lines = {"begin": card.line, "end": card.end_line}
    context.card = card
    if card.problem:
        return Row(card, outcome="error", reason=card.problem, line=card.line)
    if not card.telephones:
        line = lines[policy.importing.missing_line]
        return Row(card, outcome="error", reason=MISSING, line=line)
    tried = card.telephones[:1] if policy.telephones.only_first else card.telephones
    for telephone in tried:
        number = _number(context, telephone.text)
        if number:
            if not card.name and policy.cards.name_missing == "error":
                return Row(card, outcome="error", reason="Missing name", line=card.line)
            return Row(card, number)
    first = min(each.line for each in card.telephones)
    line = lines.get(policy.importing.error_line, first)
    return Row(card, outcome="error", reason=INVALID, line=line)


def _number(context: Context, text: str) -> str | None:
    policy = context.policy.telephones
    context.telephone = text
    written = context.pass_through(stages.TELEPHONE, text)
    return context.pass_through(stages.NUMBER, e164(written, policy.region, policy.kinds))


class Import:
    """One import into one list of one account, planned in full before anything changes."""

    def __init__(self, context: Context, account: Account, into: ContactList) -> None:
        self._context = context
        self._policy = context.policy
        self._account = account
        self._into = into
        self._fresh: dict[str, Contact] = {}
        self._changes: list[Callable[[], None]] = []
        self._now = context.deployment.now()
        self._members = {id(contact) for contact, _ in into.members}
        self._tags = read_tags(context, context.fields.get("tags", ""))

    def run(self, cards: list[Card]) -> Response:
        """Import *cards*; raise ``Refused``, with nothing changed."""
        context = self._context
        rows = [self._planned(row_of(context, card)) for card in cards]
        rows = context.pass_through(stages.ROWS, rows)
        rows = self._within_quota(rows)
        if self._policy.importing.nothing_importable == "refuse" and all(
            row.outcome == "error" for row in rows
        ):
            raise refuse(400, "file", "The file holds no card that can be imported.")
        if not self._policy.importing.apart:
            self._account.race.wait(id(context))
        for change in self._changes:
            change()
        context.pass_through(stages.JOINED, self._into)
        return self._response(rows)

    def _within_quota(self, rows: list[Row]) -> list[Row]:
        account = self._account
        needed = sum(row.outcome == "created" for row in rows)
        needed = self._context.pass_through(stages.NEEDED, needed)
        used, total = account.used(), account.quota
        if self._policy.importing.full_quota == "nothing" and used >= total:
            raise refuse(409, "contacts", quota_message(used, total))
        if used + needed <= total:
            return rows
        if self._policy.importing.over_quota == "refuse" or used >= total:
            raise refuse(409, "contacts", quota_message(used, total))
        return self._cut(rows, total - used)

    def _cut(self, rows: list[Row], room: int) -> list[Row]:
        """Turn what there is no room for into errors, and plan the others again."""
        self._changes.clear()
        self._fresh.clear()
        kept = []
        for row in rows:
            if row.outcome == "created":
                room -= 1
                if room < 0:
                    reason = "Contact quota exceeded"
                    kept.append(Row(row.card, "", "error", reason=reason, line=row.card.line))
                    continue
            kept.append(row if row.outcome == "error" else self._planned(Row(row.card, row.number)))
        return kept

    def _planned(self, row: Row) -> Row:
        if row.outcome == "error":
            return self._context.pass_through(stages.ROW, row)
        context = self._context
        context.card, context.number = row.card, row.number
        earlier = self._fresh.get(row.number)
        if earlier and self._policy.importing.same_file == "error":
            row.outcome, row.reason, row.line = "error", "Repeated in this file", row.card.line
            return row
        existing = context.pass_through(stages.MATCH, self._existing(row.number) or earlier)
        row.duplicate = existing is not None
        if existing is not None and context.strategy != "DUPLICATE":
            row.outcome = "updated" if context.strategy == "UPDATE" else "skipped"
            row.contact = existing
        row = context.pass_through(stages.ROW, row)
        self._plan_change(row)
        return row

    def _existing(self, number: str) -> Contact | None:
        found = self._account.by_number.get(number, [])
        if self._policy.importing.duplicates_in == "list":
            found = [contact for contact in found if id(contact) in self._members]
        return found[0] if found else None

    def _plan_change(self, row: Row) -> None:
        contact = row.contact
        if row.outcome == "created":
            new = self._new_contact(row)
            row.contact = new
            self._fresh[row.number] = new
            self._changes.append(lambda: self._add(new))
        elif row.outcome == "updated" and contact is not None:
            self._changes.append(lambda: self._update(contact, row.card))
        elif row.outcome == "skipped" and contact is not None and self._policy.importing.skip_joins:
            self._changes.append(lambda: self._join(contact))

    def _new_contact(self, row: Row) -> Contact:
        name = row.card.name
        if not name and self._policy.cards.name_missing == "number":
            name = row.number
        new = Contact(
            self._context.deployment.ids.new("cnt", self._policy.shown.contact_ids),
            name,
            row.number,
            row.card.email,
            list(self._tags),
            self._now
            if self._policy.shown.created_at == "import"
            else self._context.deployment.now(),
            monotonic(),
        )
        return self._context.pass_through(stages.CONTACT, new)

    def _add(self, contact: Contact) -> None:
        contact.since = monotonic()
        self._account.add(contact)
        self._join(contact)

    def _join(self, contact: Contact) -> None:
        if id(contact) not in self._members:
            self._members.add(id(contact))
            self._into.members.append((contact, monotonic()))

    def _update(self, contact: Contact, card: Card) -> None:
        context, policy = self._context, self._policy.importing
        context.before = replace(contact, tags=list(contact.tags))
        context.card, context.contact = card, contact
        blank = policy.update_absent_blanks
        contact.name = card.name if blank else card.name or contact.name
        contact.email = card.email if blank else card.email or contact.email
        kept = [] if policy.update_tags == "replace" and self._tags else contact.tags
        contact.tags = list(dict.fromkeys([*kept, *self._tags]))
        changed = context.pass_through(stages.UPDATED, contact)
        contact.name, contact.email, contact.tags = changed.name, changed.email, changed.tags
        if policy.update_joins:
            self._join(contact)

    def _response(self, rows: list[Row]) -> Response:
        policy, context = self._policy.importing, self._context
        summary = summary_of(rows, context)
        if not policy.counts_at_once:
            summary = dict.fromkeys(summary, 0)
        report = {
            "importId": context.deployment.ids.new("imp", self._policy.shown.import_ids),
            "listId": self._into.id,
            "status": policy.state,
            "summary": summary,
            "errors": errors_of(rows, context) if policy.counts_at_once else [],
            "completedAt": context.deployment.time(context.deployment.now()),
        }
        return Response(policy.status, context.pass_through(stages.REPORT, report))


def quota_message(used: int, total: int) -> str:
    """Return the documented message (UC-020: 409 Conflict)."""
    return (
        f"Contact quota exceeded. Current: {used}/{total}. "
        "Upgrade your plan to import more contacts."
    )


def summary_of(rows: list[Row], context: Context) -> dict[str, int]:
    """Return the counts of a report."""
    policy = context.policy.importing
    errors = sum(row.outcome == "error" for row in rows)
    imported = sum(row.outcome in ("created", "updated") for row in rows)
    if policy.update_skipped:
        imported = sum(row.outcome == "created" for row in rows)
    counted = [row for row in rows if row.outcome != "created" or policy.copies_are_duplicates]
    return {
        "total": len(rows),
        "imported": imported,
        "duplicates": sum(row.duplicate for row in counted),
        "errors": errors,
        "skipped": len(rows) - imported,
    }


def errors_of(rows: list[Row], context: Context) -> list[dict[str, Any]]:
    """Return the errors of a report."""
    policy = context.policy.importing
    errors = [
        {"line": row.line, "name": row.card.name, "reason": row.reason}
        for row in rows
        if row.outcome == "error"
    ]
    errors.sort(key=lambda error: error["line"], reverse=policy.errors_order == "reverse")  # type: ignore[arg-type,return-value] # a mixed dict
    if policy.errors_order == "kind":
        errors.sort(key=lambda error: str(error["reason"]))
    return errors[: policy.errors_shown]


def read_tags(context: Context, text: str) -> list[str]:
    """Return the tags in a form field."""
    policy = context.policy.tags
    tags = [each.strip() if policy.trim else each for each in text.split(",")]
    tags = [each.lower() if policy.case == "lower" else each for each in tags if each.strip()]
    if policy.once:
        tags = list(dict.fromkeys(tags))
    if policy.order == "sorted":
        tags.sort()
    return context.pass_through(stages.TAGS, tags[: policy.most])
