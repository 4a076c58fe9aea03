"""The journal as an HTTP archive, HAR 1.2: what browsers' developer tools and HAR viewers open.

Not written by harfile: its writer makes text and cannot leave out a ``browser`` without a name and four
timings that nobody measured, and its classes alone would save no line.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from qlara_sandbox.web.observers.journal import instant, masked_query, shown_fields, shown_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_sandbox.http.response import RawHeaders
    from qlara_sandbox.web.observers.journal import JournalEntry, RecordedBody

    Array = Callable[[Sequence[JournalEntry], Callable[[JournalEntry], Any]], Any]

_UNKNOWN = -1


def _at_once(
    source: Sequence[JournalEntry], show: Callable[[JournalEntry], Any]
) -> list[dict[str, Any]]:
    return [show(entry) for entry in source]


def archive(
    entries: Sequence[JournalEntry], version: str, array: Array = _at_once
) -> dict[str, Any]:
    """Return *entries* (newest first, as the journal gives them) as an archive, oldest first.

    *array* makes an array of them, given what shows one.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "qlara-sandbox", "version": version},
            "entries": array(entries[::-1], _entry),
        }
    }


def _entry(entry: JournalEntry) -> dict[str, Any]:
    milliseconds = round(entry.seconds * 1000, 3)
    return {
        "startedDateTime": instant(entry.at),
        "time": milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": entry.request_id,
    }


def _request(entry: JournalEntry) -> dict[str, Any]:
    query = masked_query(entry.query)
    headers = dict(shown_pairs(entry.headers))
    request: dict[str, Any] = {
        "method": entry.method,
        "url": f"http://{headers.get('host', 'sandbox')}{entry.path}{'?' if query else ''}{query}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(entry.headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(query, keep_blank_values=True)
        ],
        "headersSize": _UNKNOWN,
        "bodySize": entry.sent.size if entry.sent else 0,
    }
    if entry.sent is not None:
        request["postData"] = _post_data(entry.sent, headers.get("content-type", ""))
    return request


def _post_data(sent: RecordedBody, media_type: str) -> dict[str, Any]:
    text = sent.head.decode("utf-8", "replace")
    if sent.fields is None:
        return {"mimeType": media_type, "params": [], "text": text}
    params: list[dict[str, str]] = [
        {"name": name, "value": value} for name, value in shown_fields(sent.fields).items()
    ]
    if sent.file_name is not None:
        comment = f"The head of a file of {sent.file_bytes} bytes."
        file = {"name": "file", "value": text, "fileName": sent.file_name, "comment": comment}
        params.insert(0, file)
    return {"mimeType": media_type, "params": params, "text": ""}


def _response(entry: JournalEntry) -> dict[str, Any]:
    headers = dict(shown_pairs(entry.response_headers))
    known = entry.status in HTTPStatus.__members__.values()
    return {
        "status": entry.status,
        "statusText": HTTPStatus(entry.status).phrase if known else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(entry.response_headers),
        "content": {
            "size": entry.response_bytes,
            "mimeType": headers.get("content-type", "x-unknown"),
            "text": entry.response.decode("utf-8", "replace"),
        },
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": entry.response_bytes,
    }


def _headers(headers: RawHeaders) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in shown_pairs(headers)]
