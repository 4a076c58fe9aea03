"""A contract as parts: each is one place, with what is said of it, who sends it, and the parts within it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Place = tuple[str, ...]
EXISTS = "exists"
CHOICE = "exactly one of"
CREDENTIALS = "credentials"
CLOSED = "only these fields"
REQUEST_LINE = "request line"
REQUIRED = "required"
MEDIA_TYPE = "media type"
NAME = "operationId"
SENT_AS = "sent as"
OTHER_FIELDS = "*"
PATTERN = "pattern "
ITEMS = "[]"
POSITION = "item "


class Sender(StrEnum):
    """Who sends what a part is about."""

    CLIENT = "client"
    DEPLOYMENT = "deployment"
    NOBODY = "nobody"  # it is about what a deployment does


class Absence(StrEnum):
    """What it means that a part is in one of two contracts alone."""

    TOLD = "told"  # it is new, or gone
    ANYTHING = "anything"  # the other contract demands nothing there
    ELSEWHERE = "elsewhere"  # the part around it tells


@dataclass(frozen=True)
class Said:
    """The value of an aspect, and where the contract has it from."""

    value: Any
    source: str


@dataclass(frozen=True)
class Inner:
    """A part within another: the steps to it (none: the same place), and how it is read.

    ``exists`` is how its existence is told: an aspect, and its value. What is not described is only required.
    """

    steps: Place
    read: Callable[[], ContractPart]
    absence: Absence = Absence.TOLD
    exists: tuple[str, Any] = (EXISTS, True)
    is_described: bool = True


@dataclass(frozen=True)
class ContractPart:
    """What a contract says of one place, by aspect, and the parts within it, by what makes them the same.

    Of a schema, ``origin`` is how it is written, if it refers to others; ``itself`` is what it demands, and
    ``alternatives`` has by keyword what each of them demands, with its name; ``is_alternatives_alone``: it says
    nothing beside them but a type.
    """

    sender: Sender
    source: str
    says: Mapping[str, Said] = field(default_factory=dict)
    inner: Mapping[str, Inner] = field(default_factory=dict)
    origin: str = ""
    itself: str = ""
    alternatives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_alternatives_alone: bool = False

    @property
    def empty(self) -> ContractPart:
        """A part that demands nothing, in the same place."""
        return ContractPart(self.sender, self.source)

    def value(self, aspect: str) -> Any:
        """Return what is said of an aspect; None: nothing."""
        return self.says[aspect].value if aspect in self.says else None

    def but(self, says: Mapping[str, Any]) -> ContractPart:
        """Return this part with more said of it."""
        said = {aspect: Said(value, self.source) for aspect, value in says.items()}
        return replace(self, says={**self.says, **said})


@dataclass(frozen=True)
class PartOrigin:
    """Whoever sends a part, and where the contract has it from, while it is read."""

    sender: Sender
    source: str

    def of(self, node: Any, sender: Sender | None = None) -> PartOrigin:
        """Return the same of a part that *node* describes."""
        source = source_of(node) if isinstance(node, dict) else ""
        return PartOrigin(sender or self.sender, source or self.source)

    def said(self, value: Any, source: str = "") -> Said:
        """Return *value*, with where it is from."""
        return Said(value, source or self.source)

    def part(
        self, says: Mapping[str, Any], inner: Mapping[str, Inner] | None = None
    ) -> ContractPart:
        """Return a part that says *says*, each as it is."""
        said = {aspect: self.said(value) for aspect, value in says.items()}
        return ContractPart(self.sender, self.source, said, inner or {})


def source_of(node: Mapping[str, Any], part: str = "field") -> str:
    """Return where the contract has a field from, or a keyword of it; empty if it does not say."""
    source = extension(node, "source") or ""
    if isinstance(source, dict):
        source = source.get(part) or source.get(f"x-qlara-{part}", "")
    return str(source)


def extension(node: Mapping[str, Any], name: str) -> Any:
    """Return an extension of the contract; its first versions wrote them without the name of the API."""
    return node.get(f"x-qlara-{name}", node.get(f"x-{name}"))
