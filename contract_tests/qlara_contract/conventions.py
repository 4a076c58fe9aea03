"""What a run knows of a deployment's conventions: what is expected, what was learnt, and from what.

The names and values are those of an overlay (``docs/overlays.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from qlara_contract.contract import ContractDocument, contract
from qlara_contract.errors import CannotRun
from qlara_contract.promises import UnusableDifference, require_assumed
from qlara_contract.targets import (
    LONGEST_SENTENCE,
    TABLE,
    Conventions,
    InvalidConvention,
    InvalidOverlay,
    apply_file,
    apply_overlay,
    attribute_of,
    convention,
    conventions_of,
    differs_of,
    duration_text,
    overlay_for,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import Evidence

__all__ = [
    "TABLE",
    "Conventions",
    "InvalidConvention",
    "KnownConventions",
    "Observation",
    "apply_overlay",
    "convention",
    "conventions_of",
    "overlay_for",
]

Plain = int | str
USUAL = Conventions()

_OF_SHAPES = {"quota.fields", "error-body", "email.absent"}
_SLOWER = 1.1  # times what was measured, in a slow moment
_STEADY = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60)  # seconds
_MEASURED = {"settle", "quota.settle"}  # no two measurements are alike


@dataclass(frozen=True)
class Observation:
    """One convention as it was observed. ``value`` is ``None`` where no name of the table says it."""

    name: str
    value: Plain | None
    what: str
    exchange: ApiExchange | None = None


@dataclass(frozen=True)
class ReadOverlay:
    """What the shipped contract says under an overlay.

    ``otherwise`` is what no convention has a word for: by promise, an observation in a sentence.
    """

    conventions: Conventions = USUAL
    otherwise: Mapping[PromiseId, str] = field(default_factory=dict)


NO_OVERLAY = ReadOverlay()


def read_overlay(overlay: Path) -> ReadOverlay:
    """Return what the shipped contract says under the overlay in a file; raise ``CannotRun``."""
    try:
        document = apply_file(contract().document, overlay)
        differs = differs_of(document)
        return ReadOverlay(conventions_of(document), require_assumed(differs))
    except (InvalidOverlay, InvalidConvention, UnusableDifference) as error:
        where = "" if isinstance(error, InvalidOverlay) else f"{overlay}: "
        raise CannotRun(f"--overlay {where}{error}") from error


def sentence_of(evidence: Evidence) -> str:
    """Return what was observed, as an overlay says it."""
    text = " ".join(evidence.what.split())
    return text if len(text) <= LONGEST_SENTENCE else f"{text[: LONGEST_SENTENCE - 1]}…"


def steady(seconds: float) -> str:
    """Return the time, as an overlay has it, that a measured one is taken for: the next of a few."""
    slow = seconds * _SLOWER
    found = next((each for each in _STEADY if slow <= each), slow)
    return duration_text(timedelta(seconds=found))


def _seconds(conventions: Conventions, name: str) -> float:
    time: timedelta = getattr(conventions, attribute_of(name))
    return time.total_seconds()


@lru_cache(maxsize=8)
def contract_under(expected: Conventions) -> ContractDocument:
    """Return the shipped contract with the shapes that these conventions give it."""
    shapes = {name: value for name, value in expected.differences().items() if name in _OF_SHAPES}
    if not shapes:
        return contract()
    return ContractDocument(apply_overlay(contract().document, overlay_for(shapes)))


class KnownConventions:
    """The conventions of one run.

    ``expected`` is what the contract (with its overlay) says: assumed promises are judged by it.
    ``actual`` is how the deployment behaves as far as the run knows: set by hand, else observed, else
    expected. Stories go by it, so that no assumption makes another promise fail.
    ``otherwise`` is what the overlay says in sentences, by promise: a difference that is expected.
    """

    def __init__(
        self,
        expected: Conventions,
        assumed: Mapping[str, Plain],
        otherwise: Mapping[PromiseId, str] | None = None,
    ) -> None:
        self.expected = expected
        self.otherwise = dict(otherwise or {})
        self._expected = expected.values()
        self._assumed = dict(assumed)
        self.observations: dict[str, Observation] = {}
        self.actual = self._now()

    @property
    def has_pages(self) -> bool:
        """Whether there is more of a list than its first page."""
        return self.actual.page_parameter == "read"

    def observe(
        self, name: str, value: Plain | None, what: str, exchange: ApiExchange | None = None
    ) -> None:
        """Note what was observed; the first observation counts."""
        if name not in self.observations:
            self.observations[name] = Observation(name, value, what, exchange)
            self.actual = self._now()

    def says(self, evidence: Evidence) -> bool:
        """Return whether what was observed of a convention says all that *evidence* shows."""
        now = self.actual.values()
        return any(
            now[name] != self._expected[name] and evidence.value in (None, now[name])
            for name in evidence.by
        )

    def is_assumed(self, name: str) -> bool:
        """Return whether the user has said what a convention is."""
        return name in self._assumed

    def _now(self) -> Conventions:
        observed = {
            each.name: each.value
            for each in self.observations.values()
            if each.value is not None and each.name in self._expected
        }
        values = {**self._expected, **observed, **self._assumed}
        return Conventions.of(values)

    @property
    def differing(self) -> dict[str, Plain]:
        """The conventions, by name, that are not what the contract (with its overlay) expects."""
        now = self.actual.values()
        differing = {name: now[name] for name in now if now[name] != self._expected[name]}
        for name in _MEASURED & differing.keys():
            measured, expected = (_seconds(each, name) for each in (self.actual, self.expected))
            if expected and measured <= expected * 1.5:
                del differing[name]
        return differing

    @property
    def known(self) -> dict[str, Plain]:
        """The conventions, by name, that were observed or set by hand and are not the usual ones.

        What was measured is given as the next of a few times: so each run says the same, and a
        slow moment of the deployment is within it.
        """
        usual = USUAL.values()
        now = self.actual.values()
        known = {name: now[name] for name in now if now[name] != usual[name]}
        for name in _MEASURED & known.keys() & self.observations.keys():
            known[name] = steady(_seconds(self.actual, name))
        return known
