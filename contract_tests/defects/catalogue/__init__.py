"""The catalogue: every defect, by what it is about."""

from __future__ import annotations

from contract_tests.defects.catalogue import (
    access,
    answers,
    cards,
    duplicates,
    lists,
    numbers,
    pages,
    quota,
    refusals,
    reports,
)

DEFECTS = (
    *answers.DEFECTS,
    *reports.DEFECTS,
    *duplicates.DEFECTS,
    *numbers.DEFECTS,
    *cards.DEFECTS,
    *lists.DEFECTS,
    *pages.DEFECTS,
    *quota.DEFECTS,
    *access.DEFECTS,
    *refusals.DEFECTS,
)
