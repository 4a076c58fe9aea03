"""``docs/assumptions.md``: the table of assumptions, from every ``x-qlara-source`` of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qlara_sandbox.web.pages.provenance import assumptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.web.pages.provenance import Assumption

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "assumptions.md"
SPEC = ROOT / "openapi.yaml"
HEAD = """# Assumptions

<!-- Written by `make docs`, from every `x-qlara-source` of `openapi.yaml`. -->

Where the documentation is silent, the contract had to decide. Each decision stands in `openapi.yaml` beside what it
explains, in `/__docs` of a running sandbox, and here. A deployment that decides otherwise has broken no promise of
the documentation.

"""


def table(document: Mapping[str, Any]) -> str:
    """Return the assumptions as a Markdown table; those with the same reason stand together."""
    places: dict[str, list[str]] = {}
    for assumption in assumptions(document):
        places.setdefault(assumption.reason, []).append(_place(assumption))
    rows = [f"| {', '.join(found)} | {reason} |" for reason, found in places.items()]
    return "\n".join(["| what | assumption |", "|---|---|", *rows]) + "\n"


def page() -> str:
    """Return the page as it should be."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    return f"{HEAD}{table(document)}"


def _place(assumption: Assumption) -> str:
    last = assumption.where[-1]
    if " " in last:  # a rule is a sentence, and says by itself what it is about
        return last
    return f"`{' '.join(step for step in assumption.where if step != 'headers')}`"
