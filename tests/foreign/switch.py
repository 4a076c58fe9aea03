"""A switch: one named change of a deployment that is right by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.policy import Policy
    from tests.foreign.stages import Context, Hooks, Stage, T


@dataclass(frozen=True)
class Switch:
    """``says`` is one line of explanation; ``sets`` are choices, as ``{"paging.maximum": 50}``."""

    name: str
    kind: str
    says: str
    sets: tuple[tuple[str, Any], ...] = ()
    changes: tuple[tuple[Stage[Any], Callable[[Any, Context], Any]], ...] = ()

    def apply(self, policy: Policy, hooks: Hooks) -> Policy:
        """Add the changes to *hooks* and return *policy* with the choices."""
        for stage, change in self.changes:
            hooks.add(stage, change)
        for path, value in self.sets:
            section, _, name = path.partition(".")
            policy = replace(
                policy, **{section: replace(getattr(policy, section), **{name: value})}
            )
        return policy


def at(
    stage: Stage[T], change: Callable[[T, Context], T]
) -> tuple[Stage[Any], Callable[[Any, Context], Any]]:
    """Return a change at a stage, checked to fit it."""
    return stage, change


class Table:
    """Collects the switches of one module."""

    def __init__(self) -> None:
        self.switches: list[Switch] = []

    def sets(self, kind: str, name: str, says: str, **choices: Any) -> None:
        """Add a switch that makes other choices; ``__`` stands for the dot: ``paging__maximum=50``."""
        paths = tuple((path.replace("__", "."), value) for path, value in choices.items())
        self.switches.append(Switch(name, kind, says, sets=paths))

    def all_of(
        self,
        kind: str,
        name: str,
        says: str,
        *changes: tuple[Stage[Any], Callable[[Any, Context], Any]],
    ) -> None:
        """Add a switch that changes values at several stages; see :func:`at`."""
        self.switches.append(Switch(name, kind, says, changes=changes))

    def changes(
        self, kind: str, name: str, says: str, stage: Stage[T], change: Callable[[T, Context], T]
    ) -> None:
        """Add a switch that changes a value at a stage."""
        self.switches.append(Switch(name, kind, says, changes=((stage, change),)))
