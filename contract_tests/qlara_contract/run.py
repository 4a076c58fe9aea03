"""One run against one deployment: what its stories share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qlara_contract import checks
from qlara_contract.client import SCENARIO_HEADER, Client
from qlara_contract.contract import contract
from qlara_contract.exchange import Exchange, File, Form, Request, mask
from qlara_contract.numbers import Numbers
from qlara_contract.oracle import Account
from qlara_contract.promises import UPLOAD
from qlara_contract.results import Evidence, Ledger
from qlara_contract.strategies import card

if TYPE_CHECKING:
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
class Run:
    """Settings, client, ledger and numbers of one run.

    ``covered`` are the promises whose known deviation still holds. ``sandbox_scenario`` is the
    scenario that a sandbox's answers name, empty for a real deployment.
    """

    settings: RunSettings
    covered: frozenset[str] = frozenset()
    ledger: Ledger = field(default_factory=Ledger)
    account: Account = field(default_factory=Account)
    sandbox_scenario: str = ""
    imports_fail: bool = False
    quota_left: int | None = None
    written: int = 0
    left: dict[str, LeftBehind] = field(default_factory=dict)
    story_name: str = ""
    paged_list: str = ""
    broken_in_passing: list[str] = field(default_factory=list)
    record: list[tuple[str, Exchange]] | None = None

    def __post_init__(self) -> None:
        self._imports: list[Exchange] = []
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
        """From now on, what breaks belongs to the story *name*."""
        self.story_name = name
        self.broken_in_passing = []
        self._imports = []

    def led_to(self, exchange: Exchange | None) -> tuple[Exchange, ...]:
        """Return the last imports of this story before *exchange*."""
        return tuple(each for each in self._imports if each is not exchange)[-_BEFORE:]

    def key_for(self, scenario: str) -> str:
        """Return a key of a sandbox that brings about *scenario*; empty on a real deployment."""
        return f"sandbox_contract-check__{scenario}" if self.is_sandbox else ""

    def covers(self, promise_id: str) -> bool:
        """Return whether a known deviation covers this promise."""
        return promise_id in self.covered

    def describe(self, promise_ids: list[str]) -> str:
        """Return what broke these promises, for the failure of a test."""
        blocks = []
        for each in promise_ids:
            entry = self.ledger.entries[each]
            evidence = next(
                (one for one in entry.evidence if one.story == self.story_name), entry.evidence[0]
            )
            blocks.append(f"{each}: {entry.promise.sentence}\n{evidence_text(evidence)}")
        return mask("\n\n".join(blocks), self.settings.secrets)

    def judge(self, exchange: Exchange, story: str = "") -> list[str]:
        """Hold one exchange against everything that holds for each; return what is broken."""
        if self.record is not None:
            self.record.append((story or self.story_name, exchange))
        broken = []
        for finding in checks.check(exchange):
            if not finding.broken:
                self.ledger.keep(finding.promise)
                continue
            broken.append(finding.promise)
            self.ledger.break_(
                finding.promise,
                Evidence(
                    finding.what,
                    finding.expected,
                    finding.got,
                    exchange,
                    finding.reading,
                    story or self.story_name,
                    () if story else self.led_to(exchange),
                ),
            )
        return broken

    def _watch(self, exchange: Exchange) -> None:
        if not self.sandbox_scenario:
            self.sandbox_scenario = exchange.answer.header(SCENARIO_HEADER) or ""
        self.note_writes(exchange)
        self.broken_in_passing += self.judge(exchange)
        if exchange.operation == UPLOAD:
            self._imports.append(exchange)

    def note_writes(self, exchange: Exchange) -> None:
        """Count the contacts that an exchange may have created, and remember its list."""
        body = exchange.answer.json if exchange.operation == UPLOAD else None
        if exchange.answer.status != 200 or not isinstance(body, dict):
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
        """Import the mark of a block of numbers; return whether the account did not hold it."""
        form = Form(
            File(card("Contract Check", f"TEL:{number}").encode()),
            (("listName", "contract-check numbers"), ("tags", "contract-check")),
        )
        exchange = self.client.send(Request("POST", contract().path_of(UPLOAD), form=form))
        body = exchange.answer.json
        summary = body.get("summary") if isinstance(body, dict) else None
        return not (isinstance(summary, dict) and summary.get("duplicates") == 1)


def evidence_text(evidence: Evidence) -> str:
    """Return evidence as plain text."""
    lines = [evidence.what, f"expected: {evidence.expected}", f"got: {evidence.got}"]
    if evidence.reading:
        lines.append(f"The deployment {evidence.reading.value}.")
    lines += [each.curl() for each in evidence.before]
    if evidence.exchange:
        lines += [evidence.exchange.curl(), evidence.exchange.shown_answer()]
    return "\n".join(lines)
