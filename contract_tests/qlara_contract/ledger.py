"""The ledger: what a run has sent to be written, charged before it is sent, and what may be left of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qlara_contract.errors import WritesSpent
from qlara_contract.forms import read_form
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange, ApiRequest

_CARD = re.compile(rb"(?i)BEGIN:VCARD")
_WIDE_CARD = re.compile("BEGIN:VCARD".encode("utf-16-le"))
_TOO_MANY = 429
_SPARED = 10
_RESERVE = 10  # of the plan's room, one part in so many is left alone


@dataclass
class ListEntry:
    """One list that may have come to be, or that contacts may have come into.

    ``cards`` were sent; ``imported`` are those that a report confirms.
    """

    list_id: str
    name: str
    cards: int = 0
    imported: int = 0


@dataclass
class Ledger:
    """What may still be written, and where what was written may be.

    ``room`` is what is left of the plan's quota, ``None`` where the deployment does not say.
    """

    allowed: int
    room: int | None = None
    charged: int = 0
    lists: dict[str, ListEntry] = field(default_factory=dict)
    refused_cards: int = 0

    @property
    def left(self) -> int:
        """How many more cards may be sent."""
        return max(0, self.allowed - self.charged)

    def fits(self, cards: int) -> bool:
        """Return whether the plan has room for so many more contacts, with a tenth to spare."""
        return self.room is None or cards <= self.room - max(_SPARED, self.room // _RESERVE)

    def charge(self, cards: int) -> None:
        """Count cards that are about to be sent; raise ``WritesSpent``."""
        if cards > self.left:
            raise WritesSpent(f"{cards} cards do not fit into the {self.left} that may be written")
        self.charged += cards

    def note(self, request: ApiRequest, exchange: ApiExchange | None, *, own_plan: bool) -> None:
        """Note where the cards of a request may be, once its response is known (or lost)."""
        cards = cards_in(request)
        status = exchange.response.status if exchange is not None else 0
        if status == _TOO_MANY:  # not even looked at, and sent again
            self.charged -= cards
            return
        if 400 <= status < 500:
            self.refused_cards += cards
            return
        fields = fields_of(request)
        body = exchange.response.json if exchange is not None else None
        body = body if isinstance(body, dict) else {}
        list_id = str(body.get("listId") or fields.get("listId") or "")
        name = fields.get("listName", "")
        entry = self.lists.setdefault(list_id or name, ListEntry(list_id, name))
        entry.name = entry.name or name
        entry.cards += cards
        summary = body.get("summary")
        imported = summary.get("imported") if isinstance(summary, dict) else None
        if isinstance(imported, int) and not isinstance(imported, bool):
            entry.imported += imported
        if own_plan and self.room is not None:
            self.room = max(0, self.room - cards)

    @property
    def entries(self) -> tuple[ListEntry, ...]:
        """The lists, in the order they were first sent to."""
        return tuple(self.lists.values())


def fields_of(request: ApiRequest) -> dict[str, str]:
    """Return where the form of a request says that its cards go."""
    if request.form is not None:
        return dict(request.form.fields)
    media_type = next(
        (value for name, value in request.headers if name.lower() == "content-type"), ""
    )
    form = read_form(media_type, request.body or b"") if request.body else None
    named = {name: form.value(name) for name in ("listId", "listName")} if form else {}
    return {name: value for name, value in named.items() if value}


def cards_in(request: ApiRequest) -> int:
    """Return how many contacts a request may create: the cards of the file it carries, in any encoding."""
    if request.method != "POST":
        return 0
    content = request.body or b""
    if request.form is not None:
        content = request.form.file.content if request.form.file else b""
    found = len(_CARD.findall(content))
    if b"\0" in content:
        found = max(found, len(_WIDE_CARD.findall(content)), content.count(_BIG_ENDIAN))
    return found


_BIG_ENDIAN = "BEGIN:VCARD".encode("utf-16-be")


def is_import(exchange: ApiExchange) -> bool:
    """Return whether an exchange is an import."""
    return exchange.operation == UPLOAD
