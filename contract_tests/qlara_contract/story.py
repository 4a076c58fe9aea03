"""What a story uses to talk to a deployment and to judge its promises.

A story is a plain function ``test_…(story)``: it does something with a new list of its own and checks
the result against promises. pytest runs it, and so does ``qlara-sandbox verify``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from qlara_contract.checks import goes_on
from qlara_contract.contract import contract
from qlara_contract.conventions import convention
from qlara_contract.errors import Interrupted, RunStopped, WritesSpent
from qlara_contract.exchange import ApiExchange, ApiRequest, printable_json
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.oracle import ModelAccount
from qlara_contract.promises import LIST, QUOTA, UPLOAD, promise
from qlara_contract.results import (
    ENDED_EARLY,
    GOES_ON,
    NO_LISTS,
    NO_QUOTA_LEFT,
    NOT_COMPLETED,
    OTHER_SHAPE,
    READ_ONLY,
    WRITES_SPENT,
    Evidence,
)
from qlara_contract.run import TAG
from qlara_contract.settings import Mode
from qlara_contract.spec_variants import of_convention, of_refusal
from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.run import SuiteRun
    from qlara_contract.spec_variants import SpecVariant

__all__ = ["TAG", "ListPage", "PromiseBroken", "ReceivedReport", "Story", "StoryEnds", "exercises"]

BASIC: PromiseId = "upload.imports-a-file"
# What these judge is why imports fail, if they do.
_OF_IMPORTS: tuple[PromiseId, ...] = (BASIC, "upload.new-list")
_TRIES = 3
_SHAKY = 3  # failures of the network elsewhere, after which a request is not suspected
_PAGES_AT_MOST = 200
_POLL = 0.1
_NOT_FOUND = 404
TRIPPED = (TypeError, KeyError, IndexError, AttributeError, ValueError)
_SHAPES: tuple[PromiseId, ...] = ("upload.report-shape", "list.page-shape", "quota.shape")


class StoryEnds(Exception):
    """The story cannot go on; the results say why."""


class PromiseBroken(AssertionError):
    """A story saw a promise broken (and no known deviation covers it)."""


class StoryFunction(Protocol):
    """A story with what it declares."""

    __name__: str
    __doc__: str | None
    promises: tuple[PromiseId, ...]
    creates: int
    unsafe: bool

    def __call__(self, story: Story) -> None: ...


def exercises(
    *promises: PromiseId, creates: int = 0, unsafe: bool | None = None
) -> Callable[[Callable[[Story], None]], StoryFunction]:
    """Declare which promises a story judges, and at most how many contacts it creates.

    The first promise is the subject of the story: it is broken if the story cannot be completed.
    *unsafe*: the story sends more than GET (so does one that creates).
    """
    for each in promises:
        promise(each)

    def declare(function: Callable[[Story], None]) -> StoryFunction:
        @wraps(function)
        def run(story: Story) -> None:
            __tracebackhide__ = True
            story.run_to_end(function)

        run.promises = promises  # type: ignore[attr-defined]
        run.creates = creates  # type: ignore[attr-defined]
        run.unsafe = bool(creates) if unsafe is None else unsafe  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return declare


@dataclass(frozen=True)
class ReceivedReport:
    """The report of an import that was accepted.

    ``is_complete``: the import is over, and its summary counts. One that goes on after the response
    says where its contacts will be, and no more.
    """

    exchange: ApiExchange
    list_id: str
    summary: dict[str, Any]
    errors: list[Any]
    is_complete: bool = True


@dataclass(frozen=True)
class ListPage:
    """A list, or one page of it: the contacts in order, and the (last) exchange that showed them."""

    exchange: ApiExchange
    body: dict[str, Any]
    contacts: list[dict[str, Any]]

    def numbered(self, number: str) -> list[dict[str, Any]]:
        """Return the contacts of the page with this number."""
        return [each for each in self.contacts if each.get("phoneNumber") == number]

    @property
    def numbers(self) -> list[Any]:
        """The numbers of the page, in order."""
        return [each.get("phoneNumber") for each in self.contacts]


class Story:
    """One running story. Its names, numbers and choices come from the run's seed."""

    def __init__(self, run: SuiteRun, function: StoryFunction) -> None:
        self.run = run
        self.settings = run.settings
        self.name = function.__name__.removeprefix("test_").replace("_", " ")
        self.promises = function.promises
        self.creates = function.creates
        self.unsafe = function.unsafe
        self._choose_anew()
        self.broken: list[PromiseId] = []
        self.not_judged = ""
        self._failures_before = len(run.client.network_failures)
        self._judged: set[PromiseId] = set()
        self._has_judged = False

    # --- running -------------------------------------------------------------------------------

    def run_to_end(self, function: Callable[[Story], None]) -> None:
        """Run the story to its end, and record a result for each promise that it declared.

        A story that a network failure interrupts is told again from its beginning, with new numbers
        and lists; if it fails so each time while the deployment responds, its request is the cause.
        """
        __tracebackhide__ = True
        results = self.run.results
        self.run.begin_story(self.name)
        reason = self._obstacle()
        if reason:
            self._leave(reason)
            return
        failed_at: list[int] = []
        while len(failed_at) < _TRIES:
            results.begin()
            before = self.run.client.requests
            try:
                self._tell(function)
            except Interrupted as error:
                failed_at.append(self.run.client.requests - before)
                self._interrupted(failed_at, error)
            except RunStopped:
                results.discard()  # what was found last may be the outage itself
                raise
            except BaseException:
                results.commit()
                raise
            else:
                results.commit()
                break
        broken = dict.fromkeys(self.broken + self.run.broken_by_checks)
        uncovered = [each for each in broken if self.run.is_drift(each)]
        if uncovered:
            raise PromiseBroken(self.run.describe(uncovered))

    def _interrupted(self, failed_at: list[int], error: Interrupted) -> None:
        """Forget this attempt; after the last, say whether the request is the cause or the network."""
        self.run.results.discard()
        if lost := self.run.client.probe():
            self.run.lost(lost)
        self._forget()
        if len(failed_at) < _TRIES:
            return
        is_shaky = self._failures_before >= _SHAKY
        if len(set(failed_at)) == 1 and not is_shaky:
            what = f"The request fails each of {len(failed_at)} times, while others do not."
            self.breaks(self.promises[0], what, "a response", str(error), None)
            self._leave(NOT_COMPLETED)
        else:
            self._leave(f"the network failed each of {len(failed_at)} times: {error}")

    def _tell(self, function: Callable[[Story], None]) -> None:
        left = ""
        try:
            if self.creates:
                self.run.numbers.reserve(self.creates * 2 + 4)
            function(self)
        except StoryEnds:
            pass
        except WritesSpent:
            left = WRITES_SPENT
        except TRIPPED:
            # The checks have found that the response is not of the documented shape; else it is ours.
            if not any(each in _SHAPES for each in self.run.broken_by_checks):
                raise
            left = OTHER_SHAPE
        if self._has_judged:
            self.not_judged = ""
        self._leave(left or (NOT_COMPLETED if self.broken else ENDED_EARLY))

    def _forget(self) -> None:
        """Forget what was found up to an interruption."""
        self._choose_anew()
        self.broken, self._judged, self._has_judged = [], set(), False
        self.not_judged = ""
        self.run.account = ModelAccount()  # it may hold what never came to be
        self.run.begin_story(self.name)

    def _choose_anew(self) -> None:
        """Make the choices of the story from its beginning: each time that it is told, they are the same."""
        self.random = random.Random(f"{self.run.settings.seed} {self.name}")

    def _obstacle(self) -> str:
        run = self.run
        if self.unsafe and run.settings.effective_mode is Mode.READ_ONLY:
            return READ_ONLY
        needs_a_list = self.creates or (self.unsafe and not run.settings.list_id)
        if needs_a_list and self.actual.list_names_create == "no":
            return NO_LISTS
        if self.creates > run.writes_left:
            return WRITES_SPENT
        if self.creates and self.promises[0] not in _OF_IMPORTS and run.imports_fail:
            return run.imports_fail
        if self.creates and not run.ledger.fits(self.creates):
            return NO_QUOTA_LEFT
        return ""

    def _leave(self, reason: str) -> None:
        left = [each for each in self.promises if each not in self._judged]
        for each in left:
            self.run.results.record_not_exercised(each, reason)
        if not self._has_judged:
            self.not_judged = self.not_judged or reason

    def not_exercised(self, promise_id: PromiseId, reason: str) -> None:
        """Record why a promise cannot be judged here."""
        self._judged.add(promise_id)
        self.run.results.record_not_exercised(promise_id, reason)
        self.not_judged = reason

    @property
    def may_send_unsafe(self) -> bool:
        """Whether the run may send more than GET."""
        return self.settings.effective_mode is Mode.FULL

    # --- judging -------------------------------------------------------------------------------

    def expect(
        self,
        promise_id: PromiseId,
        got: object,
        expected: object,
        exchange: ApiExchange | None,
        what: str,
        *,
        by: SpecVariant | str | None = None,
    ) -> bool:
        """Compare *got* with *expected*; *what* says what is wrong if they differ.

        *by* is the page of the vendor that the deployment then follows, or the convention that decides
        it. What a report would say cannot be judged by the response to an import that goes on after it.
        """
        if exchange is not None and goes_on(exchange):
            self.not_exercised(promise_id, GOES_ON)
            return False
        if got == expected and type(got) is type(expected):
            self._judged.add(promise_id)
            self._has_judged = True
            self.run.results.record_kept(promise_id)
            return True
        self.breaks(promise_id, what, expected, got, exchange, by=by)
        return False

    def decides(
        self,
        promise_id: PromiseId,
        name: str,
        value: int | str | None,
        exchange: ApiExchange,
        what: str,
    ) -> bool:
        """Note what the deployment decides, and compare it with what is expected.

        Without a *value*, it decides something that the convention *name* has no word for.
        """
        if value is not None:
            self.observe(name, value, exchange, f"{value}")
        expected = self.expected.values()[name]
        by = "" if value is None else name
        return self.expect(promise_id, value, expected, exchange, what, by=by)

    def breaks(
        self,
        promise_id: PromiseId,
        what: str,
        expected: object,
        got: object,
        exchange: ApiExchange | None,
        *,
        by: SpecVariant | str | None = None,
    ) -> None:
        """Record that a promise is broken; *by* as for `expect`."""
        self._judged.add(promise_id)
        self._has_judged = True
        self.broken.append(promise_id)
        name = by if isinstance(by, str) else ""
        variant = of_convention(name, self.actual) if isinstance(by, str) else by
        evidence = Evidence(
            what,
            shown(expected),
            shown(got),
            exchange,
            variant,
            self.name,
            self.run.led_to(exchange),
            (name,) if name else (),
            _value_of(name, got),
        )
        self.run.results.record_broken(promise_id, evidence)

    def ends(
        self, promise_id: PromiseId, what: str, expected: object, exchange: ApiExchange
    ) -> NoReturn:
        """Break a promise and end the story: nothing that follows would mean anything."""
        self.breaks(promise_id, what, expected, one_line(exchange), exchange)
        raise StoryEnds

    @property
    def expected(self) -> Conventions:
        """What the contract (with its overlay) expects where UC-020 is silent."""
        return self.run.expected

    @property
    def actual(self) -> Conventions:
        """How the deployment behaves where UC-020 is silent, as far as the run knows."""
        return self.run.actual

    def observe(self, name: str, value: int | str | None, exchange: ApiExchange, what: str) -> None:
        """Note a convention of the deployment."""
        self.run.conventions.observe(name, value, what, exchange)

    def refused(
        self,
        promise_id: PromiseId,
        exchange: ApiExchange,
        status: int,
        fields: str | Sequence[str] = (),
        *,
        text: tuple[PromiseId, str] | None = None,
        by: str = "",
    ) -> bool:
        """Check a refusal's status and the field at fault (one of *fields*).

        *text* is a promise, and the printed text that it is about; *by* is the convention that decides
        the status. A body that is a message alone names no field.
        """
        response = exchange.response
        one_of = (fields,) if isinstance(fields, str) else tuple(fields)
        if not self.expect(
            promise_id,
            response.status,
            status,
            exchange,
            f"The request is not refused with {status}.",
            by=by,
        ):
            return False
        body = response.json
        if self.expected.error_body == "message":
            return self._refused_in_words(promise_id, exchange, text)
        data = body.get("data") if isinstance(body, dict) else None
        named = [each for each in one_of if isinstance(data, dict) and each in data]
        is_fail = isinstance(body, dict) and body.get("status") == "fail"
        if one_of and not (named and is_fail and isinstance(data, dict)):
            self.breaks(
                promise_id,
                f"The {status} does not name the field at fault as documented.",
                f'{{"status": "fail", "data": …}} with a message in {" or ".join(one_of)}',
                body if body is not None else response.body.decode("utf-8", "replace"),
                exchange,
                by=self._decider_of_body(body) or of_refusal(body) or "",
            )
            return False
        if text is not None and isinstance(data, dict):
            promise_of_text, message = text
            return self.expect(
                promise_of_text,
                data[named[0]],
                message,
                exchange,
                "The message differs from the documented one.",
            )
        return True

    def refused_as(
        self, promise_id: PromiseId, exchange: ApiExchange, name: str, fields: str | Sequence[str]
    ) -> bool:
        """Check a refusal whose status the convention *name* decides, and the field at fault."""
        status = exchange.response.status
        if 400 <= status < 500 and convention(name).kind.accepts(status):
            self.observe(name, status, exchange, f"{status}")
        expected = self.expected.values()[name]
        assert isinstance(expected, int)
        return self.refused(promise_id, exchange, expected, fields, by=name)

    def _refused_in_words(
        self,
        promise_id: PromiseId,
        exchange: ApiExchange,
        text: tuple[PromiseId, str] | None,
    ) -> bool:
        """Check the body of a refusal that is status, error and message."""
        body = exchange.response.json
        said = body.get("message") if isinstance(body, dict) else None
        is_one = of_refusal(body) is not None and isinstance(said, str) and bool(said)
        what = f"The body of the {exchange.response.status} is not status, error and message."
        if not self.expect(promise_id, is_one, True, exchange, what):
            return False
        what = "The message differs from the documented one."
        return text is None or self.expect(text[0], said, text[1], exchange, what)

    def _decider_of_body(self, body: object) -> str:
        """Return the convention that decides that a refusal has another body; empty if none does."""
        if of_refusal(body) is not None:
            return "error-body"
        data = body.get("data") if isinstance(body, dict) else None
        field = self.actual.key_field
        return "key.field" if isinstance(data, dict) and list(data) == [field] else ""

    def turned_away(self, promise_id: PromiseId, exchange: ApiExchange, what: str) -> bool:
        """Check that a request is refused, with whatever status and body."""
        status = exchange.response.status
        return self.expect(promise_id, 400 <= status < 500, True, exchange, f"{what} ({status})")

    # --- sending -------------------------------------------------------------------------------

    def send(
        self, request: ApiRequest, *, key: str | None = None, patient: bool = True
    ) -> ApiExchange:
        """Send any request and return the exchange, whatever the response."""
        client = self.run.client
        if request.method == "POST" and patient and not _changes_duplicates(request):
            return client.send_or_look(request, key=key)
        return client.send(request, key=key, patient=patient)

    def file(self, *cards: str) -> bytes:
        """Return a file of these cards."""
        return "".join(cards).encode()

    def form(
        self,
        content: bytes | str,
        *,
        list_id: str = "",
        strategy: str = "",
        tags: str | None = TAG,
        list_name: str = "",
    ) -> ImportForm:
        """Return the form of an import; without *list_id* into a new list of this story."""
        content = content.encode() if isinstance(content, str) else content
        if self.actual.list_names_create == "no":
            list_id = list_id or self.settings.list_id
        fields = [("listId", list_id)] if list_id else [("listName", list_name or self.list_name)]
        if strategy:
            fields.append(("duplicateStrategy", strategy))
        if tags is not None:
            fields.append(("tags", tags))
        return ImportForm(FormFile(content), tuple(fields))

    @property
    def list_name(self) -> str:
        """A name for a list of this story, another one each time."""
        return self.run.new_list_name(self.name)

    def post(
        self, form: ImportForm, *, key: str | None = None, patient: bool = True
    ) -> ApiExchange:
        """Send an import and return the exchange, whatever the response."""
        return self.send(
            ApiRequest("POST", contract().path_of(UPLOAD), form=form), key=key, patient=patient
        )

    def post_together(self, forms: Sequence[ImportForm]) -> list[ApiExchange]:
        """Send imports at the same time, over connections of their own; return their exchanges."""
        requests = [ApiRequest("POST", contract().path_of(UPLOAD), form=each) for each in forms]
        return self.run.client.send_together(requests)

    def upload(
        self,
        content: bytes | str,
        *,
        about: PromiseId | None = None,
        list_id: str = "",
        strategy: str = "",
        tags: str | None = TAG,
    ) -> ReceivedReport:
        """Import a file and return the report; the story ends if there is none.

        *about* is the promise that a failure breaks; by default the subject of the story.
        """
        form = self.form(content, list_id=list_id, strategy=strategy, tags=tags)
        return self.report(self.post(form), about=about)

    def report(self, exchange: ApiExchange, *, about: PromiseId | None = None) -> ReceivedReport:
        """Return the report that *exchange* holds; the story ends if there is none."""
        about = about or self.promises[0]
        status, body = exchange.response.status, exchange.response.json
        if not 200 <= status < 300:
            self.ends(about, "The import is not accepted.", "a report", exchange)
        body = body if isinstance(body, dict) else {}
        list_id, summary, errors = (body.get(each) for each in ("listId", "summary", "errors"))
        is_complete = not goes_on(exchange)
        if not list_id or (is_complete and not isinstance(summary, dict)):
            self.ends(about, "The report lacks `listId` or `summary`.", "a report", exchange)
        return ReceivedReport(
            exchange,
            str(list_id),
            summary if isinstance(summary, dict) else {},
            errors if isinstance(errors, list) else [],
            is_complete,
        )

    def get_list(
        self, list_id: str, *query: tuple[str, str], key: str | None = None
    ) -> ApiExchange:
        """Request a page of a list and return the exchange, whatever the response."""
        return self.send(
            ApiRequest("GET", contract().path_of(LIST, listId=list_id), query), key=key
        )

    def page(
        self, list_id: str, *query: tuple[str, str], about: PromiseId | None = None
    ) -> ListPage:
        """Return a page of a list; the story ends if there is none."""
        exchange = self.get_list(list_id, *query)
        body = exchange.response.json
        if exchange.response.status != 200:
            self.ends(
                about or self.promises[0], "The list cannot be read.", "200 and a page", exchange
            )
        if body is None:
            self.ends("answers.json", "The page is not JSON.", "JSON", exchange)
        if not isinstance(body, dict) or not isinstance(body.get("contacts"), list):
            self.ends(about or self.promises[0], "The page lacks `contacts`.", "a page", exchange)
        contacts = [each for each in body["contacts"] if isinstance(each, dict)]
        return ListPage(exchange, body, contacts)

    def read(
        self, list_id: str, about: PromiseId | None = None, *, count: int | None = None
    ) -> ListPage:
        """Return all of a list, once the imports before have settled.

        *count* is how many contacts it should hold: as soon as it does, there is nothing to wait for.
        """
        settle = self.actual.settle.total_seconds()
        if not settle:
            return self._walk(list_id, about)
        if count:
            for _ in range(round(settle / _POLL) + 1):
                first = self.get_list(list_id, ("limit", "1"))
                body = first.response.json
                # A list that is new may not be there before its contacts are.
                total = body.get("total") if isinstance(body, dict) else None
                if first.response.status == 200 and isinstance(total, int) and total >= count:
                    return self._walk(list_id, about)
                self.run.client.wait(_POLL)
        self.run.settle(settle)
        if self.get_list(list_id, ("limit", "1")).response.status == _NOT_FOUND:
            self.run.client.wait(_POLL)  # once more: then it is not there
        return self._walk(list_id, about)

    def _walk(self, list_id: str, about: PromiseId | None) -> ListPage:
        has_pages = self.run.conventions.has_pages
        most = self.run.safe_limit if has_pages else min(1000, self.actual.limit_maximum)
        limit = ("limit", str(most))
        page = self.page(list_id, limit, about=about)
        contacts, first = list(page.contacts), self.actual.page_first
        for at in range(first + 1, first + _PAGES_AT_MOST):
            if page.body.get("hasMore") is not True or not page.contacts or not has_pages:
                break
            page = self.page(list_id, limit, ("page", str(at)), about=about)
            contacts += page.contacts
        return ListPage(page.exchange, page.body, contacts)

    def only_contact(
        self, list_id: str, about: PromiseId | None = None
    ) -> tuple[dict[str, Any], ApiExchange]:
        """Return the one contact of a list of one; the story ends if it holds another number."""
        page = self.read(list_id, about, count=1)
        if len(page.contacts) != 1:
            self.ends(
                about or self.promises[0],
                "The list does not hold the one contact that was imported.",
                "1 contact",
                page.exchange,
            )
        return page.contacts[0], page.exchange

    def get_quota(self, *, key: str | None = None) -> ApiExchange:
        """Request the quota and return the exchange, whatever the response."""
        return self.send(ApiRequest("GET", contract().path_of(QUOTA)), key=key)

    def quota(
        self, *, key: str | None = None, about: PromiseId | None = None
    ) -> tuple[int, int, ApiExchange]:
        """Return used, total and the exchange, once the imports before have settled.

        The story ends if there are none.
        """
        self.run.settle(self.actual.quota_settle.total_seconds())
        exchange = self.get_quota(key=key)
        body = exchange.response.json
        if (
            exchange.response.status != 200
            or not isinstance(body, dict)
            or not isinstance(body.get("used"), int)
        ):
            self.ends(
                about or self.promises[0], "The quota cannot be read.", "used and total", exchange
            )
        total = body.get("total", body.get("totalLimit"))
        return body["used"], total if isinstance(total, int) else 0, exchange


