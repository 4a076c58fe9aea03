"""Worlds and scenarios as the control API shows them: plain JSON values, keys masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.state.clock import timestamp
from qlara_sandbox.web.caller import masked
from qlara_sandbox.web.observers.journal import instant

if TYPE_CHECKING:
    from qlara_sandbox.scenario.library import Library
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry


def show_scenario(library: Library, name: str) -> dict[str, Any]:
    """Return what a scenario tells, or the mistakes of its file."""
    try:
        scenario = library.get(name)
    except InvalidScenario as error:
        return {"name": name, "valid": False, "mistakes": error.lines()}
    return {
        "name": name,
        "valid": True,
        "title": scenario.title,
        "story": scenario.story,
        "source": scenario.source,
        "try": scenario.try_lines,
    }


def show_clock(world: World) -> dict[str, Any]:
    """Return the time of a world."""
    clock = world.clock
    return {
        "now": timestamp(clock.now()),
        "frozen": clock.is_frozen,
        "timezone": world.account.timezone,
    }


def show_world(entry: WorldEntry, now: float) -> dict[str, Any]:
    """Return what a world holds and how it is used, *now* being a moment of ``perf_counter``."""
    world, key = entry.world, entry.key
    quota = world.quota
    return {
        "world": entry.label,
        "apiKey": masked(key.api_key),
        "session": key.session,
        "scenario": key.scenario,
        "contacts": len(world.contacts),
        "lists": [
            {"listId": one.list_id, "name": one.name, "contacts": len(one.members)}
            for one in world.lists.values()
        ],
        "quota": {"used": quota.used, "total": quota.total},
        "clock": show_clock(world),
        "rateLimit": _rate_limit(world),
        "faults": len(world.faults.active),
        "requests": entry.requests,
        "inUse": entry.in_use,
        "idleSeconds": round(max(now - entry.last_used, 0.0), 3),
        "bytes": entry.bytes,
    }


def _rate_limit(world: World) -> dict[str, Any] | None:
    if world.rate_limit is None:
        return None
    standing = world.rate_limit.standing(world.clock.now())
    return {
        "limit": standing.limit,
        "remaining": standing.remaining,
        "reset": instant(standing.reset.timestamp()),
    }
