"""One line of log for every request, without its key."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_sandbox.web.observers.journal import JournalEntry

log = logging.getLogger("qlara_sandbox.access")


def observe(entry: JournalEntry) -> None:
    """Log a request; status 0: nothing was sent."""
    if not log.isEnabledFor(logging.INFO):
        return
    # Never the API key, in no form: the request id leads to the journal, where it is masked.
    key = entry.key
    log.info(
        "%s %s",
        entry.method,
        entry.path,
        extra={
            "status": entry.status,
            "ms": round(entry.seconds * 1000, 2),
            "scenario": key.scenario if key else None,
            "session": key.session if key else None,
            "request": entry.request_id,
            "traceId": entry.trace_id,
        },
    )
