"""Deployments that are wrong on purpose: a sandbox behind named defects, to test tests with.

``qlara-sandbox serve --defect NAME`` starts one; ``python -m qlara_contract.defects``
prints the page that is kept in ``docs/defects.md``, and with ``prove`` shows that the suite finds
each of them.
"""

from __future__ import annotations

from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING

from qlara_contract.defects.catalogue import DEFECTS
from qlara_contract.defects.defect import Defect, Group
from qlara_contract.defects.deployment import WrongDeployment

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BY_NAME",
    "DEFECTS",
    "Defect",
    "Group",
    "UnknownDefect",
    "WrongDeployment",
    "as_markdown",
    "as_text",
    "chosen",
]

BY_NAME = {each.name: each for each in DEFECTS}


class UnknownDefect(ValueError):
    """There is no defect of this name; the message suggests similar ones."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, BY_NAME, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        super().__init__(
            f"Unknown defect {name!r}. {hint}`serve --defect list` prints all {len(BY_NAME)}."
        )


def chosen(names: Iterable[str]) -> tuple[Defect, ...]:
    """Return the defects with these names, each once; raise ``UnknownDefect``."""
    found = []
    for name in dict.fromkeys(names):
        if name not in BY_NAME:
            raise UnknownDefect(name)
        found.append(BY_NAME[name])
    return tuple(found)


def as_text() -> str:
    """Return the catalogue for a terminal: group by group, a defect with its sentence per line."""
    width = max(map(len, BY_NAME)) + 2
    lines = []
    for group, defects in groupby(_in_order(), key=lambda each: each.group):
        lines += ["", f"{group[0].upper()}{group[1:]}"]
        lines += [f"  {each.name:<{width}}{each.sentence}" for each in defects]
    return "\n".join([*lines[1:], "", f"{len(DEFECTS)} defects"])


def as_markdown() -> str:
    """Return ``docs/defects.md``: every defect, by what it is about."""
    lines = [
        "# Defects",
        "",
        "<!-- Written by `python -m qlara_contract.defects > docs/defects.md`. -->",
        "",
        f"{len(DEFECTS)} ways in which a deployment can be wrong. The sandbox takes each by its name:",
        "`qlara-sandbox serve --defect limit-ignored` starts one that ignores `limit` and is otherwise",
        "right; the option is repeatable. Use them to see whether your own tests would notice. They also",
        "show that the contract suite finds every one of them (`make mutants` proves it). The last column",
        "names [promises](promises.md) that the suite then reports broken.",
    ]
    for group, defects in groupby(_in_order(), key=lambda each: each.group):
        lines += [
            "",
            f"## {group[0].upper()}{group[1:]}",
            "",
            "| name | what is wrong | breaks |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{each.name}` | {each.sentence} | {', '.join(f'`{one}`' for one in each.breaks)} |"
            for each in defects
        ]
    return "\n".join(lines) + "\n"


def _in_order() -> list[Defect]:
    groups = list(Group)
    return sorted(DEFECTS, key=lambda each: groups.index(each.group))
