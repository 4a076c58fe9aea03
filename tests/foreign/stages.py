"""The stages of a request at which a switch may change a value."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tests.foreign.messages import Request, Response
from tests.foreign.multipart import Form
from tests.foreign.store import Account, Contact, ContactList
from tests.foreign.vcards import Card, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.deployment import Deployment
    from tests.foreign.policy import Policy

T = TypeVar("T")


@dataclass(frozen=True)
class Stage(Generic[T]):
    """One stage; ``T`` is what passes through it."""

    name: str


@dataclass
class Row:
    """One card of a file and what becomes of it: created, updated, skipped or error."""

    card: Card
    number: str = ""
    outcome: str = "created"
    duplicate: bool = False
    reason: str = ""
    line: int = 0
    contact: Contact | None = None


REQUEST = Stage[Request]("request")
KEY = Stage[str | None]("key")
ACCOUNT = Stage[Account | None]("account")
FORM = Stage[Form]("form")
CONTENT = Stage[bytes]("content")  # of the file, as it was sent
LINES = Stage[list[Line]]("lines")  # unfolded
READ = Stage[Card]("read")  # a card with its properties
CARD = Stage[Card]("card")  # a card with its name, e-mail address and telephones
CARDS = Stage[list[Card]]("cards")  # all cards of a file
TELEPHONE = Stage[str]("telephone")  # a number as written
NUMBER = Stage[str | None]("number")  # the same in E.164
TAGS = Stage[list[str]]("tags")
MATCH = Stage[Contact | None]("match")  # the contact that a card duplicates
ROW = Stage[Row]("row")  # after its outcome is known
ROWS = Stage[list[Row]]("rows")
NEEDED = Stage[int]("needed")  # how many contacts the import counts towards the quota
CONTACT = Stage[Contact]("contact")  # a new one
UPDATED = Stage[Contact]("updated")  # an existing one, with the fields of a card
JOINED = Stage[ContactList]("joined")  # the list after the import
REPORT = Stage[dict[str, Any]]("report")
LISTED = Stage[list[Contact]]("listed")  # all contacts of a list
SHOWN = Stage[dict[str, Any]]("shown")  # one contact in a page
PAGE = Stage[dict[str, Any]]("page")
QUOTA = Stage[dict[str, Any]]("quota")
RESPONSE = Stage[Response]("response")


@dataclass
class Context:
    """One request on its way: what a switch may look at, and ``memory`` that outlives it."""

    deployment: Deployment
    request: Request
    policy: Policy
    memory: dict[Any, Any]
    account: Account | None = None
    strategy: str = "SKIP"
    fields: dict[str, str] = field(default_factory=dict)
    card: Card | None = None
    telephone: str = ""
    number: str = ""
    before: Contact | None = None
    contact: Contact | None = None
    list: ContactList | None = None
    limit: int = 0
    page: int = 0

    def pass_through(self, stage: Stage[T], value: T) -> T:
        """Return *value* after every switch of *stage*."""
        for change in self.deployment.hooks.at(stage):
            value = change(value, self)
        return value

    @property
    def operation(self) -> str:
        """``upload``, ``list``, ``quota`` or empty."""
        path = self.request.path
        if path.endswith("/upload/vcard"):
            return "upload"
        if path.endswith("/subscription/contacts"):
            return "quota"
        return "list" if "/contacts/list/" in path else ""


class Hooks:
    """The changes of all switches that are on, by stage."""

    def __init__(self) -> None:
        self._by_stage: dict[str, list[Callable[[Any, Context], Any]]] = defaultdict(list)

    def add(self, stage: Stage[T], change: Callable[[T, Context], T]) -> None:
        self._by_stage[stage.name].append(change)

    def at(self, stage: Stage[T]) -> list[Callable[[T, Context], T]]:
        return self._by_stage.get(stage.name, [])
