"""Faults in responses as such: media type, encoding, envelope, paths, failures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.messages import Refused, Request, Response, fail
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()


def _success(name: str, says: str, change: Callable[[Response], Any]) -> None:
    """Add a fault in every response of status 200; *change* changes it in place."""

    def on_response(response: Response, _: Context) -> Response:
        response = replace(response, headers=dict(response.headers))
        if response.status == 200 and response.body:
            change(response)
        return response

    TABLE.changes("responses", f"response-{name}", says, stages.RESPONSE, on_response)


def _of(operation: str, name: str, says: str, change: Callable[[Response], Any]) -> None:
    def on_response(response: Response, context: Context) -> Response:
        if response.status == 200 and context.operation == operation:
            change(response)
        return response

    TABLE.changes("responses", f"{operation}-{name}", says, stages.RESPONSE, on_response)


def _typed(media_type: str) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.headers["Content-Type"] = media_type

    return change


def _status(status: int) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.status = status

    return change


def _body(change: Callable[[Any], Any]) -> Callable[[Response], None]:
    def on_response(response: Response) -> None:
        response.body = change(response.body)

    return on_response


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {re.sub(r"([A-Z])", r"_\1", k).lower(): _snake(v) for k, v in value.items()}
    return [_snake(each) for each in value] if isinstance(value, list) else value


def _text(body: Any, encoding: str = "utf-8") -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(encoding, "replace")


_success("type-html", "The content type is text/html.", _typed("text/html"))
_success("type-text", "The content type is text/plain.", _typed("text/plain; charset=utf-8"))
_success("type-missing", "There is no content type.", _typed(""))
_success(
    "type-octets",
    "The content type is application/octet-stream.",
    _typed("application/octet-stream"),
)
_success(
    "mark", "JSON begins with a byte order mark.", _body(lambda body: b"\xef\xbb\xbf" + _text(body))
)
_success("latin-1", "JSON is in Latin-1.", _body(lambda body: _text(body, "latin-1")))
_success("utf-16", "JSON is in UTF-16.", _body(lambda body: _text(body, "utf-16")))
_success(
    "twice-encoded", "JSON is text within JSON.", _body(lambda body: json.dumps(json.dumps(body)))
)
_success("single-quotes", "JSON has single quotes.", _body(repr))
_success(
    "trailing-comma", "JSON has a comma too many.", _body(lambda body: _text(body)[:-1] + b",}")
)
_success(
    "text-after", "Text follows the JSON.", _body(lambda body: _text(body) + b"<!-- 12 ms -->")
)
_success(
    "warning-before",
    "A warning precedes the JSON.",
    _body(lambda body: b"Warning: Undefined index\n" + _text(body)),
)
_success(
    "envelope",
    "Bodies are in an envelope.",
    _body(lambda body: {"status": "success", "data": body}),
)
_success("list", "Bodies are in a list.", _body(lambda body: [body]))
_success("snake-case", "Fields are in snake case.", _body(_snake))
_success(
    "callback", "JSON is in a callback.", _body(lambda body: b"callback(" + _text(body) + b")")
)


def _cut(response: Response) -> None:
    response.cut = 10


_success("cut", "The last 10 bytes of a body are never sent.", _cut)
_of("list", "cut", "The last 10 bytes of a page are never sent.", _cut)
_of("upload", "cut", "The last 10 bytes of a report are never sent.", _cut)
_of("upload", "empty", "An import returns no body.", _body(lambda _: b""))
_of("upload", "204", "An import returns 204.", _status(204))
_of("upload", "redirects", "An import returns 302.", _status(302))
_of("upload", "500", "An import that succeeds returns 500.", _status(500))
_of("list", "206", "A list returns 206.", _status(206))
_of(
    "list",
    "bare-list",
    "A list is returned without its envelope.",
    _body(lambda body: body["contacts"]),
)
_of("list", "404", "A list returns 404.", _status(404))
_of("quota", "404", "The quota returns 404.", _status(404))


def _every(number: int, operation: str) -> Callable[[Response, Context], Response]:
    def change(response: Response, context: Context) -> Response:
        if context.operation != operation:
            return response
        count = context.memory["count", operation] = context.memory.get(("count", operation), 0) + 1
        return response if count % number else fail(500, "server", "Internal error")

    return change


TABLE.changes(
    "responses",
    "upload-500-after-every-10th",
    "Every tenth import is done and returns 500.",
    stages.RESPONSE,
    _every(10, "upload"),
)
TABLE.changes(
    "responses",
    "list-500-every-10th",
    "Every tenth reading returns 500.",
    stages.RESPONSE,
    _every(10, "list"),
)
TABLE.changes(
    "responses",
    "quota-500-every-3rd",
    "Every third quota returns 500.",
    stages.RESPONSE,
    _every(3, "quota"),
)


def _raw_path(request: Request, context: Context) -> Request:
    if context.operation == "list" and re.search(r"%(?:5F|2D|6C|6c)", request.path, re.IGNORECASE):
        return replace(request, target=request.target.replace("%", "%25"))
    return request


TABLE.changes(
    "responses",
    "path-not-decoded",
    "An id that is percent-encoded in the path is unknown.",
    stages.REQUEST,
    _raw_path,
)


def _strict_accept(request: Request, _: Context) -> Request:
    accept = request.header("accept")
    if accept is not None and "json" not in accept:
        return replace(request, method="ACCEPT")
    return request


TABLE.changes(
    "responses", "accept-any-refused", "Accept: */* is refused.", stages.REQUEST, _strict_accept
)


def _crash_on(name: str, says: str, wrong: Callable[[Context], object]) -> None:
    def change(rows: list[Any], context: Context) -> list[Any]:
        if wrong(context):
            raise Refused(fail(500, "server", "Internal error"))
        return rows

    TABLE.changes("responses", name, says, stages.ROWS, change)


_crash_on(
    "upload-500-for-update", "UPDATE returns 500.", lambda context: context.strategy == "UPDATE"
)
_crash_on(
    "upload-500-for-duplicate",
    "DUPLICATE returns 500.",
    lambda context: context.strategy == "DUPLICATE",
)
_crash_on(
    "upload-500-without-tags",
    "An import without tags returns 500.",
    lambda context: not context.fields.get("tags"),
)
_crash_on(
    "upload-500-for-new-list",
    "An import into a new list returns 500.",
    lambda context: "listName" in context.fields,
)
_crash_on(
    "upload-500-with-tags",
    "An import with more than two tags returns 500.",
    lambda context: context.fields.get("tags", "").count(",") > 1,
)


def _crash_on_rows(name: str, says: str, wrong: Callable[[list[Any]], object]) -> None:
    def change(rows: list[Any], _: Context) -> list[Any]:
        if wrong(rows):
            raise Refused(fail(500, "server", "Internal error"))
        return rows

    TABLE.changes("responses", name, says, stages.ROWS, change)


_crash_on_rows(
    "upload-500-for-501-cards",
    "An import of more than 500 cards returns 500.",
    lambda rows: len(rows) > 500,
)
_crash_on_rows(
    "upload-500-for-1001-cards",
    "An import of more than 1000 cards returns 500.",
    lambda rows: len(rows) > 1000,
)
_crash_on_rows(
    "upload-500-for-emoji",
    "A name beyond U+FFFF returns 500.",
    lambda rows: any(character > "\uffff" for row in rows for character in row.card.name),
)
_crash_on_rows(
    "upload-500-for-long-name",
    "A name of more than 255 characters returns 500.",
    lambda rows: any(len(row.card.name) > 255 for row in rows),
)
_crash_on_rows(
    "upload-500-for-apostrophe",
    "A name with an apostrophe returns 500.",
    lambda rows: any("'" in row.card.name for row in rows),
)
_crash_on_rows(
    "upload-500-without-email",
    "A card without EMAIL returns 500.",
    lambda rows: any(not row.card.email for row in rows),
)
_crash_on_rows(
    "upload-500-for-error",
    "A card with an error returns 500.",
    lambda rows: any(row.outcome == "error" for row in rows),
)
_crash_on_rows(
    "upload-500-for-one-card", "A file of one card returns 500.", lambda rows: len(rows) == 1
)


def _writing_get(response: Response, context: Context) -> Response:
    """Add a contact to the account with each reading of the quota."""
    if context.operation == "quota" and context.account and context.account.contacts:
        context.account.contacts.append(context.account.contacts[0])
    return response


def _reading_removes(response: Response, context: Context) -> Response:
    if context.operation == "list" and context.list and len(context.list.members) > 1:
        context.list.members.pop()
    return response


TABLE.changes(
    "responses",
    "quota-reading-counts",
    "Reading the quota moves it.",
    stages.RESPONSE,
    _writing_get,
)
TABLE.changes(
    "responses",
    "list-reading-removes",
    "Reading a list removes a contact.",
    stages.RESPONSE,
    _reading_removes,
)
