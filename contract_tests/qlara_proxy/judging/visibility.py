"""Which promises traffic can show, what shows each, and how certain a difference is."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from qlara_contract.promises import PROMISES

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId


class Sight(StrEnum):
    """How traffic shows a promise."""

    AT_ONCE = "one exchange"
    TOGETHER = "several exchanges"
    KEPT_ONLY = "kept alone"
    NEVER = "not seen"


NEVER: dict[PromiseId, str] = {
    "upload.footer-checked": (
        "a file whose last card is not closed: what became of the card is only certain in a new list"
    ),
    "cards.broken-card": "a file with a card that is not closed, of which nobody can say what it means",
    "duplicates.by-number-only": (
        "two people of one name with two numbers, in an account whose every contact is known"
    ),
    "access.accounts-apart": "two keys of which it is known that they are of two accounts",
    "access.other-list-unknown": "two keys of which it is known that they are of two accounts",
}
"""What traffic cannot show, by promise: it would take what stands there, and to know it for sure."""

_KEPT_ONLY: dict[PromiseId, str] = {
    "access.refused-without-permission": "a key without contact permission, which is refused with 403",
    "access.permission-required": "a key without contact permission, which is refused with 403",
    "access.unknown-key": "a key that no account has, which is refused with 401",
    "list.id-encoded": "a list id that is percent-encoded",
}
"""What traffic shows kept, and broken only in part: that a key must not be accepted is not known."""

_TOGETHER_BY_GROUP = ("cards.", "numbers.", "duplicates.", "tags.", "quota.")
_OF_ONE_RESPONSE = frozenset({"quota.shape", "quota.used-within-total"})
_OF_SEVERAL = frozenset(
    {
        *("upload.imports-a-file", "upload.import-id-unique", "upload.completed-after-created"),
        *("upload.summary-imported", "upload.summary-duplicates", "upload.new-list"),
        *("upload.new-list-each-time", "upload.quota-exceeded", "upload.copies-need-quota"),
        *("upload.quota-all-or-nothing", "upload.duplicates-pass-at-full-quota"),
        *("upload.updates-pass-at-full-quota", "upload.refusal-changes-nothing"),
        *("upload.imports-together", "upload.error-costs-one-card", "list.contact-as-imported"),
        *("list.total", "list.every-contact-once", "list.order", "list.contact-ids-unique"),
        *("list.repeatable", "list.visible-at-once", "list.pages"),
    }
)
# The first that fits counts; a star stands for the rest of a name.
_SHOWN_BY: tuple[tuple[str, str], ...] = (
    ("upload.summary-duplicates", "an import of a number that is in a list which was read"),
    ("upload.new-list*", "an import with `listName`, and the whole list afterwards"),
    ("upload.list-name-non-ascii", "an import with a `listName` in another script"),
    ("upload.imports-together", "imports at the same time, and their whole lists afterwards"),
    ("upload.largest-file", "a file of exactly the largest size"),
    ("upload.file-*", "a file of about 10 MB, or with an unusual name"),
    ("upload.error-costs-one-card", "a file with a faulty card, and the whole list afterwards"),
    ("upload.error*", "an import of a file with a card that has no valid number"),
    ("upload.copies-need-quota", "an exhausted quota, read, and then an import of duplicates"),
    ("upload.duplicates-pass*", "an exhausted quota, read, and then an import of duplicates"),
    ("upload.updates-pass*", "an exhausted quota, read, and then an import of updates"),
    ("upload.quota*", "a quota with too little room, read, and then an import of new contacts"),
    ("upload.refusal-changes-nothing", "the quota before and after an import that is refused"),
    ("upload.imports-a-file", "an import, and the whole list afterwards"),
    ("upload.completed-after-created", "an import, and the whole list afterwards"),
    ("upload.summary*", "an import of a file whose cards are beyond doubt"),
    ("upload.*", "an import with what the promise is about"),
    ("cards.*", "an import of a file with such a card, and the whole list afterwards"),
    ("numbers.*", "an import of a file with such a number, and the whole list afterwards"),
    ("tags.*", "an import with such tags, and the whole list afterwards"),
    ("duplicates.*", "a list that is read, an import of a number in it, and the list once more"),
    ("quota.*", "the quota before and after an import"),
    ("list.every-contact-once", "all pages of a list, one after the other"),
    ("list.empty", "a list without contacts"),
    ("list.repeatable", "the same page twice, with no import between"),
    ("list.*", "a page of a list, read as the promise says"),
    ("access.*", "a request with such a key"),
    ("rate-limit.*", "a request that is refused with 429"),
    ("answers.*", "a request as the promise describes it"),
)


def sight(promise_id: PromiseId) -> Sight:
    """Return how traffic shows a promise."""
    if promise_id in NEVER:
        return Sight.NEVER
    if promise_id in _KEPT_ONLY:
        return Sight.KEPT_ONLY
    by_group = promise_id.startswith(_TOGETHER_BY_GROUP) and promise_id not in _OF_ONE_RESPONSE
    return Sight.TOGETHER if by_group or promise_id in _OF_SEVERAL else Sight.AT_ONCE


def shown_by(promise_id: PromiseId) -> str:
    """Return what traffic would show a promise."""
    if promise_id in NEVER:
        return f"nothing for sure: it would take {NEVER[promise_id]}"
    if promise_id in _KEPT_ONLY:
        return _KEPT_ONLY[promise_id]
    return next(text for named, text in _SHOWN_BY if fnmatchcase(promise_id, named))


def unseen(promise_id: PromiseId) -> str:
    """Return why a promise was not seen: what it takes, or that nothing would show it for sure."""
    if promise_id in NEVER:
        return f"no traffic shows it for sure: it would take {NEVER[promise_id]}"
    return f"it takes {shown_by(promise_id)}"


def as_markdown() -> str:
    """Return the table of what traffic shows, as the documentation has it."""
    seen = [each for each in PROMISES if sight(each.id) is not Sight.NEVER]
    lines = [
        f"{len(seen)} of the {len(PROMISES)} promises can be seen in traffic.",
        "",
        "| promise | seen in | by |",
        "|---|---|---|",
    ]
    lines += [f"| `{each.id}` | {sight(each.id)} | {shown_by(each.id)} |" for each in PROMISES]
    return "\n".join(lines) + "\n"
