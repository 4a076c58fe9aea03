"""What an import must do, worked out by a small model of its own: no parser, no server, no numbers.

The model is given the cards of a file (whoever wrote the file knows them), not the file. UC-020:
Behind the scenes — VCard file parsing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MISSING = "Missing phone number"
INVALID = "Invalid phone number format"


@dataclass(frozen=True)
class KnownCard:
    """One card of a file, as its writer knows it.

    ``number`` is E.164, empty where ``fault`` (the documented reason) says why. ``line`` is the
    1-based line that an error names, ``lines`` those of the card.
    """

    name: str
    number: str
    email: str = ""
    fault: str = ""
    line: int = 0
    lines: range = range(0)


@dataclass
class ModelContact:
    """A contact of the modelled account."""

    name: str
    number: str
    email: str
    tags: list[str]

    def shown(self) -> dict[str, Any]:
        """Return the part of the contact that a page shows and the model can know."""
        known = {"name": self.name, "phoneNumber": self.number, "tags": list(self.tags)}
        return known | ({"email": self.email} if self.email else {})


@dataclass
class ExpectedReport:
    """The report that an import must give, and how many contacts it creates."""

    total: int = 0
    imported: int = 0
    duplicates: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0
    created: int = 0

    @property
    def summary(self) -> dict[str, int]:
        """The report's ``summary``."""
        return {
            "total": self.total,
            "imported": self.imported,
            "duplicates": self.duplicates,
            "errors": len(self.errors),
            "skipped": self.skipped,
        }


class ModelAccount:
    """The contacts that the suite has imported into an account, and the lists it created."""

    def __init__(self) -> None:
        self._contacts: list[ModelContact] = []
        self._lists: dict[str, list[ModelContact]] = {}

    def single(self) -> list[str]:
        """Return the numbers that exactly one contact has."""
        numbers = [each.number for each in self._contacts]
        return [number for number in dict.fromkeys(numbers) if numbers.count(number) == 1]

    def shown(self, list_name: str) -> list[dict[str, Any]]:
        """Return the contacts of a list, in order, as a page must show them."""
        return [each.shown() for each in self._lists.get(list_name, [])]

    def import_cards(
        self, cards: tuple[KnownCard, ...], list_name: str, strategy: str, tags: list[str]
    ) -> ExpectedReport:
        """Import *cards* and return what the report must say."""
        members = self._lists.setdefault(list_name, [])
        expected = ExpectedReport(total=len(cards))
        for card in cards:
            if card.fault:
                expected.skipped += 1
                expected.errors.append(
                    {"line": card.line, "name": card.name, "reason": card.fault, "card": card.lines}
                )
                continue
            existing = next((each for each in self._contacts if each.number == card.number), None)
            expected.duplicates += existing is not None
            if existing is not None and strategy == "SKIP":
                expected.skipped += 1
                continue
            expected.imported += 1
            if existing is not None and strategy == "UPDATE":
                _update(existing, card, tags)
                if not any(each is existing for each in members):
                    members.append(existing)
                continue
            expected.created += 1
            contact = ModelContact(card.name, card.number, card.email, list(dict.fromkeys(tags)))
            self._contacts.append(contact)
            members.append(contact)
        expected.errors.sort(key=lambda error: error["line"])
        return expected


def _update(contact: ModelContact, card: KnownCard, tags: list[str]) -> None:
    contact.name = card.name or contact.name
    contact.email = card.email or contact.email
    contact.tags = list(dict.fromkeys(contact.tags + tags))
