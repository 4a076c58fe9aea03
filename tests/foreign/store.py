"""What the deployment remembers: accounts, their lists and contacts, and new ids."""

from __future__ import annotations

import random
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, RLock
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BETWEEN = 0.25  # seconds that a slow database leaves between looking and writing
_LONGEST_RACE = 5.0


@dataclass
class Contact:
    """One contact; ``since`` is the monotonic time of its import."""

    id: str
    name: str
    phone: str
    email: str = ""
    tags: list[str] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    since: float = 0.0


@dataclass
class ContactList:
    """One list; a member is a contact and the monotonic time at which it joined."""

    id: str
    name: str
    members: list[tuple[Contact, float]] = field(default_factory=list)
    since: float = 0.0

    def holds(self, contact: Contact) -> bool:
        return any(each is contact for each, _ in self.members)

    def seen(self, delay: float) -> list[Contact]:
        """Return the members that have been there for *delay* seconds."""
        until = monotonic() - delay
        return [contact for contact, since in self.members if since <= until]


class Race:
    """Imports into one account that run beside each other, and do not see what the others create.

    Each writes when all that are under way have looked, so that they race on a busy machine, too.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._looking: set[int] = set()

    @contextmanager
    def run(self, one: int) -> Iterator[None]:
        """Let *one* be under way while the block runs."""
        with self._changed:
            self._looking.add(one)
        try:
            yield
        finally:
            self._has_looked(one)

    def wait(self, one: int) -> None:
        """Say that *one* has looked, and return when all others have."""
        sleep(_BETWEEN)
        self._has_looked(one)
        with self._changed:
            self._changed.wait_for(lambda: not self._looking, _LONGEST_RACE)

    def _has_looked(self, one: int) -> None:
        with self._changed:
            self._looking.discard(one)
            self._changed.notify_all()


@dataclass
class Account:
    """What one key stands for."""

    key: str
    quota: int
    may_import: bool = True
    lists: dict[str, ContactList] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    by_number: dict[str, list[Contact]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    race: Race = field(default_factory=Race)

    def add(self, contact: Contact) -> None:
        self.contacts.append(contact)
        self.by_number.setdefault(contact.phone, []).append(contact)

    def used(self, delay: float = 0.0) -> int:
        """Return how many contacts the account held *delay* seconds ago."""
        if not delay:
            return len(self.contacts)
        until = monotonic() - delay
        return sum(contact.since <= until for contact in self.contacts)


class Ids:
    """Makes ids in one of the styles of ``STYLES``, different in each deployment."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._last = 0
        self._lock = RLock()

    def new(self, prefix: str, style: str) -> str:
        """Return a new id, e.g. ``imp_v1c2a3r4d5`` for the prefix ``imp``."""
        with self._lock:
            self._last += 1
            return STYLES[style](prefix, self._last, self._random)


def _word(source: random.Random) -> str:
    return "".join(source.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10))


STYLES: dict[str, Callable[[str, int, random.Random], str]] = {
    "prefixed": lambda prefix, _, source: f"{prefix}_{_word(source)}",
    "running": lambda prefix, number, _: f"{prefix}_{number:03d}",
    "uuid": lambda _, __, source: str(uuid.UUID(int=source.getrandbits(128), version=4)),
    "integer": lambda _, number, __: str(80 + number),
    "slash": lambda prefix, number, _: f"eu/{prefix}/{number}",
    "space": lambda prefix, number, _: f"{prefix} no {number}",
    "plus": lambda prefix, number, _: f"{prefix}+{number}+a",
    "unicode": lambda prefix, number, _: f"{prefix}-è-{number}-名",
    "dots": lambda prefix, number, _: f"{prefix}.v1.{number}",
    "long": lambda prefix, number, _: f"{prefix}-{number:0>240}",
    "percent": lambda prefix, number, _: f"{prefix}%20{number}",
    "colon": lambda prefix, number, _: f"urn:qlara:{prefix}:{number}",
    "query": lambda prefix, number, _: f"{prefix}?n={number}#&x",
    "base64": lambda prefix, number, source: f"{prefix}{_word(source)}{number}==",
    "upper": lambda prefix, number, source: f"{prefix}-{number}-{_word(source)}".upper(),
    "object": lambda _, number, source: f"{source.getrandbits(64):016x}{number:08x}",
    "tilde": lambda prefix, number, _: f"~{prefix}!{number}*'()",
    "one-letter": lambda _, number, __: f"{number:x}",
}
