"""What a run knows of a deployment's conventions: what is expected, what was learnt, and from what.

The names and values are those of an overlay (``docs/overlays.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun
from qlara_contract.targets import (
    TABLE,
    Conventions,
    InvalidConvention,
    InvalidOverlay,
    apply_file,
    apply_overlay,
    convention,
    conventions_of,
    overlay_for,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qlara_contract.exchange import ApiExchange

__all__ = [
    "TABLE",
    "Conventions",
    "InvalidConvention",
    "KnownConventions",
    "Observation",
    "apply_overlay",
    "convention",
    "conventions_of",
    "expected_by",
    "overlay_for",
]

Plain = int | str

_MEASURED = {"settle", "quota.settle"}  # no two measurements are alike


@dataclass(frozen=True)
class Observation:
    """One convention as it was observed. ``value`` is ``None`` where no name of the table says it."""

    name: str
    value: Plain | None
    what: str
    exchange: ApiExchange | None = None


def expected_by(overlay: Path) -> Conventions:
    """Return the conventions of the shipped contract under an overlay; raise ``CannotRun``."""
    try:
        return conventions_of(apply_file(contract().document, overlay))
    except (InvalidOverlay, InvalidConvention) as error:
        raise CannotRun(f"--overlay {error}") from error


class KnownConventions:
    """The conventions of one run.

    ``expected`` is what the contract (with its overlay) says: assumed promises are judged by it.
    ``actual`` is how the deployment behaves as far as the run knows: set by hand, else observed, else
    expected. Stories go by it, so that no assumption makes another promise fail.
    """

    def __init__(self, expected: Conventions, assumed: Mapping[str, Plain]) -> None:
        self.expected = expected
        self._expected = expected.values()
        self._assumed = dict(assumed)
        self.observations: dict[str, Observation] = {}
        self.has_pages = True
        self.actual = self._now()

    def observe(
        self, name: str, value: Plain | None, what: str, exchange: ApiExchange | None = None
    ) -> None:
        """Note what was observed; the first observation counts."""
        if name not in self.observations:
            self.observations[name] = Observation(name, value, what, exchange)
            self.actual = self._now()

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
            measured, expected = (
                getattr(each, name.replace(".", "_")) for each in (self.actual, self.expected)
            )
            if expected and measured <= expected * 1.5:
                del differing[name]
        return differing

    @property
    def known(self) -> dict[str, Plain]:
        """The conventions, by name, that were observed or set by hand and are not the usual ones."""
        usual = Conventions().values()
        now = self.actual.values()
        return {name: now[name] for name in now if now[name] != usual[name]}
