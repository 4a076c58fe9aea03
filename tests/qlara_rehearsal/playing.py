"""Rehearsals for tests: clients of ours, played in this process."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qlara_rehearsal.acts import SHIPPED, load_acts
from qlara_rehearsal.program import CommandClient
from qlara_rehearsal.rehearsal import RehearsalSettings, rehearse

if TYPE_CHECKING:
    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.rehearsal import Rehearsal

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).with_name("clients")
GOOD = (sys.executable, str(CLIENTS / "good.py"))


@cache
def shipped() -> tuple[Act, ...]:
    """Return the acts that ship with the sandbox."""
    return tuple(load_acts([SHIPPED]))


def acts(*names: str) -> tuple[Act, ...]:
    """Return shipped acts by their names."""
    return tuple(each for each in shipped() if each.name in names)


def played(
    command: tuple[str, ...],
    chosen: tuple[Act, ...],
    *,
    seed: int = 0,
    strategy: str = "",
    timeout: float = 60.0,
    jobs: int = 8,
    **variables: str,
) -> Rehearsal:
    """Rehearse *command* in the acts *chosen*, with further environment *variables*."""
    own = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = {**os.environ, **own, **variables}
    settings = RehearsalSettings(chosen, strategy, seed, jobs=jobs, command=command)
    return rehearse(settings, CommandClient(command, environment, timeout=timeout))


def found(rehearsal: Rehearsal) -> dict[str, list[str]]:
    """Return what is wrong, or why an act was not reached, by act; nothing of what was handled."""
    return {
        one.act.name: [each.what for each in one.findings] or [one.note]
        for one in rehearsal.results
        if one.verdict != "handled"
    }