def _value_of(name: str, got: object) -> int | str | None:
    """Return *got* if it is a value that the convention *name* can have."""
    if not name or isinstance(got, bool) or not isinstance(got, (int, str)):
        return None
    return got if convention(name).kind.accepts(got) else None


def known_part(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what UC-020 shows of a contact and an import decides: name, number, email and tags.

    Where there is no email, it may be left out, null or empty; tags may stand in any order.
    """
    tags = contact.get("tags")
    return {
        "name": contact.get("name"),
        "phoneNumber": contact.get("phoneNumber"),
        "email": contact.get("email") or None,
        "tags": sorted(map(str, tags)) if isinstance(tags, list) else tags,
    }


def lasting_part(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what UC-020 shows of a contact, all of which stays until an import changes it.

    Other fields may be different each time.
    """
    return known_part(contact) | {name: contact.get(name) for name in ("contactId", "createdAt")}


def _changes_duplicates(request: ApiRequest) -> bool:
    """Return whether sending a request again could change what the first one did."""
    fields = dict(request.form.fields) if request.form else {}
    return fields.get("duplicateStrategy", "SKIP") != "SKIP" or request.body is not None


def one_line(exchange: ApiExchange) -> str:
    """Return a response's status and the beginning of its body on one line."""
    text = exchange.masked(exchange.response.body[:200].decode("utf-8", "replace"))
    return visible(f"{exchange.response.status}: {' '.join(text.split())}")


def shown(value: object) -> str:
    """Return a value as evidence shows it."""
    text = value if isinstance(value, str) else printable_json(value)
    return text if len(text) <= 1200 else text[:1200] + "…"
