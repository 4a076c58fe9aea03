"""One run against one deployment: what its stories share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qlara_contract import checks
from qlara_contract.client import SCENARIO_HEADER, Client
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.masking import mask
from qlara_contract.numbers import Numbers
from qlara_contract.oracle import ModelAccount
from qlara_contract.promises import UPLOAD
from qlara_contract.results import Evidence, Results
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.settings import RunSettings

DEFAULT_LIST = "list_crm_migration"
_BEFORE = 3


@dataclass
class LeftBehind:
    """A list that the run created, and how many contacts it brought there."""

    list_id: str
    name: str
    contacts: int = 0


@dataclass
class SuiteRun:
    """Settings, client, results and phone numbers of one run.

    ``covered`` are the promises whose known deviation still holds. ``sandbox_scenario`` is the
    scenario that a sandbox's responses name, empty for a real deployment.
    """

    settings: RunSettings
    covered: frozenset[PromiseId] = frozenset()
    results: Results = field(default_factory=Results)
    account: ModelAccount = field(default_factory=ModelAccount)
    sandbox_scenario: str = ""
    imports_fail: bool = False
    quota_left: int | None = None
    written: int = 0
    left: dict[str, LeftBehind] = field(default_factory=dict)
    story_name: str = ""
    paged_list: str = ""
    broken_by_checks: list[PromiseId] = field(default_factory=list)
    record: list[tuple[str, ApiExchange]] | None = None

    def __post_init__(self) -> None:
        self._imports: list[ApiExchange] = []
        self.client = Client(self.settings, watch=self._watch)
        self.numbers = Numbers(self.settings.seed, self._claim)

    @property
    def is_sandbox(self) -> bool:
        """Whether the deployment says that it is a sandbox."""
        return bool(self.sandbox_scenario)

    @property
    def writes_left(self) -> int:
        """How many more contacts the run may create."""
        return max(0, self.settings.effective_max_writes - self.written)

    @property
    def list_id(self) -> str:
        """A list that may exist already, for runs that only read."""
        return self.settings.list_id or DEFAULT_LIST

    def begin_story(self, name: str) -> None:
        """Attribute what breaks from now on to the story *name*."""
        self.story_name = name
        self.broken_by_checks = []
        self._imports = []

    def led_to(self, exchange: ApiExchange | None) -> tuple[ApiExchange, ...]:
        """Return the last imports of this story before *exchange*."""
        return tuple(each for each in self._imports if each is not exchange)[-_BEFORE:]

    def key_for(self, scenario: str) -> str:
        """Return a sandbox key that selects *scenario*; empty on a real deployment."""
        return f"sandbox_contract-check__{scenario}" if self.is_sandbox else ""

    def covers(self, promise_id: PromiseId) -> bool:
        """Return whether a known deviation covers this promise."""
        return promise_id in self.covered

    def describe(self, promise_ids: list[PromiseId]) -> str:
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
        """Make every check that applies to any exchange; return the broken promises."""
        if self.record is not None:
            self.record.append((story or self.story_name, exchange))
        broken = []
        for checked in checks.check(exchange):
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
                ),
            )
        return broken

    def _watch(self, exchange: ApiExchange) -> None:
        if not self.sandbox_scenario:
            self.sandbox_scenario = exchange.response.header(SCENARIO_HEADER) or ""
        self.note_writes(exchange)
        self.broken_by_checks += self.judge(exchange)
        if exchange.operation == UPLOAD:
            self._imports.append(exchange)

    def note_writes(self, exchange: ApiExchange) -> None:
        """Count the contacts that an exchange may have created, and remember its list."""
        body = exchange.response.json if exchange.operation == UPLOAD else None
        if exchange.response.status != 200 or not isinstance(body, dict):
            return
        summary = body.get("summary")
        imported = summary.get("imported", 0) if isinstance(summary, dict) else 0
        imported = imported if isinstance(imported, int) else 0
        self.written += imported
        fields = dict(exchange.request.form.fields) if exchange.request.form else {}
        list_id = str(body.get("listId", ""))
        left = self.left.setdefault(list_id, LeftBehind(list_id, fields.get("listName", "")))
        left.contacts += imported

    def _claim(self, number: str) -> bool:
        """Import the marker of a block of numbers; return whether it was new to the account."""
        form = ImportForm(
            FormFile(card("Contract Check", f"TEL:{number}").encode()),
            (("listName", "contract-check numbers"), ("tags", "contract-check")),
        )
        exchange = self.client.send(ApiRequest("POST", contract().path_of(UPLOAD), form=form))
        body = exchange.response.json
        summary = body.get("summary") if isinstance(body, dict) else None
        return not (isinstance(summary, dict) and summary.get("duplicates") == 1)


def evidence_text(evidence: Evidence) -> str:
    """Return evidence as plain text."""
    lines = [evidence.what, f"expected: {evidence.expected}", f"got: {evidence.got}"]
    if evidence.variant:
        lines.append(f"The deployment {evidence.variant.value}.")
    lines += [each.curl() for each in evidence.before]
    if evidence.exchange:
        lines += [evidence.exchange.curl(), evidence.exchange.shown_response()]
    return "\n".join(lines)
