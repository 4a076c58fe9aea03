"""The registry of promises: every checkable sentence of the contract, with a stable id.

``python -m qlara_contract.promises`` prints the page that is kept in ``docs/promises.md``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

UPLOAD = "uploadVCard"
LIST = "listContacts"
QUOTA = "getContactQuota"
EVERY = "every operation"

OPERATIONS = (UPLOAD, LIST, QUOTA, EVERY)

_IMPORT = "`--mode full`: it imports contacts"
_UNSAFE = "`--mode full`: it sends requests that a deployment must refuse"


class Severity(StrEnum):
    """What a broken promise costs the partner who relied on it."""

    CRITICAL = "critical"  # contacts are lost, wrong, or seen by others
    MAJOR = "major"  # a correct client fails or is misled
    MINOR = "minor"  # a correct client copes


@dataclass(frozen=True)
class Promise:
    """One checkable sentence of the contract.

    ``source`` is a heading of UC-020, or ``assumption:`` and the reason. ``exercised_by`` says what
    a run needs to exercise the promise; empty where any run does.
    """

    id: str
    operation: str
    severity: Severity
    sentence: str
    source: str
    exercised_by: str = ""


_STEP_1 = "UC-020: Step 1 — Upload the VCard file"
_REPORT = "UC-020: Response — Import completed"
_PARSING = "UC-020: Behind the scenes — VCard file parsing"
_STEP_2 = "UC-020: Step 2 — Verify imported contacts"
_PAGE = "UC-020: Response — Contacts in the list"
_INDEXING = "UC-020: Behind the scenes — Indexing and search"
_SCRIPT = "UC-020: Complete end-to-end example"
_PREREQUISITES = "UC-020: Prerequisites"
_UPDATING = "UC-020: Import with existing contact update"
_NEW_LIST = "UC-020: Import into a new list"
_ERRORS = "UC-020: Common errors"
_INVALID = "UC-020: 400 Bad Request — Invalid VCard file"
_TOO_LARGE = "UC-020: 413 Payload Too Large — File too large"
_FULL = "UC-020: 409 Conflict — Contact quota exhausted"
_C, _J, _N = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR


def _assumed(reason: str) -> str:
    return f"assumption: {reason}"


def _upload(
    name: str, severity: Severity, sentence: str, source: str, needs: str = _IMPORT
) -> Promise:
    return Promise(name, UPLOAD, severity, sentence, source, needs)


_REPORTS = (
    _upload(
        "upload.imports-a-file",
        _C,
        "A vCard file that is sent with a list is answered with 200, and its contact is in the list.",
        _STEP_1,
    ),
    _upload(
        "upload.report-shape",
        _J,
        "The report of an import has every documented field with its documented type.",
        _REPORT,
    ),
    _upload("upload.import-id-unique", _J, "Every import has an `importId` of its own.", _REPORT),
    _upload(
        "upload.completed-after-created",
        _N,
        "`completedAt` is not before `createdAt` of the contacts that the import brought.",
        _REPORT,
    ),
    _upload(
        "upload.report-names-the-list",
        _C,
        "The report's `listId` is the list that was sent, and that list holds the contacts.",
        _REPORT,
    ),
    _upload(
        "upload.summary-adds-up",
        _J,
        "`total` is `imported` plus `skipped`, with every strategy.",
        _REPORT,
    ),
    _upload("upload.summary-total", _J, "`total` counts the cards of the file.", _REPORT),
    _upload(
        "upload.summary-imported",
        _C,
        "`imported` counts the cards that became or changed a contact.",
        _REPORT,
    ),
    _upload(
        "upload.summary-duplicates",
        _J,
        "`duplicates` counts the cards whose number the account or an earlier card had.",
        _REPORT,
    ),
    _upload(
        "upload.summary-errors",
        _J,
        "`summary.errors` counts the cards that could not be imported.",
        _REPORT,
    ),
    _upload(
        "upload.summary-skipped",
        _J,
        "`skipped` is `duplicates` plus `errors` with SKIP, and `errors` with UPDATE and DUPLICATE.",
        f"{_REPORT} (assumption for UPDATE and DUPLICATE: a card that changes or adds a contact is not skipped)",
    ),
    _upload(
        "upload.errors-listed",
        _J,
        "`errors` has one entry for each card that could not be imported, by line.",
        f"{_REPORT} (assumption: UC-020 counts 5 and prints 2)",
    ),
    _upload(
        "upload.error-missing-phone",
        _J,
        "A card without a telephone number is reported as `Missing phone number`.",
        _REPORT,
    ),
    _upload(
        "upload.error-invalid-phone",
        _J,
        "A card whose telephone number is not valid is reported as `Invalid phone number format`.",
        _REPORT,
    ),
    _upload(
        "upload.error-line",
        _J,
        "An error's `line` is the line of the first TEL if it is invalid, and of BEGIN:VCARD if there is none.",
        f"{_REPORT} (assumption: UC-020 does not say which line of the card is meant)",
    ),
    _upload("upload.error-name", _J, "An error's `name` is the name on the card.", _REPORT),
    _upload(
        "upload.error-costs-one-card",
        _C,
        "A card that cannot be imported costs only that card; the others are imported.",
        _REPORT,
    ),
    _upload(
        "upload.nothing-importable",
        _N,
        "A file in which every card is at fault is answered with a report, not refused.",
        _assumed("UC-020 reports faulty cards one by one and names no other answer"),
    ),
    _upload(
        "upload.new-list",
        _C,
        "`listName` creates a list; the report carries its id, and the list can be read at once.",
        _NEW_LIST,
    ),
    _upload(
        "upload.new-list-each-time",
        _J,
        "The same `listName` in another import creates another list.",
        _assumed("UC-020 does not ask for unique names"),
    ),
    _upload(
        "upload.list-name-non-ascii",
        _J,
        "A `listName` may be written in any script.",
        _assumed("UC-020 names no alphabet"),
    ),
    _upload(
        "upload.unknown-fields-ignored",
        _N,
        "Form fields that the contract does not name are ignored.",
        _assumed("other pages of the vendor name further fields"),
    ),
    _upload(
        "upload.part-headers-free",
        _J,
        "The file is read whatever file name and media type its part carries.",
        _assumed("UC-020's commands leave both to curl"),
    ),
)

_REFUSALS = (
    _upload(
        "upload.not-a-vcard",
        _J,
        "A file without BEGIN:VCARD is refused with 400 and the documented message in `file`.",
        _INVALID,
        _UNSAFE,
    ),
    _upload(
        "upload.no-footer",
        _J,
        "A file whose last card lacks END:VCARD is refused with 400 in `file`.",
        _assumed("the parsing section names the footer, no answer shows it"),
        _UNSAFE,
    ),
    _upload(
        "upload.empty-file",
        _J,
        "An empty file is refused with 400 in `file`.",
        _INVALID,
        _UNSAFE,
    ),
    _upload(
        "upload.file-required",
        _J,
        "An import without `file` is refused with 400 in `file`.",
        _assumed("UC-020 always sends one and shows no answer without"),
        _UNSAFE,
    ),
    _upload(
        "upload.list-required",
        _J,
        "An import with neither `listId` nor `listName` is refused with 400 that names one of them.",
        _assumed("UC-020 always sends one and shows no answer without"),
        _UNSAFE,
    ),
    _upload(
        "upload.one-list-only",
        _J,
        "An import with both `listId` and `listName` is refused with 400 that names one of them.",
        _assumed("UC-020 sends one or the other"),
        _UNSAFE,
    ),
    _upload(
        "upload.unknown-strategy",
        _J,
        "A `duplicateStrategy` other than SKIP, UPDATE, DUPLICATE is refused with 400 in that field.",
        _assumed("UC-020 names three and shows no answer to another"),
        _UNSAFE,
    ),
    _upload(
        "upload.empty-value",
        _J,
        "An empty `listId`, `listName` or `duplicateStrategy` is refused with 400 in that field.",
        _assumed("an empty value names nothing"),
        _UNSAFE,
    ),
    _upload(
        "upload.over-long-value",
        _N,
        "A `listName` of more than 120 characters or `tags` of more than 1000 are refused with 400 in that field.",
        _assumed("UC-020 names no bound"),
        _UNSAFE,
    ),
    _upload(
        "upload.multipart-required",
        _J,
        "A body that is not multipart/form-data is refused with 400 in `file`.",
        _assumed("UC-020 sends multipart form data and shows no answer to anything else"),
        _UNSAFE,
    ),
    _upload(
        "upload.malformed-multipart",
        _J,
        "A multipart body that cannot be read is refused with 400.",
        _assumed("UC-020 shows no answer to it"),
        _UNSAFE,
    ),
    _upload(
        "upload.unknown-list",
        _C,
        "An import into a `listId` that the account does not have is refused with 404 in `listId`.",
        _assumed("UC-020 is silent; the API reference of the vendor says 404"),
        _UNSAFE,
    ),
    _upload(
        "upload.file-too-large",
        _J,
        "A file of 10 485 761 bytes is refused with 413 and the documented message in `file`.",
        f"{_TOO_LARGE} (assumption: 10 MB are 10 485 760 bytes)",
        "`--mode full`: it sends a file of 10 MB",
    ),
    _upload(
        "upload.largest-file",
        _J,
        "A file of exactly 10 485 760 bytes is imported.",
        f"{_TOO_LARGE} (assumption: 10 MB are 10 485 760 bytes)",
        "`--mode full`: it sends a file of 10 MB",
    ),
    _upload(
        "upload.quota-exceeded",
        _C,
        "An import that would exceed the quota is refused with 409 and the documented message in `contacts`.",
        _FULL,
        "`--exhausted-key`: a key whose plan is full",
    ),
    _upload(
        "upload.quota-all-or-nothing",
        _C,
        "An import that is refused with 409 imports none of its cards.",
        _assumed("UC-020 does not say whether such an import is cut off or left out"),
        "`--exhausted-key`: a key whose plan is full",
    ),
    _upload(
        "upload.duplicates-pass-at-full-quota",
        _J,
        "At a full quota, an import of nothing but duplicates is not refused.",
        _INDEXING,
        "`--exhausted-key`: a key whose plan is full and whose list (`--list-id`) holds contacts",
    ),
    _upload(
        "upload.refusal-changes-nothing",
        _C,
        "A refused import leaves the quota and the list as they were.",
        _assumed("UC-020 shows a refusal as the whole answer"),
        _UNSAFE,
    ),
)

_CARDS = (
    _upload("cards.version-3", _C, "A vCard 3.0 is read.", _PREREQUISITES),
    _upload("cards.version-4", _C, "A vCard 4.0 is read, its `tel:` URI too.", _PREREQUISITES),
    _upload(
        "cards.other-version",
        _N,
        "A card of another version is a card error; the other cards are imported.",
        _assumed("UC-020 asks for 3.0 or 4.0 and shows no answer to another"),
    ),
    _upload(
        "cards.line-ends",
        _J,
        "Lines may end with CRLF, LF or CR.",
        _assumed("exports of address books use all three"),
    ),
    _upload(
        "cards.folded-lines",
        _C,
        "Folded lines are read as one.",
        f"{_PREREQUISITES} (RFC 2426 section 2.6, RFC 6350 section 3.2)",
    ),
    _upload(
        "cards.folded-inside-a-character",
        _J,
        "A line folded between the bytes of one character is read as one.",
        f"{_PREREQUISITES} (RFC 6350 section 3.2)",
    ),
    _upload(
        "cards.escapes",
        _J,
        "Escaped commas, semicolons, backslashes and line feeds are read as what they stand for.",
        f"{_PREREQUISITES} (RFC 2426 section 4, RFC 6350 section 3.4)",
    ),
    _upload(
        "cards.non-ascii",
        _C,
        "Names in UTF-8 arrive character for character, in any script.",
        f"{_PREREQUISITES} (RFC 6350 section 3.1)",
    ),
    _upload(
        "cards.byte-order-mark",
        _J,
        "A byte order mark before BEGIN:VCARD is not part of the card.",
        _assumed("exports from Windows carry one"),
    ),
    _upload(
        "cards.utf-16",
        _N,
        "A file in UTF-16 with a byte order mark is read.",
        _assumed("some address books export it"),
    ),
    _upload(
        "cards.windows-1252",
        _N,
        "A file that is not UTF-8 is read as Windows-1252.",
        _assumed("older address books export it"),
    ),
    _upload(
        "cards.groups",
        _J,
        "Properties in a group (`item1.TEL`) are read.",
        f"{_PREREQUISITES} (RFC 6350 section 3.3)",
    ),
    _upload(
        "cards.letter-case",
        _J,
        "Names of properties and parameters are read in any letter case.",
        f"{_PREREQUISITES} (RFC 6350 section 3.3)",
    ),
    _upload(
        "cards.quoted-parameters",
        _J,
        "Quoted parameter values are read.",
        f"{_PREREQUISITES} (RFC 6350 section 3.3)",
    ),
    _upload(
        "cards.broken-card",
        _C,
        "A card that is never closed costs that card only; the next card is read.",
        _assumed("UC-020 reports faults card by card"),
    ),
    _upload("cards.name", _C, "The contact's `name` is FN.", _PARSING),
    _upload(
        "cards.name-from-n",
        _J,
        "Without FN, the contact's `name` is made of N.",
        _assumed("UC-020 names FN; older exports carry N alone"),
    ),
    _upload(
        "cards.name-from-org",
        _N,
        "Without FN and N, the contact's `name` is ORG.",
        _assumed("UC-020 names FN; companies are exported with ORG alone"),
    ),
    _upload("cards.email", _C, "The contact's `email` is EMAIL.", _PARSING),
    _upload(
        "cards.email-absent",
        _N,
        "A contact whose card has no EMAIL has no `email`, not an empty one.",
        _assumed("UC-020 shows only contacts with one"),
    ),
    _upload(
        "cards.other-properties",
        _J,
        "Properties that are not extracted (PHOTO, NOTE, X-…) do no harm.",
        _PARSING,
    ),
)

_NUMBERS = (
    _upload(
        "numbers.e164",
        _C,
        "A number in international form is stored as E.164, whatever its punctuation.",
        _PARSING,
    ),
    _upload(
        "numbers.default-region",
        _C,
        "A number without international prefix gets that of the account: `347 123 4567` is `+393471234567`.",
        _PARSING,
    ),
    _upload(
        "numbers.double-zero",
        _J,
        "`00` before the country code is read as `+`.",
        _assumed("it is the international prefix of the documented account's region"),
    ),
    _upload(
        "numbers.tel-uri",
        _J,
        "A `tel:` URI is read, with `ext` and `phone-context`.",
        f"{_PREREQUISITES} (RFC 6350 section 6.4.1, RFC 3966)",
    ),
    _upload(
        "numbers.extension-dropped",
        _N,
        "An extension is not part of the stored number.",
        _assumed("E.164 has no room for it"),
    ),
    _upload(
        "numbers.preferred-first",
        _J,
        "Of several TEL, the preferred one is taken.",
        _assumed("a contact has one number; UC-020 does not say which"),
    ),
    _upload(
        "numbers.mobile-first",
        _J,
        "Of several TEL without preference, a mobile one is taken.",
        _assumed("a contact has one number, and campaigns send SMS"),
    ),
    _upload(
        "numbers.first-valid",
        _C,
        "Of several TEL, an invalid one does not hide a valid one.",
        _assumed("a contact has one number; UC-020 does not say which"),
    ),
    _upload(
        "numbers.fax-never",
        _J,
        "Fax and pager numbers are never taken.",
        _assumed("nobody reads an SMS there"),
    ),
    _upload(
        "numbers.unusable-kinds",
        _J,
        "Premium numbers, short codes, and two numbers in one TEL are invalid.",
        _assumed("no person answers there"),
    ),
    _upload(
        "numbers.empty-is-missing",
        _N,
        "A card with only empty TEL has no number.",
        _assumed("UC-020 knows missing and invalid"),
    ),
)

_DUPLICATES = (
    _upload(
        "duplicates.by-number",
        _C,
        "A card is a duplicate if a contact of the account has its normalised number, however written.",
        _PARSING,
    ),
    _upload(
        "duplicates.by-number-only",
        _C,
        "The same name and email with another number is another contact.",
        _PARSING,
    ),
    _upload("duplicates.skip-is-default", _C, "Without a strategy, SKIP applies.", _REPORT),
    _upload(
        "duplicates.skip-leaves-the-contact",
        _C,
        "SKIP leaves the existing contact untouched: its fields and its tags.",
        _REPORT,
    ),
    _upload(
        "duplicates.skip-leaves-the-lists",
        _J,
        "SKIP does not put the existing contact on the list of the import.",
        _assumed("UC-020 says that duplicates are ignored"),
    ),
    _upload(
        "duplicates.skip-counts",
        _J,
        "With SKIP, a duplicate counts as duplicate and skipped, not as imported.",
        _REPORT,
    ),
    _upload(
        "duplicates.update-replaces",
        _C,
        "UPDATE replaces the fields that the card has.",
        _UPDATING,
    ),
    _upload(
        "duplicates.update-never-blanks",
        _C,
        "UPDATE leaves fields that the card lacks as they were.",
        _assumed("UC-020 updates fields; it does not speak of removing them"),
    ),
    _upload(
        "duplicates.update-adds-tags",
        _J,
        "UPDATE adds the tags of the import to those of the contact.",
        f"{_PARSING} (assumption: existing tags stay)",
    ),
    _upload(
        "duplicates.update-joins-the-list",
        _J,
        "UPDATE puts the contact on the list of the import.",
        _assumed("the import names the list that its contacts go to"),
    ),
    _upload(
        "duplicates.update-keeps-the-contact",
        _C,
        "UPDATE changes the contact in place: its id, its `createdAt`, and their number stay.",
        _UPDATING,
    ),
    _upload(
        "duplicates.update-counts",
        _J,
        "With UPDATE, a duplicate counts as duplicate and imported, not as skipped.",
        _assumed("UC-020 prints the summary of a SKIP only"),
    ),
    _upload("duplicates.copy-creates", _C, "DUPLICATE creates a copy beside the contact.", _REPORT),
    _upload(
        "duplicates.copy-counts",
        _J,
        "With DUPLICATE, a duplicate counts as duplicate and imported, not as skipped.",
        _assumed("UC-020 prints the summary of a SKIP only"),
    ),
    _upload(
        "duplicates.in-file-skip",
        _C,
        "With SKIP, a second card with the same number in the file is a duplicate and is left out.",
        _assumed("UC-020 compares contacts; a file can repeat itself"),
    ),
    _upload(
        "duplicates.in-file-update",
        _J,
        "With UPDATE, a second card with the same number in the file updates the first.",
        _assumed("UC-020 compares contacts; a file can repeat itself"),
    ),
    _upload(
        "duplicates.in-file-copy",
        _J,
        "With DUPLICATE, a second card with the same number in the file becomes a copy.",
        _assumed("UC-020 compares contacts; a file can repeat itself"),
    ),
)

_TAGS = (
    _upload(
        "tags.all-in-order", _J, "Every imported contact carries all tags, in order.", _PARSING
    ),
    _upload(
        "tags.tidied",
        _N,
        "Tags are trimmed, empty ones dropped, each kept once.",
        _assumed("UC-020 separates tags by commas and says no more"),
    ),
    _upload(
        "tags.none",
        _N,
        "A contact of an import without tags has an empty list of tags.",
        _assumed("UC-020 shows only contacts with tags"),
    ),
)

_READABLE = "`--mode full`, or `--list-id` with a list that holds contacts"


def _list(name: str, severity: Severity, sentence: str, source: str, needs: str = "") -> Promise:
    return Promise(name, LIST, severity, sentence, source, needs)


_LISTS = (
    _list(
        "list.page-shape",
        _J,
        "A page has every documented field with its documented type, and so has each contact.",
        _PAGE,
        _READABLE,
    ),
    _list(
        "list.names-itself",
        _N,
        "A page's `listId` is the list that was asked for.",
        _PAGE,
        _READABLE,
    ),
    _list(
        "list.contact-as-imported",
        _C,
        "A contact has the name, number, email and tags that it was imported with.",
        _PAGE,
        _IMPORT,
    ),
    _list(
        "list.unknown-list",
        _J,
        "A list that the account does not have is 404 in `listId`.",
        _assumed("UC-020 is silent; the API reference of the vendor says 404"),
    ),
    _list(
        "list.limit-obeyed",
        _C,
        "A page holds at most `limit` contacts, and fewer only on the last page.",
        _STEP_2,
        _READABLE,
    ),
    _list(
        "list.limit-default",
        _J,
        "Without `limit`, a page holds 10 contacts.",
        _assumed("UC-020 names no default; the API reference of the vendor says 10"),
        _READABLE,
    ),
    _list(
        "list.limit-bounds",
        _J,
        "A `limit` of 1 and a `limit` of 1000 are accepted.",
        _assumed("UC-020 names no bound; the API reference of the vendor says 1000"),
        _READABLE,
    ),
    _list(
        "list.limit-out-of-range",
        _J,
        "A `limit` below 1 or above 1000 is refused with 400 in `limit`.",
        _assumed("UC-020 names no bound; the API reference of the vendor says 1000"),
        _READABLE,
    ),
    _list(
        "list.page-out-of-range",
        _J,
        "A `page` below 1 is refused with 400 in `page`.",
        _assumed("UC-020 counts pages from 1"),
        _READABLE,
    ),
    _list(
        "list.plain-integers",
        _J,
        "A `limit` or `page` that is not a plain integer is refused with 400 in that field.",
        _assumed("UC-020 shows no answer to a wrong parameter"),
        _READABLE,
    ),
    _list(
        "list.given-twice",
        _N,
        "A `limit` or `page` that is given twice is refused with 400 in that field.",
        _assumed("UC-020 gives each once; a guess would hide a client's mistake"),
        _READABLE,
    ),
    _list(
        "list.pages-from-1",
        _C,
        "Pages count from 1: the first page is page 1, also without `page`.",
        _PAGE,
        _READABLE,
    ),
    _list(
        "list.page-echoed", _J, "A page's `page` is the page that was asked for.", _PAGE, _READABLE
    ),
    _list(
        "list.total",
        _C,
        "`total` counts the contacts of the list, the same on every page.",
        _PAGE,
        _READABLE,
    ),
    _list(
        "list.total-pages",
        _J,
        "`totalPages` is `total` divided by `limit`, rounded up.",
        _PAGE,
        _READABLE,
    ),
    _list("list.has-more", _C, "`hasMore` is true exactly if pages follow.", _PAGE, _READABLE),
    _list(
        "list.page-past-the-end",
        _J,
        "A page past the end is empty, with 200.",
        _assumed("UC-020 is silent; an end that moves must not break a reader"),
        _READABLE,
    ),
    _list(
        "list.every-contact-once",
        _C,
        "Over all pages, every contact appears once: none is lost, none comes twice.",
        _PAGE,
        _IMPORT,
    ),
    _list(
        "list.order",
        _J,
        "Contacts appear in the order in which they were imported.",
        _PAGE,
        _IMPORT,
    ),
    _list(
        "list.contact-ids-unique",
        _C,
        "Every contact has a `contactId` of its own.",
        _PAGE,
        _READABLE,
    ),
    _list("list.repeatable", _J, "The same page read twice is the same.", _STEP_2, _READABLE),
    _list(
        "list.empty",
        _J,
        "A list without contacts is an empty page, with 200.",
        _assumed("UC-020 shows only a list with contacts"),
        _IMPORT,
    ),
)


def _quota(name: str, severity: Severity, sentence: str, source: str, needs: str = "") -> Promise:
    return Promise(name, QUOTA, severity, sentence, source, needs)


_QUOTAS = (
    _quota("quota.shape", _J, "The quota has `used` and `total` as whole numbers.", _SCRIPT),
    _quota("quota.used-within-total", _J, "`used` is never above `total`.", _FULL),
    _quota(
        "quota.moves-by-what-was-created",
        _C,
        "`used` grows by exactly the number of contacts that an import created, copies included.",
        _INDEXING,
        _IMPORT,
    ),
    _quota(
        "quota.duplicates-cost-nothing",
        _C,
        "Duplicates that are skipped or updated do not move `used`.",
        _INDEXING,
        _IMPORT,
    ),
    _quota(
        "quota.errors-cost-nothing",
        _J,
        "Cards that could not be imported do not move `used`.",
        _INDEXING,
        _IMPORT,
    ),
    _quota("quota.total-stays", _J, "An import does not move `total`.", _INDEXING, _IMPORT),
)


def _every(name: str, severity: Severity, sentence: str, source: str, needs: str = "") -> Promise:
    return Promise(name, EVERY, severity, sentence, source, needs)


_SILENT_401 = _assumed(
    "UC-020 demands an active key and shows no answer without one; the API reference of the vendor says 401"
)

_ANSWERS = (
    _every(
        "answers.documented-status",
        _J,
        "Every answer has a status that the contract documents for its operation.",
        _ERRORS,
    ),
    _every(
        "answers.json",
        _J,
        "Every documented answer is `application/json`, and its body is JSON.",
        _ERRORS,
    ),
    _every(
        "answers.refusal-shape",
        _J,
        'Every refusal is `{"status": "fail", "data": {FIELD: MESSAGE}}`.',
        _ERRORS,
    ),
    _every(
        "answers.never-a-server-error",
        _C,
        "No request, however malformed, brings a 5xx.",
        _assumed("UC-020 documents none"),
    ),
    _every(
        "answers.invalid-requests-refused",
        _J,
        "A generated request that the contract does not allow is refused with a 4xx.",
        _assumed("UC-020 shows one such answer; the documented shape is used for all"),
    ),
    _every(
        "answers.valid-requests-accepted",
        _J,
        "A generated request that the contract allows is accepted.",
        _STEP_1,
    ),
    _every(
        "answers.unknown-path",
        _N,
        "A path outside the contract is 404, with the documented shape.",
        _assumed("UC-020 shows its refusals in one shape"),
        "a deployment of this API alone (loopback), or `--mode full`",
    ),
    _every(
        "answers.unknown-method",
        _N,
        "A method outside the contract is 405, with `Allow` and the documented shape.",
        _assumed("UC-020 gives each path one method; RFC 9110 section 15.5.6 demands `Allow`"),
        _UNSAFE,
    ),
)

_ACCESS = (
    _every(
        "access.key-required", _C, "A request without `X-Api-Key` is 401 in `apiKey`.", _SILENT_401
    ),
    _every(
        "access.unknown-key", _C, "A request with an unknown key is 401 in `apiKey`.", _SILENT_401
    ),
    _every(
        "access.key-first",
        _J,
        "Without a valid key, nothing else about a request is judged: 401 comes before 400 and 404.",
        _assumed("a stranger must learn nothing about an account"),
    ),
    _every(
        "access.header-name-case",
        _N,
        "The name of the key's header may be written in any letter case.",
        f"{_PREREQUISITES} (RFC 9110 section 5.1)",
    ),
    _every(
        "access.permission-required",
        _C,
        "A key without the contact permission is 403 in `apiKey`.",
        _assumed("UC-020 demands the permission; the API reference of the vendor says 403"),
        "`--unpermitted-key`: a key without the contact permission",
    ),
    _every(
        "access.accounts-apart",
        _C,
        "A list of one account does not exist for another.",
        _PREREQUISITES,
        "`--exhausted-key`: the key of another account",
    ),
)

_RATE = (
    _every(
        "rate-limit.answer",
        _J,
        "A request too many is 429 with the documented body.",
        _assumed("UC-020 is silent; the platform pages of the vendor describe it"),
        "a deployment that limits the rate of this run",
    ),
    _every(
        "rate-limit.retry-after",
        _J,
        "A 429 says in `Retry-After`, in whole seconds, how long to wait, and the body agrees.",
        _assumed("the platform pages of the vendor give the number in the body"),
        "a deployment that limits the rate of this run",
    ),
)

PROMISES: tuple[Promise, ...] = (
    *_REPORTS, *_REFUSALS, *_CARDS, *_NUMBERS, *_DUPLICATES, *_TAGS,
    *_LISTS, *_QUOTAS, *_ANSWERS, *_ACCESS, *_RATE,
)  # fmt: skip

BY_ID = {promise.id: promise for promise in PROMISES}


class UnknownPromise(ValueError):
    """A promise is named that the registry does not have."""

    def __init__(self, promise_id: str) -> None:
        near = [each for each in BY_ID if each.startswith(promise_id.split(".")[0] + ".")]
        hint = f" Known there: {', '.join(near)}." if near else " `verify --list` prints them all."
        super().__init__(f"No promise has the id {promise_id!r}.{hint}")


def promise(promise_id: str) -> Promise:
    """Return the promise with this id; raise ``UnknownPromise``."""
    try:
        return BY_ID[promise_id]
    except KeyError:
        raise UnknownPromise(promise_id) from None


def as_markdown() -> str:
    """Return ``docs/promises.md``: every promise, by operation."""
    counts = f"{len(PROMISES)} promises"
    lines = [
        "# Promises",
        "",
        "<!-- Written by `python -m qlara_contract.promises > docs/promises.md`. -->",
        "",
        f"What `qlara-sandbox verify` holds a deployment against: {counts}, each a sentence of the",
        "contract that a client can observe. Ids are stable; name them in `--only` and in a file of",
        "known deviations. Severity: *critical*, contacts are lost, wrong or seen by others; *major*, a",
        "correct client fails or is misled; *minor*, a correct client copes.",
    ]
    for operation, group in groupby(PROMISES, key=lambda each: each.operation):
        title = operation[0].upper() + operation[1:] if operation == EVERY else f"`{operation}`"
        lines += [
            "",
            f"## {title}",
            "",
            "| id | severity | promise | source |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{each.id}` | {each.severity} | {_cell(each.sentence)} | {_cell(each.source)} |"
            for each in group
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
