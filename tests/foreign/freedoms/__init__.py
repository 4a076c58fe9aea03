"""Freedoms: what a deployment may decide otherwise without breaking a word of UC-020."""

from __future__ import annotations

from tests.foreign.freedoms import (
    cards,
    errors,
    importing,
    lists,
    network,
    numbers,
    paging,
    refusals,
    shown,
    timing,
)

_MODULES = (
    paging,
    timing,
    lists,
    importing,
    errors,
    cards,
    numbers,
    shown,
    refusals,
    network,
)
FREEDOMS = {each.name: each for module in _MODULES for each in module.TABLE.switches}
