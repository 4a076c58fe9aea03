"""Faults: promises of UC-020, or of a standard that it names, that a deployment may break."""

from __future__ import annotations

from tests.foreign.faults import (
    access,
    cards,
    counts,
    duplicates,
    emails,
    forms,
    lists,
    names,
    numbers,
    quota,
    responses,
    tags,
    times,
)

_MODULES = (
    cards,
    names,
    emails,
    numbers,
    tags,
    counts,
    times,
    lists,
    duplicates,
    quota,
    access,
    forms,
    responses,
)
FAULTS = {each.name: each for module in _MODULES for each in module.TABLE.switches}
