"""What the store has to know of scenarios and of the contracts that their worlds are under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.domain.conventions import Conventions


class UnderConventions(Protocol):
    """A contract, as far as the store has to know it."""

    @property
    def conventions(self) -> Conventions: ...


class Scenarios(Protocol):
    """What the store has to know of scenarios."""

    async def load(self, scenario: str) -> None:
        """Load a scenario, so that a world of it can be built at once."""
        ...

    def contract_of(self, scenario: str) -> UnderConventions:
        """Return the contract that its worlds are under."""
        ...

    def origin(self) -> Mapping[str, str]:
        """Return what decides how worlds begin and behave, in a form that can be compared."""
        ...

    def created_at(self, scenario: str) -> str:
        """Return when what a loaded scenario begins with was created."""
        ...

    def let_be_created_at(self, scenario: str, created_at: str) -> None:
        """Let it be created at another time; may take a while."""
        ...

    def stamp_of(self, scenario: str) -> str:
        """Return what tells one state of a loaded scenario from another: worlds of both begin differently."""
        ...
