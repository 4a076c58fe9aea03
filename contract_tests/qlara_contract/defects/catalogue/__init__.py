"""The catalogue: every defect, by what it is about."""

from __future__ import annotations

from qlara_contract.defects.catalogue import (
    access,
    cards,
    codes,
    dates_and_ids,
    duplicates,
    limits,
    lists,
    numbers,
    pages,
    parameters,
    quota,
    refusals,
    reports,
    responses,
    strategies,
)

DEFECTS = (
    *responses.DEFECTS,
    *codes.DEFECTS,
    *dates_and_ids.DEFECTS,
    *reports.DEFECTS,
    *strategies.DEFECTS,
    *duplicates.DEFECTS,
    *numbers.DEFECTS,
    *cards.DEFECTS,
    *lists.DEFECTS,
    *parameters.DEFECTS,
    *pages.DEFECTS,
    *quota.DEFECTS,
    *access.DEFECTS,
    *limits.DEFECTS,
    *refusals.DEFECTS,
)
