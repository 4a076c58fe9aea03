"""``docs/assumptions.md``: the table of assumptions, from every ``x-source`` of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "assumptions.md"
SPEC = ROOT / "openapi.yaml"
HEAD = """# Assumptions

<!-- Written by `make docs`, from every `x-source` of `openapi.yaml`. -->

Where the documentation is silent, the contract had to decide. Each decision stands in `openapi.yaml` beside what it
explains, in `/__docs` of a running sandbox, and here. A deployment that decides otherwise has broken no promise of
the documentation.

"""
_PREFIX = "assumption: "
_STEPS_OF_THE_FORMAT = {
    "paths",
    "components",
    "schemas",
    "properties",
    "parameters",
    "responses",
    "headers",
    "content",
    "application/json",
    "examples",
    "schema",
}


def assumptions(node: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield where each assumption of the contract stands, and its reason."""
    if isinstance(node, dict):
        source = node.get("x-source")
        named = {"": source} if isinstance(source, str) else source or {}
        for field, text in named.items():
            _, mark, reason = text.partition(_PREFIX)
            if mark:
                place = node["rule"] if "rule" in node else f"`{_place((*at, field))}`"
                yield place, reason.rstrip(")")
        for key, child in node.items():
            if key != "x-source":
                yield from assumptions(child, (*at, _name(key, child)))
    elif isinstance(node, list):
        for child in node:
            yield from assumptions(child, (*at, _name("", child)))


def table(document: dict[str, Any]) -> str:
    """Return the assumptions as a Markdown table; equal ones stand together."""
    places: dict[str, list[str]] = {}
    for place, reason in assumptions(document):
        places.setdefault(reason, []).append(place)
    rows = [f"| {', '.join(found)} | {reason} |" for reason, found in places.items()]
    return "\n".join(["| what | assumption |", "|---|---|", *rows]) + "\n"


def page() -> str:
    """Return the page as it should be."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    return f"{HEAD}{table(document)}"


def _name(key: Any, child: Any) -> str:
    if isinstance(child, dict):
        return str(child.get("operationId") or child.get("name") or key)
    return str(key)


def _place(at: tuple[str, ...]) -> str:
    kept = [step for step in at if step and step != "field" and step not in _STEPS_OF_THE_FORMAT]
    return " ".join(step for step in kept if not step.startswith("/"))
