"""Snapshots back to worlds, under the contract of the sandbox that they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.errors import Conflict, NotFound
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.consistency import Contradiction
from qlara_sandbox.state.faults import EVERY_OPERATION

if TYPE_CHECKING:
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.contacts import ContactCheck, Terms
    from qlara_sandbox.web.runtime import Runtime


def restored(runtime: Runtime, state: dict[str, Any], check: ContactCheck) -> World:
    """Return the world of a snapshot, which keeps the schema of a state, if *check* allows its contacts.

    Raises:
        Conflict: its parts do not fit together, or a contact is not allowed.
        NotFound: a fault is on an operation that there is not.
    """
    try:
        for index, entry in enumerate(state["faults"]["armed"]):
            field = f"state.faults.armed[{index}].fault.on"
            require_operation(runtime, entry["fault"]["on"], field)
        world = snapshot.restore(state)
        require_allowed(world, check)
    except Contradiction as error:
        raise Conflict(error.field, error.message) from error
    return world


def require_allowed(world: World, check: ContactCheck) -> None:
    """Let a world pass whose contacts are allowed.

    Raises:
        Conflict: one is not.
    """
    for index, contact in enumerate(world.contacts.values()):
        fault = check.fault(contact)
        if fault is not None:
            raise Conflict(f"state.contacts[{index}]", fault)


def require_quota(world: World, terms: Terms) -> None:
    """Let a world pass whose quota is allowed.

    Raises:
        Conflict: it is not.
    """
    fault = terms.quota.fault(world.quota)
    if fault is not None:
        raise Conflict("state.account", fault)


def require_operation(runtime: Runtime, name: str, field: str) -> None:
    """Let the operationId of a fault pass.

    Raises:
        NotFound: the contract has no such operation.
    """
    known = runtime.contract.by_id
    if name != EVERY_OPERATION and name not in known:
        expected = ", ".join([*known, EVERY_OPERATION])
        raise NotFound(field, f"Unknown operation {name!r}. Expected one of: {expected}.")
