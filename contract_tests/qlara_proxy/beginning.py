"""What an account held when a recording began, from what its reads and imports showed since."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from qlara_contract.contract import contract
from qlara_contract.forms import read_form
from qlara_proxy.sandbox import import_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_contract.forms import MultipartForm
    from qlara_proxy.keeping import KeptExchange
    from qlara_proxy.sandbox import Contact, Conventions, Plan

UPLOAD, LIST, QUOTA = "uploadVCard", "listContacts", "getContactQuota"
NOT_SEEN = "list_not_seen"
_USED = re.compile(r"\b(\d{1,9})/(\d{1,9})\b")
_LARGEST_PLAN = 1_000_000_000
MOST_CONTACTS = 250_000
"""Contacts of a list that a scenario has; a larger one would take much memory in each world."""
MOST_BYTES = 256 * 1024 * 1024
"""Bytes of the uploads of an account that a scenario has; those that come later are left out."""
_MOMENT = re.compile(
    r"(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_LIST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Refusals of an import into a list that is there: one that is not is refused first.
_HAS_LOOKED = frozenset({400, 409, 413})
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")


@dataclass
class Upload:
    """An import that was asked for: its form, and the report if there was one. ``exchange`` has no request body."""

    exchange: KeptExchange
    form: MultipartForm
    report: dict[str, Any] | None

    @property
    def status(self) -> int:
        return self.exchange.response.status if self.exchange.response else 0

    @property
    def strategy(self) -> str:
        return (self.form.value("duplicateStrategy") or "SKIP").strip() or "SKIP"

    def count(self, name: str) -> int:
        """Return a number of the summary, 0 if it has none."""
        summary = (self.report or {}).get("summary")
        value = summary.get(name) if isinstance(summary, dict) else None
        return max(0, _whole(value) or 0)

    @property
    def created(self) -> int:
        """How many contacts it created."""
        new = self.count("imported")
        return max(0, new - self.count("duplicates")) if self.strategy == "UPDATE" else new


@dataclass
class RecordedList:
    """A list as it was: how many contacts, and those of them that a read showed, by place from 0."""

    list_id: str
    total: int
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)


@dataclass
class Beginning:
    """What an account held. ``used`` and ``total`` are its quota; None: no response told.

    ``guessed`` counts contacts that imports met, but no read showed; ``not_seen`` are those for which the lists
    that were read have no room.
    ``unusable`` counts contacts whose numbers are not in E.164. ``imported_at`` is the time of the first import,
    which took ``import_takes`` seconds. ``cut_short``: a list has more contacts than a scenario is to have.
    """

    lists: dict[str, RecordedList] = field(default_factory=dict)
    used: int | None = None
    total: int | None = None
    uploads: list[Upload] = field(default_factory=list)
    not_seen: list[dict[str, Any]] = field(default_factory=list)
    new_lists: list[str] = field(default_factory=list)
    cut_short: bool = False
    guessed: int = 0
    reads: int = 0
    unusable: int = 0
    imported_at: datetime | None = None
    import_takes: float = 0.0

    @property
    def held(self) -> int:
        """How many contacts its lists hold."""
        people = (one for each in self.lists.values() for one in each.contacts.values())
        seen = [str(one["contactId"]) for one in people if one.get("contactId")]
        twice = len(seen) - len(set(seen))
        return sum(each.total for each in self.lists.values()) - twice + len(self.not_seen)

    @property
    def made_up(self) -> int:
        """How many contacts of its lists no read showed."""
        return sum(each.total - len(each.contacts) for each in self.lists.values())


class _Reading:
    """One pass over the exchanges of an account, in the order in which they began."""

    def __init__(self, region: str, conventions: Conventions) -> None:
        self.found = Beginning()
        self._region = region
        self._conventions = conventions
        self._joined: dict[str, int] = {}
        self._created = 0
        self._bytes = 0
        self._born: set[str] = set()  # lists that recorded imports created
        self._tagged: dict[str, set[str]] = {}  # by number: what recorded updates added
        self._later: set[str] = set()  # numbers that recorded imports created, as reads show
        self._plans: list[tuple[Upload, Plan]] = []
        self._people: dict[str, dict[str, Any]] = {}  # contacts, by id

    def read(self, exchange: KeptExchange) -> None:
        response = exchange.response
        path, _, query = exchange.request.target.partition("?")
        operation = contract().operation_of(exchange.request.method, path)
        if response is None or operation is None or not exchange.request.is_whole:
            return
        body = _json(response.body) if response.is_whole else None
        name = operation.operation_id
        if name == UPLOAD:
            self._upload(exchange, body)
        elif response.status == 200 and isinstance(body, dict):
            if name == QUOTA:
                self._quota(body)
            elif name == LIST:
                self._page(body, dict(parse_qsl(query)))

    def _quota(self, body: dict[str, Any]) -> None:
        used, total, available = (_whole(body.get(name)) for name in ("used", "total", "available"))
        if total is None and used is not None and available is not None:
            total = used + available
        if used is not None and total is not None:
            self.found.reads += 1
            self._note_quota(used, total)

    def _note_quota(self, used: int, total: int) -> None:
        if self.found.used is None and 0 <= used - self._created <= total <= _LARGEST_PLAN:
            self.found.used, self.found.total = used - self._created, total

    def _page(self, body: dict[str, Any], query: dict[str, str]) -> None:
        list_id, contacts, total = (
            body.get("listId"),
            body.get("contacts"),
            _whole(body.get("total")),
        )
        page = _whole(body.get("page"))
        if not isinstance(list_id, str) or not isinstance(contacts, list) or total is None:
            return
        if total > MOST_CONTACTS:
            self.found.cut_short, total = True, MOST_CONTACTS
        self.found.reads += 1
        if list_id in self._born or not _LIST_ID.fullmatch(list_id):
            return
        known = self.found.lists.get(list_id)
        if known is None:
            first = max(0, total - self._joined.get(list_id, 0))
            known = self.found.lists[list_id] = RecordedList(list_id, first)
        limit = self._limit(query.get("limit", ""), len(contacts), more=body.get("hasMore") is True)
        number = self._conventions.page_first if page is None else page
        start = max(0, number - self._conventions.page_first) * limit
        for at, contact in enumerate(contacts, start):
            place = total - 1 - at if self._conventions.order == "newest" else at
            self._contact(known, place, contact)

    def _limit(self, asked: str, count: int, *, more: bool) -> int:
        if more and count:
            return count
        is_number = asked.isdecimal() and len(asked) < 8
        return int(asked) if is_number else self._conventions.limit_default

    def _contact(self, known: RecordedList, place: int, contact: Any) -> None:
        if not isinstance(contact, dict):
            return
        number = contact.get("phoneNumber")
        number = number if isinstance(number, str) else ""
        if place < 0:
            return
        if place >= known.total:
            self._later.add(number)
            if self.found.imported_at is None:
                self.found.imported_at = moment(contact.get("createdAt"))
            return
        if not _E164.fullmatch(number):
            self.found.unusable += 1
            return
        identity = str(contact.get("contactId") or "")
        if place not in known.contacts and (not identity or identity not in known.ids):
            known.ids.add(identity)
            tags = contact.get("tags")
            added = self._tagged.get(number, set())
            given = (
                [each for each in tags if isinstance(each, str)] if isinstance(tags, list) else []
            )
            own = [each for each in given if each not in added]
            person = {**contact, "tags": list(dict.fromkeys(own))}
            known.contacts[place] = (
                self._people.setdefault(identity, person) if identity else person
            )

    def _upload(self, exchange: KeptExchange, body: Any) -> None:
        request, response = exchange.request, exchange.response
        form = read_form(request.media_type, request.body)
        if form is None or response is None:
            return
        is_report = response.status < 300 and isinstance(body, dict)
        self._bytes += len(request.body)
        if self._bytes > MOST_BYTES:  # what it did still counts
            form = replace(form, parts=tuple(each for each in form.parts if each.name != "file"))
        bare = replace(exchange, request=replace(request, body=b""))
        upload = Upload(bare, form, body if is_report else None)
        self.found.uploads.append(upload)
        if response.status == 409 and (
            told := _USED.search(response.body[:4000].decode("utf-8", "replace"))
        ):
            self._note_quota(int(told[1]), int(told[2]))
        if upload.report is None:
            return
        list_id = upload.report.get("listId")
        self._plan(upload)
        self._created += upload.created
        if isinstance(list_id, str):
            self._joined[list_id] = self._joined.get(list_id, 0) + upload.created
            if (
                form.value("listId") is None
                and list_id not in self.found.lists
                and list_id not in self._born
            ):
                self._born.add(list_id)
                self.found.new_lists.append(list_id)

    def _plan(self, upload: Upload) -> None:
        plan = import_plan(upload.form.file or b"", self._region, self._conventions)
        if plan is None:
            return
        if upload.strategy == "UPDATE":
            tags = {each.strip() for each in (upload.form.value("tags") or "").split(",")}
            for contact in plan.created:
                self._tagged.setdefault(contact.phone_number, set()).update(tags)
        self._plans.append((upload, plan))

    def end(self) -> Beginning:
        """Return what was found, with contacts that imports met and no read showed."""
        for each in self.found.uploads:
            self._note_list(each)
        known = {
            one["phoneNumber"]
            for each in self.found.lists.values()
            for one in each.contacts.values()
        }
        for upload, plan in self._plans:
            numbers = [contact.phone_number for contact in plan.created]
            met = sum(number in known for number in numbers)
            excess = upload.count("duplicates") - plan.duplicates - met
            fresh = [each for each in plan.created if each.phone_number not in known]
            # Those that a later read shows as new were not there before.
            fresh.sort(key=lambda each: each.phone_number in self._later)
            self._place([_person(each) for each in fresh[: max(0, excess)]], upload)
            known |= set(numbers)
        self._note_time()
        return self.found

    def _note_list(self, upload: Upload) -> None:
        """Take note of a list that no read showed, but that was there, since an import into it was not told otherwise."""
        list_id = upload.form.value("listId") or ""
        is_known = list_id in self.found.lists or list_id in self._born
        has_looked = upload.report is not None or upload.status in _HAS_LOOKED
        says_unknown = upload.status == self._conventions.unknown_list
        if _LIST_ID.fullmatch(list_id) and has_looked and not (is_known or says_unknown):
            self.found.lists[list_id] = RecordedList(list_id, 0)

    def _place(self, people: list[dict[str, Any]], upload: Upload) -> None:
        """Put contacts where no read looked: into the list of the import, or into one of their own."""
        target = self.found.lists.get(str((upload.report or {}).get("listId")))
        taken = set(target.contacts) if target else set()
        free = (each for each in range(target.total if target else 0) if each not in taken)
        for person in people:
            self.found.guessed += 1
            place = next(free, None)
            if target is not None and place is not None:
                target.contacts[place] = person
            elif self.found.used is None or self.found.held < self.found.used:
                self.found.not_seen.append(person)

    def _note_time(self) -> None:
        reports = (each.report for each in self.found.uploads if each.report)
        completed = next(filter(None, (moment(each.get("completedAt")) for each in reports)), None)
        if completed is None:
            return
        began = self.found.imported_at
        if began is not None and 0 <= (completed - began).total_seconds() < 600:
            self.found.import_takes = (completed - began).total_seconds()
        else:
            self.found.imported_at = completed


def beginning(
    exchanges: Iterable[KeptExchange], region: str, conventions: Conventions
) -> Beginning:
    """Return what the account of *exchanges* held at their beginning."""
    reading = _Reading(region, conventions)
    for exchange in exchanges:
        reading.read(exchange)
    return reading.end()


def _person(contact: Contact) -> dict[str, Any]:
    return {"name": contact.name, "phoneNumber": contact.phone_number, "email": contact.email}


def moment(text: Any) -> datetime | None:
    """Return the time that a text is in RFC 3339, if a clock can show it."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
