"""What several sandboxes that share their worlds say to one call of the control API, as one response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_sandbox.web.observers.coverage import Coverage, as_json, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Contents = Sequence[Mapping[str, Any]]


def requests(contents: Contents, limit: int) -> dict[str, Any]:
    """Return what was found in several journals, newest first."""
    found = [entry for content in contents for entry in content["requests"]]
    found.sort(key=lambda entry: str(entry["at"]), reverse=True)
    return {
        "requests": found[:limit],
        "total": sum(content["total"] for content in contents),
        "dropped": sum(content["dropped"] for content in contents),
    }


def archives(contents: Contents, limit: int) -> dict[str, Any]:
    """Return the newest entries of several HTTP archives, oldest first."""
    entries = [entry for content in contents for entry in content["log"]["entries"]]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    return {"log": {**contents[0]["log"], "entries": entries[-limit:]}}


def counts(contents: Contents, limit: int | None) -> dict[str, int]:
    """Return how many requests were found in several journals, at most *limit*."""
    count = sum(content["count"] for content in contents)
    return {"count": count if limit is None else min(count, limit)}


def removals(contents: Contents) -> dict[str, int]:
    """Return how much was removed from several sandboxes."""
    return {"removed": sum(content["removed"] for content in contents)}


def worlds(contents: Contents) -> dict[str, Any]:
    """Return the worlds that several sandboxes have served, most recently used first."""
    found: dict[str, dict[str, Any]] = {}
    shown = [world for content in contents for world in content["worlds"]]
    for world in sorted(shown, key=lambda world: float(world["idleSeconds"])):
        first = found.setdefault(world["world"], {**world, "requests": 0, "inUse": 0})
        first["requests"] += world["requests"]
        first["inUse"] += world["inUse"]
    return {
        "worlds": [*found.values()],
        "bounds": contents[0]["bounds"],
        "bytes": sum(content["bytes"] for content in contents),
        "expired": sum(content["expired"] for content in contents),
    }


def coverages(contents: Contents) -> dict[str, Any]:
    """Return what has been met in several sandboxes with the same contract."""
    found = [from_json(content) for content in contents]
    items = {item: sum(one.items.get(item, 0) for one in found) for item in found[0].items}
    outcomes = {name for one in found for name in one.outcomes}
    return as_json(
        Coverage(
            min(one.since for one in found),
            sum(one.requests for one in found),
            items,
            {name: sum(one.outcomes.get(name, 0) for one in found) for name in sorted(outcomes)},
            sum(one.dropped for one in found),
        )
    )


MERGED: Mapping[str, Callable[[Contents, Mapping[str, Any]], dict[str, Any]]] = {
    "listRequests": lambda contents, values: (
        archives(contents, values["limit"])
        if values["format"] == "har"
        else requests(contents, values["limit"])
    ),
    "findRequests": lambda contents, values: requests(contents, values.get("limit", SHOWN)),
    "countRequests": lambda contents, values: counts(contents, values.get("limit")),
    "forgetRequests": lambda contents, _: removals(contents),
    "getCoverage": lambda contents, _: coverages(contents),
    "listWorlds": lambda contents, _: worlds(contents),
    "forgetCoverage": lambda contents, _: removals(contents),
}
"""What every sandbox is asked for, by operation."""

SHOWN = 100
"""How many requests are shown if nobody says how many."""
