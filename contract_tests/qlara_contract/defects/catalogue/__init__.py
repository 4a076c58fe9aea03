"""The catalogue: every defect, by what it is about."""

from __future__ import annotations

from qlara_contract.defects.catalogue import (
    access,
    cards,
    codes,
    dates_and_ids,
    duplicates,
    emails,
    folds,
    limits,
    lists,
    names,
    numbers,
    pages,
    parameters,
    properties,
    quota,
    refusals,
    reports,
    responses,
    spellings,
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
    *spellings.DEFECTS,
    *cards.DEFECTS,
    *folds.DEFECTS,
    *properties.DEFECTS,
    *names.DEFECTS,
    *emails.DEFECTS,
    *lists.DEFECTS,
    *parameters.DEFECTS,
    *pages.DEFECTS,
    *quota.DEFECTS,
    *access.DEFECTS,
    *limits.DEFECTS,
    *refusals.DEFECTS,
)
