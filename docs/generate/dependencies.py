"""``docs/dependencies.md``: what is installed with this package, and under which licence."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dependencies.md"
PACKAGE = "qlara-sandbox"
EXTRAS = ("contract", "tls")
AGENTS = ("mcp",)
HEAD = """# Dependencies and their licences

<!-- Written by `make docs`, from the metadata of the installed packages. -->

What `pip install` brings beside this package, which is under the Apache License 2.0. `serve` needs the first
group; `verify`, `examples` and `shell` the second as well, `mcp` the third. The versions that we test are in `constraints.txt`.

"""
_LONGEST_NAME = 60


def licences() -> dict[str, dict[str, str]]:
    """Return the licence of each package by name: of what always comes, and of what the extras add."""
    base = _closure(PACKAGE, ())
    suite = _closure(PACKAGE, EXTRAS) - base
    agents = _closure(PACKAGE, AGENTS) - base
    return {
        "Always": {name: _licence(name) for name in sorted(base, key=str.lower)},
        "With the extras `contract` and `tls`": {
            name: _licence(name) for name in sorted(suite, key=str.lower)
        },
        "With the extra `mcp`": {name: _licence(name) for name in sorted(agents, key=str.lower)},
    }


def page() -> str:
    """Return the page as it should be."""
    sections = (
        f"## {title}\n\n| package | licence |\n|---|---|\n"
        + "".join(f"| {name} | {licence} |\n" for name, licence in rows.items())
        for title, rows in licences().items()
    )
    return HEAD + "\n".join(sections)


def _closure(package: str, extras: tuple[str, ...]) -> set[str]:
    """Return the names of all packages that *package* needs, directly or not, on this system."""
    found: set[str] = set()
    waiting = [(package, extras)]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for each in _needed(name, wanted):
            found.add(metadata(each.name)["Name"])
            waiting.append((each.name, tuple(sorted(each.extras))))
    return found


def _needed(name: str, extras: tuple[str, ...]) -> list[Requirement]:
    requirements = map(Requirement, distribution(name).requires or ())
    return [each for each in requirements if _applies(each, extras) and _installed(each.name)]


def _applies(requirement: Requirement, extras: tuple[str, ...]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _licence(name: str) -> str:
    """Return a package's licence: its expression, its name, or else its classifiers."""
    fields = metadata(name).json
    stated = str(fields.get("license_expression") or fields.get("license") or "")
    if stated and len(stated) <= _LONGEST_NAME and stated.upper() != "UNKNOWN":
        return " ".join(stated.split())
    classified = [
        each.rpartition(" :: ")[2]
        for each in fields.get("classifier", ())
        if each.startswith("License ::")
    ]
    return ", ".join(classified) or "not stated"
