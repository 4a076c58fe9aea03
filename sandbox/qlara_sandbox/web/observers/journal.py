"""The journal: the last requests and their responses, bounded by bytes, shown with keys masked."""

from __future__ import annotations

import re
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from qlara_sandbox.web.caller import masked
from qlara_sandbox.web.observers.trace_context import trace_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_sandbox.http.response import RawHeaders
    from qlara_sandbox.state.worlds import WorldKey

JOURNAL_BYTES = 32 * 1024 * 1024
KEPT_OF_A_BODY = 64 * 1024
# What an entry and one header cost beside their text: the objects around it, measured.
_ENTRY_BYTES = 1200
_HEADER_BYTES = 140
# Names of secrets, also where they do not belong but where people put them; an Idempotency-Key opens nothing.
_NAMED = (
    r"(?!idempotency)(?:.*(?:token|secret|password|passwd|signature|(?:api|access)[-_.]?key)"
    r"|(?:.*[-_.])?(?:key|pwd|sig|jwt))[\d\[\]]*"
)
_SECRET_HEADERS = re.compile(rf"{_NAMED}|(?:proxy-)?authorization|(?:set-)?cookie", re.IGNORECASE)
_SECRET_FIELDS = re.compile(_NAMED, re.IGNORECASE)


class RecordedBody(NamedTuple):
    """The body of a request as far as it is kept: its head, or the fields of its form.

    ``size`` counts what arrived, in bytes. A file of a form is kept as its name, size and head.
    """

    size: int
    head: bytes
    fields: Mapping[str, str] | None = None
    file_name: str | None = None
    file_bytes: int = 0

    def weight(self) -> int:
        """Return about how much memory it takes, in bytes."""
        fields = sum(map(len, (self.fields or {}).values()))
        return len(self.head) + fields + len(self.file_name or "") + 500


class JournalEntry(NamedTuple):
    """One request and its response, as they passed; made to be cheap, and shown only when asked for.

    ``at`` is in seconds since 1970, ``seconds`` how long the response took, ``status`` 0 where there
    was none.
    """

    request_id: str
    at: float
    seconds: float
    method: str
    path: str
    query: bytes
    headers: RawHeaders
    sent: RecordedBody | None
    operation: str | None
    key: WorldKey | None
    status: int
    response_headers: RawHeaders
    response: bytes
    response_bytes: int
    faults: tuple[str, ...]
    weight: int

    @property
    def api_key(self) -> str:
        """The key that the request gave, unmasked; empty where there was none."""
        for name, value in self.headers:
            if name == b"x-api-key":
                return value.decode("latin-1")
        return ""

    @property
    def trace_id(self) -> str | None:
        """The trace that the request says to belong to, if it says so validly."""
        return trace_id(self.headers)


class Criteria(NamedTuple):
    """Which entries are meant; what is None does not matter.

    ``status`` is one status (``409``) or a class of them (``4xx``); ``since`` the time in seconds
    since 1970, or the id of the request after which to begin.
    """

    since: float | str | None = None
    api_key: str | None = None
    session: str | None = None
    scenario: str | None = None
    operation: str | None = None
    status: str | None = None
    method: str | None = None
    path: str | None = None
    body_contains: str | None = None
    trace_id: str | None = None

    def match(self, entry: JournalEntry) -> bool:
        """Return whether *entry* is meant; ``since`` as an id is left to the journal."""
        key = entry.key
        wanted: tuple[tuple[str | None, str | None], ...] = (
            (self.session, key.session if key else None),
            (self.scenario, key.scenario if key else None),
            (self.operation, entry.operation),
            (self.method, entry.method),
            (self.path, entry.path),
        )
        return (
            all(want is None or want == have for want, have in wanted)
            and (self.api_key is None or self.api_key == entry.api_key)
            and (self.status is None or _is_status(self.status, entry.status))
            and (not isinstance(self.since, float) or entry.at >= self.since)
            and (self.trace_id is None or self.trace_id == entry.trace_id)
            and (self.body_contains is None or self.body_contains in _body_text(entry.sent))
        )


