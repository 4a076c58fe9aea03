"""One run against one deployment: what its stories share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from qlara_contract import checks
from qlara_contract.client import SCENARIO_HEADER, Client
from qlara_contract.contract import contract
from qlara_contract.conventions import Conventions, KnownConventions
from qlara_contract.deviations import is_known
from qlara_contract.errors import DeploymentLost
from qlara_contract.exchange import ApiExchange, ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.ledger import Ledger, cards_in
from qlara_contract.masking import mask
from qlara_contract.numbers import Numbers
from qlara_contract.oracle import ModelAccount
from qlara_contract.promises import LIST, UPLOAD
from qlara_contract.results import Evidence, Results
from qlara_contract.script import script
from qlara_contract.settings import Mode
from qlara_contract.steps import led_to, list_made_by, list_named_by
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qlara_contract.deviations import Deviation
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.settings import RunSettings

DEFAULT_LIST = "list_crm_migration"
TAG = "contract-check"
MARKER = "Contract Check"
"""The name of contacts that mark which numbers a run has taken."""
_LONGEST_NAME = 50
_WORDS_KEPT = 2  # that it is of a run, and of which
_SLACK = 0.15  # seconds that an import may take longer to settle than it was seen to take


@dataclass(frozen=True)
class Remembered:
    """A list as it was seen whole early in the run, at a time of the monotonic clock."""

    list_id: str
    contacts: tuple[Mapping[str, Any], ...]
    at: float


@dataclass
class SuiteRun:
    """Settings, client, results, conventions, ledger and phone numbers of one run.

    ``expected`` and ``otherwise`` are what the contract says with its overlay, in names and in sentences.
    ``deviations`` are those that still hold. ``sandbox_scenario`` is the
    scenario that a sandbox's responses name, empty for a real deployment.
    """

    settings: RunSettings
    deviations: tuple[Deviation, ...] = ()
    expected: Conventions = field(default_factory=Conventions)
    otherwise: Mapping[PromiseId, str] = field(default_factory=dict)
    results: Results = field(default_factory=Results)
    account: ModelAccount = field(default_factory=ModelAccount)
    sandbox_scenario: str = ""
    imports_fail: str = ""
    has_seen_contacts: bool = False  # in a list that the run made
    story_name: str = ""
    paged_list: str = ""
    paged_list_name: str = ""
    remembered: list[Remembered] = field(default_factory=list)
    broken_by_checks: list[PromiseId] = field(default_factory=list)
    record: list[tuple[str, ApiExchange]] | None = None
    is_learning: bool = False
    needs_file_name: bool = False  # as a text field of each upload
    first_quota: ApiExchange | None = None  # the exchange that the run began with
    used_by_others: dict[str, int] = field(default_factory=dict)  # by key, before the first import
    page_size: int = 10  # a `limit` that the deployment is known to obey

    def __post_init__(self) -> None:
        if self.settings.effective_mode is Mode.FULL:
            self.results.use_full_mode()
        self._sent: list[ApiExchange] = []  # in this story
        self._recorded_before = 0
        self._names = count(1)
        self._ids: dict[tuple[str, str], str] = {}
        self._token = f"{time.time_ns() // 1_000_000:x}"
        self._wrote_at = 0.0
        self._pending: list[ApiRequest] = []  # charged and sent, and not answered yet
        self.ledger = Ledger(self.settings.effective_max_writes)
        self.conventions = KnownConventions(self.expected, self.settings.assume, self.otherwise)
        self.needs_file_name = self.conventions.actual.file_name == "required"
        self.client = Client(
            self.settings, watch=self._watch, charge=self.charge, complete=self.completed
        )
        self.numbers = Numbers(self.settings.seed, self._claim)

    @property
    def is_sandbox(self) -> bool:
        """Whether the deployment says that it is a sandbox."""
        return bool(self.sandbox_scenario)

    @property
    def actual(self) -> Conventions:
        """How the deployment behaves where UC-020 is silent, as far as the run knows."""
        return self.conventions.actual

    @property
    def writes_left(self) -> int:
        """How many more cards the run may send."""
        return self.ledger.left

    @property
    def written(self) -> int:
        """How many cards the run has sent."""
        return self.ledger.charged

    @property
    def list_id(self) -> str:
        """A list that may exist already, for runs that only read."""
        return self.settings.list_id or DEFAULT_LIST

    @property
    def paging(self) -> checks.Paging:
        """What is known of the deployment's pages."""
        observed = self.conventions.observations
        is_clamped = "limit.maximum" in observed and self.actual.limit_above == "clamped"
        return checks.Paging(
            min(self.page_size, self.actual.limit_maximum),
            self.actual.limit_maximum if is_clamped else None,
            self.actual.page_first,
            self.conventions.has_pages,
        )

    @property
    def safe_limit(self) -> int:
        """A `limit` that the deployment obeys, 100 at most."""
        return max(1, min(100, self.page_size, self.actual.limit_maximum))

    def new_list_name(self, about: str) -> str:
        """Return a list name that no other import of this run, or of another, has."""
        words = f"contract-check {self._token}-{next(self._names)} {about}".split()
        while len(" ".join(words)) > _LONGEST_NAME and len(words) > _WORDS_KEPT:
            words.pop()
        return " ".join(words)[:_LONGEST_NAME]

    def remember(self, list_id: str, contacts: Iterable[Mapping[str, Any]]) -> None:
        """Remember what a list holds, so that the end of the run can tell whether it still does."""
        self.remembered.append(Remembered(list_id, tuple(contacts), time.monotonic()))

    def wait_since(self, moment: float, seconds: float) -> None:
        """Wait until *seconds* have passed since *moment* of the monotonic clock."""
        left = moment + seconds - time.monotonic()
        if left > 0:
            self.client.wait(left)

    def begin_story(self, name: str) -> None:
        """Attribute what breaks from now on to the story *name*; one that is told again is recorded once."""
        recorded = self.record if self.record is not None else []
        if name == self.story_name:
            del recorded[self._recorded_before :]
        self._recorded_before = len(recorded)
        self.story_name = name
        self.broken_by_checks = []
        self._sent = []

    def led_to(self, exchange: ApiExchange | None) -> tuple[ApiExchange, ...]:
        """Return the earlier requests of this story that *exchange* rests on."""
        return led_to(exchange, self._sent) if exchange is not None else ()

    def shown_by(self, imported: ApiExchange) -> ApiExchange:
        """Return the exchange that shows the whole list of an import; the import itself, if none does."""
        made = list_made_by(imported)
        wholes = (
            each
            for each in reversed(self._sent)
            if each.operation == LIST and made and list_named_by(each.request) == made
        )
        return next((each for each in wholes if _is_whole(each)), imported)

    def key_for(self, scenario: str) -> str:
        """Return a sandbox key that selects *scenario*; empty on a real deployment."""
        return f"sandbox_contract-check__{scenario}" if self.is_sandbox else ""

    def covers(self, promise_id: PromiseId) -> bool:
        """Return whether known deviations cover all that was found against this promise."""
        return is_known(self.results.by_id[promise_id], self.deviations)

    def differs(self, *promise_ids: PromiseId) -> bool:
        """Return whether one of these promises was seen not to be kept."""
        return any(self.results.by_id[each].broken for each in promise_ids)

    def is_drift(self, promise_id: PromiseId) -> bool:
        """Return whether a promise that was not kept makes the run fail."""
        if self.results.by_id[promise_id].promise.is_assumed and not self.settings.strict:
            return False
        if promise_id in self.otherwise:
            return False
        return not self.covers(promise_id)

    def lost(self, reason: str) -> NoReturn:
        """End the run: the deployment is away; raise ``DeploymentLost``."""
        raise DeploymentLost(reason)

    def settle(self, seconds: float) -> None:
        """Wait until *seconds*, and some slack, have passed since the last import was answered."""
        if seconds <= 0:
            return
        self.wait_since(self._wrote_at, seconds * 1.25 + _SLACK)

    def describe(self, promise_ids: Sequence[PromiseId]) -> str:
        """Return the evidence against these promises, for the failure of a test."""
        blocks = []
        for each in promise_ids:
            result = self.results.by_id[each]
            evidence = next(
                (one for one in result.evidence if one.story == self.story_name), result.evidence[0]
            )
            blocks.append(f"{each}: {result.promise.sentence}\n{evidence_text(evidence)}")
        return mask("\n\n".join(blocks), self.settings.secrets)

    def judge(self, exchange: ApiExchange, story: str = "") -> list[PromiseId]:
        """Make every check that applies to any exchange; return the promises that are not kept.

        While conventions are still being learnt, nothing is judged by them.
        """
        if self.record is not None:
            self.record.append((story or self.story_name, exchange))
        if self.is_learning:
            return []
        broken = []
        for checked in checks.check(exchange, self.paging, self.expected):
            if not checked.broken:
                self.results.record_kept(checked.promise)
                continue
            broken.append(checked.promise)
            self.results.record_broken(
                checked.promise,
                Evidence(
                    checked.what,
                    checked.expected,
                    checked.got,
                    exchange,
                    checked.variant,
                    story or self.story_name,
                    () if story else self.led_to(exchange),
                    checked.by,
                    checked.value,
                ),
            )
        return broken

    def may_write(self, cards: int) -> bool:
        """Return whether so many more cards may be imported."""
        return not self.imports_fail and self.writes_left >= cards and self.ledger.fits(cards)

    def pace(self) -> None:
        """Wait until the run may send another request."""
        self.client.pace()

    def completed(self, request: ApiRequest) -> ApiRequest:
        """Return a request with what the deployment needs of each upload that is a form."""
        form = request.form
        if form is None or not self.needs_file_name or "fileName" in dict(form.fields):
            return request
        filename = form.file.filename if form.file else ""
        name = filename if filename.endswith(".vcf") else "contacts.vcf"
        return replace(request, form=replace(form, fields=(*form.fields, ("fileName", name))))

    def charge(self, request: ApiRequest) -> None:
        """Charge the cards of a request before it is sent; raise ``WritesSpent``."""
        cards = cards_in(request)
        if cards:
            self.ledger.charge(cards)
            self._pending.append(request)

    def note(self, exchange: ApiExchange) -> None:
        """Note in the ledger what an exchange may have written."""
        if not cards_in(exchange.request):
            return
        form, body = exchange.request.form, exchange.request.body
        for at, each in enumerate(self._pending):
            if (each.form, each.body) == (form, body):
                del self._pending[at]
                break
        own_plan = exchange.key in (self.settings.api_key, "")
        self.ledger.note(exchange.request, exchange, own_plan=own_plan)
        self._wrote_at = time.monotonic()

    def finish(self) -> None:
        """Note a last request that was never answered, and close the connections."""
        self._note_lost()
        self.client.close()

    def _note_lost(self) -> None:
        """Note in the ledger the requests that were sent and never answered."""
        while self._pending:
            self.ledger.note(self._pending.pop(), None, own_plan=True)

    def _look_for_contacts(self, exchange: ApiExchange) -> None:
        """Note whether a list that an import of this run went into is seen to hold something."""
        if exchange.operation == LIST and list_named_by(exchange.request) in self.ledger.lists:
            shown = exchange.response.value("contacts")
            self.has_seen_contacts = self.has_seen_contacts or bool(shown)

    def _watch(self, exchange: ApiExchange) -> None:
        if not self.sandbox_scenario:
            self.sandbox_scenario = exchange.response.header(SCENARIO_HEADER) or ""
        self.note(exchange)
        self._sent.append(exchange)
        self._look_for_contacts(exchange)
        self.broken_by_checks += self.judge(exchange)
        self.broken_by_checks += self._judge_ids(exchange)

    def _judge_ids(self, exchange: ApiExchange) -> list[PromiseId]:
        """Check that no id of this response stood for something else before, in the same account."""
        broken: list[PromiseId] = []
        for promise_id, one, meaning in checks.ids(exchange):
            known = self._ids.setdefault((exchange.key, one), meaning)
            if known == meaning:
                continue
            broken.append(promise_id)
            what = f"The id {one} stands for another thing than before in this run."
            evidence = Evidence(what, known, meaning, exchange, story=self.story_name)
            self.results.record_broken(promise_id, evidence)
        return broken

    def _claim(self, number: str) -> bool:
        """Import the marker of a block of numbers; return whether it was new to the account."""
        if self.is_sandbox:
            return True  # in a world of its own
        form = ImportForm(
            FormFile(card(MARKER, f"TEL:{number}").encode()),
            (("listName", self.new_list_name("numbers")), ("tags", TAG)),
        )
        request = ApiRequest("POST", contract().path_of(UPLOAD), form=form)
        exchange = self.client.send_or_look(request)
        summary = exchange.response.value("summary")
        return not (isinstance(summary, dict) and summary.get("duplicates") == 1)


def _is_whole(exchange: ApiExchange) -> bool:
    """Return whether a page is the only one of its list."""
    body = exchange.response.json
    contacts = body.get("contacts") if isinstance(body, dict) else None
    if not isinstance(contacts, list) or body.get("hasMore") is True:
        return False
    named = dict(exchange.request.query)
    return "page" not in named and named.get("limit") != "1"


def evidence_text(evidence: Evidence) -> str:
    """Return evidence as plain text."""
    lines = [evidence.what, f"expected: {evidence.expected}", f"got: {evidence.got}"]
    if evidence.variant:
        lines.append(f"The deployment {evidence.variant.value}.")
    if evidence.exchange:
        lines += [script(evidence), evidence.exchange.shown_response()]
    return "\n".join(lines)
