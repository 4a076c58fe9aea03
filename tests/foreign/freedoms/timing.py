"""Freedoms in when an import is complete and seen."""

from __future__ import annotations

from tests.foreign.switch import Table

TABLE = Table()


for name, seconds in (("300ms", 0.3), ("1s", 1.0), ("2s", 2.0)):
    says = f"Contacts are visible in their list {name} after the import."
    TABLE.sets("timing", f"visible-after-{name}", says, timing__visible_after=seconds)
    says = f"The quota moves {name} after the import."
    TABLE.sets("timing", f"quota-after-{name}", says, timing__quota_after=seconds)
TABLE.sets(
    "timing",
    "new-list-after-300ms",
    "A new list is unknown until it is indexed.",
    timing__visible_after=0.3,
    lists__until_indexed="missing",
)
TABLE.sets("timing", "slow", "Every response takes 60 ms.", timing__response_after=0.06)
TABLE.sets(
    "timing",
    "asynchronous",
    "An import returns 202 and PROCESSING; contacts follow.",
    importing__status=202,
    importing__state="PROCESSING",
    timing__visible_after=0.5,
)
TABLE.sets(
    "timing",
    "asynchronous-zeros",
    "The same, and its counts are not known yet.",
    importing__status=202,
    importing__state="PROCESSING",
    importing__counts_at_once=False,
    timing__visible_after=0.5,
)
TABLE.sets(
    "timing",
    "accepted-at-once",
    "An import returns 202 although it is complete.",
    importing__status=202,
)
TABLE.sets("timing", "created-201", "An import returns 201.", importing__status=201)
