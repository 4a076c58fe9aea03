"""What an act has shown: what the client sent, how it ended, and what the account holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qlara_rehearsal.exchanges import UPLOAD, ActExchange, of_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.program import Ending, Part
    from qlara_rehearsal.stage import HeldContact


@dataclass(frozen=True)
class ActFinding:
    """One thing that a client did wrong. ``exchanges`` show it.

    ``about_requests``: it is about how requests are written, whatever the act.
    """

    what: str
    expected: str
    exchanges: tuple[ActExchange, ...] = ()
    about_requests: bool = False


@dataclass(frozen=True)
class Held:
    """What an account holds: its contacts by id, and the sizes of its lists by id."""

    contacts: Mapping[str, HeldContact] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def counted(self) -> Counter[HeldContact]:
        """How often each contact is there."""
        return Counter(self.contacts.values())

    @cached_property
    def numbers(self) -> Counter[str]:
        """How often each number is there."""
        return Counter(one.phone_number for one in self.contacts.values())


@dataclass(frozen=True)
class ActEvidence:
    """All that an act is judged by.

    ``before`` is what the account held at the beginning, ``after`` at the end. ``imported`` is what one
    correct import of the file leaves there, ``report`` the response to it. ``sends_otherwise`` tells
    whether the client sends an ordinary file, ``when_well`` what it prints when it imports one and nothing
    goes wrong, ``again`` plays the act once more, where a command can.
    """

    act: Act
    part: Part
    exchanges: tuple[ActExchange, ...]
    ending: Ending
    before: Held
    after: Held
    imported: Held
    report: Mapping[str, Any]
    sends_otherwise: Callable[[], bool] = lambda: False
    when_well: Callable[[], str] = lambda: ""
    again: Callable[[], ActEvidence | None] = lambda: None

    @property
    def uploads(self) -> list[ActExchange]:
        """The requests to import."""
        return of_operation(self.exchanges, UPLOAD)

    @property
    def new_lists(self) -> int:
        """How many lists were created."""
        return len(set(self.after.lists) - set(self.before.lists))

    @property
    def all_arrived(self) -> bool:
        """Whether every number that an import of the file brings is there."""
        errors = self.report.get("summary") is None  # refused: nothing is known of its cards
        return not errors and not (set(self.imported.numbers) - set(self.after.numbers))