class Journal:
    """The newest entries, as many as fit into ``limit`` bytes; the oldest are dropped first."""

    def __init__(self, limit: int = JOURNAL_BYTES) -> None:
        self.limit = limit
        self.bytes = 0
        self.dropped = 0
        self._entries: deque[JournalEntry] = deque()

    def add(self, entry: JournalEntry) -> None:
        """Record an exchange."""
        self._entries.append(entry)
        self.bytes += entry.weight
        while self.bytes > self.limit:
            self.bytes -= self._entries.popleft().weight
            self.dropped += 1

    def clear(self) -> int:
        """Forget everything; return how many entries there were."""
        count = len(self._entries)
        self._entries.clear()
        self.bytes = 0
        return count

    def copy(self) -> Journal:
        """Return a journal with the entries of now, which a thread can look through."""
        copied = Journal(self.limit)
        copied.bytes, copied.dropped = self.bytes, self.dropped
        copied._entries = self._entries.copy()
        return copied

    def matching(self, criteria: Criteria) -> Iterator[JournalEntry]:
        """Yield the entries that *criteria* means, newest first."""
        for entry in reversed(self._entries):
            if isinstance(criteria.since, str) and entry.request_id == criteria.since:
                return
            if criteria.match(entry):
                yield entry

    def find(self, request_id: str) -> JournalEntry | None:
        """Return the entry of a request, if it is still there."""
        return next((one for one in self._entries if one.request_id == request_id), None)

    def __len__(self) -> int:
        return len(self._entries)


def weigh(
    headers: RawHeaders, head_bytes: int, response_headers: RawHeaders, response: bytes
) -> int:
    """Return about how much memory an entry takes, in bytes; the request's body not counted."""
    count = len(headers) + len(response_headers)
    return _ENTRY_BYTES + _HEADER_BYTES * count + 2 * head_bytes + len(response)


def show(entry: JournalEntry) -> dict[str, Any]:
    """Return an entry as JSON, with secrets masked."""
    key = entry.key
    return {
        "id": entry.request_id,
        "at": instant(entry.at),
        "milliseconds": round(entry.seconds * 1000, 3),
        "operation": entry.operation,
        "apiKey": masked(entry.api_key) if entry.api_key else None,
        "session": key.session if key else None,
        "scenario": key.scenario if key else None,
        "traceId": entry.trace_id,
        "faults": list(entry.faults),
        "request": {
            "method": entry.method,
            "path": entry.path,
            "query": masked_query(entry.query),
            "headers": shown_headers(entry.headers),
            **_shown_body(entry.sent),
        },
        "answer": None
        if not entry.status
        else {
            "status": entry.status,
            "headers": shown_headers(entry.response_headers),
            "body": _text(entry.response),
            "bodyBytes": entry.response_bytes,
        },
    }


def instant(seconds: float) -> str:
    """Return a moment, given in seconds since 1970, as RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown_headers(headers: RawHeaders) -> dict[str, str]:
    """Return headers by lower-case name, repeated ones joined, secrets masked."""
    shown: dict[str, str] = {}
    for name, value in shown_pairs(headers):
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def shown_pairs(headers: RawHeaders) -> Iterator[tuple[str, str]]:
    """Yield headers in order, secrets masked."""
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "x-api-key":
            value = masked(value)
        elif _SECRET_HEADERS.fullmatch(name):
            value = "…"
        yield name, value


def masked_query(query: bytes) -> str:
    """Return a query with what looks like a key in it masked."""
    text = query.decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True)
    if not any(_SECRET_FIELDS.fullmatch(name) for name, _ in pairs):
        return text
    return urlencode(
        [(name, "…" if _SECRET_FIELDS.fullmatch(name) else value) for name, value in pairs]
    )


def shown_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form, secrets masked."""
    return {
        name: "…" if _SECRET_FIELDS.fullmatch(name) else value for name, value in fields.items()
    }


def _shown_body(sent: RecordedBody | None) -> dict[str, Any]:
    if sent is None:
        return {"bodyBytes": 0}
    if sent.fields is None:
        return {"body": _text(sent.head), "bodyBytes": sent.size}
    form: dict[str, Any] = {"fields": shown_fields(sent.fields)}
    if sent.file_name is not None:
        head = _text(sent.head)
        form["file"] = {"name": sent.file_name, "bytes": sent.file_bytes, "head": head}
    return {"form": form, "bodyBytes": sent.size}


def _body_text(sent: RecordedBody | None) -> str:
    if sent is None:
        return ""
    fields = "\n".join(f"{name}={value}" for name, value in (sent.fields or {}).items())
    return f"{_text(sent.head)}\n{fields}\n{sent.file_name or ''}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_status(wanted: str, status: int) -> bool:
    return str(status) == wanted or (wanted.endswith("xx") and str(status // 100) == wanted[0])
