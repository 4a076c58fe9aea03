"""One line of log for every request, without its key, and with the reason of a refusal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from qlara_sandbox.web.observers.journal import JournalEntry

log = logging.getLogger("qlara_sandbox.access")
_LONGEST_REASON = 500
_FIRST_REFUSAL = 400  # client errors and server errors, RFC 9110 section 15.5 and 15.6


def observe(entry: JournalEntry) -> None:
    """Log a request; status 0: nothing was sent."""
    if log.isEnabledFor(logging.INFO):
        log.info("%s %s", entry.method, entry.path, extra=fields(entry))


def fields(entry: JournalEntry) -> dict[str, Any]:
    """Return what a line of log says of a request beside its method and path.

    Never the API key, in no form: the request id leads to the journal, where it is masked.
    """
    key = entry.key
    return {
        "status": entry.status,
        "ms": round(entry.seconds * 1000, 2),
        "scenario": key.scenario if key else None,
        "session": key.session if key else None,
        "request": entry.request_id,
        "traceId": entry.trace_id,
        "reason": reason(entry.response) if entry.status >= _FIRST_REFUSAL else None,
    }


def reason(body: bytes) -> str | None:
    """Return what the body of a refusal says in words: its fields and messages; None: nothing that is known."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:  # what a scenario orders, or a body that is kept in part
        return None
    if not isinstance(content, dict):
        return None
    text = _of_fields(content.get("data")) or content.get("message")
    if not isinstance(text, str) or not text:
        return None
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"


def _of_fields(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    return "; ".join(f"{field}: {text}" for field, text in data.items() if isinstance(text, str))
