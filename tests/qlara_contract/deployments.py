"""Small deployments for tests: exchanges made by hand, and servers that are not this API."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from qlara_contract.client import Client
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.settings import RunSettings

SECRET = "a-very-secret-key-4711"  # noqa: S105 - of no deployment
_JSON = (("content-type", "application/json"),)


def answered(
    operation: str,
    body: object,
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = _JSON,
    query: tuple[tuple[str, str], ...] = (),
    fields: tuple[tuple[str, str], ...] = (("listId", "list_a"),),
) -> ApiExchange:
    """Return an exchange of *operation* whose response holds *body* as JSON."""
    request = ApiRequest("GET", contract().path_of(QUOTA))
    if operation == LIST:
        request = ApiRequest("GET", contract().path_of(LIST, listId="list_a"), query)
    if operation == UPLOAD:
        form = ImportForm(FormFile(card("Marco Rossi", "TEL:+33199000001").encode()), fields)
        request = ApiRequest("POST", contract().path_of(UPLOAD), form=form)
    return ApiExchange(
        "http://127.0.0.1:8080",
        request,
        ApiResponse(status, headers, json.dumps(body).encode()),
        operation,
        SECRET,
    )


def report(**changes: Any) -> dict[str, Any]:
    """Return a right report of an import of one card into ``list_a``, with *changes*."""
    summary = {"total": 1, "imported": 1, "duplicates": 0, "errors": 0, "skipped": 0}
    right = {
        "importId": "imp_0000000001",
        "listId": "list_a",
        "status": "COMPLETED",
        "summary": summary | changes.pop("summary", {}),
        "errors": [],
        "completedAt": "2026-04-09T11:00:15+02:00",
    }
    return right | changes


def page(**changes: Any) -> dict[str, Any]:
    """Return a right page of a list of one contact, with *changes*."""
    contact = {
        "contactId": "cnt_001",
        "name": "Marco Rossi",
        "phoneNumber": "+33199000001",
        "tags": [],
        "createdAt": "2026-04-09T11:00:10+02:00",
    }
    right = {
        "listId": "list_a",
        "contacts": [contact],
        "total": 1,
        "page": 1,
        "totalPages": 1,
        "hasMore": False,
    }
    return right | changes


class QuietServer(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up; what else fails, it tells as ever."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving_with(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve with *handler* on a free port; yield the base URL."""
    with QuietServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def asked(settings: RunSettings) -> ApiExchange:
    """Ask for the quota once."""
    client = Client(settings, watch=lambda _: None)
    try:
        return client.send(ApiRequest("GET", contract().path_of(QUOTA)))
    finally:
        client.close()


@contextmanager
def serving(response: Callable[[str, dict[str, list[str]]], tuple[int, Any]]) -> Iterator[str]:
    """Serve what *response* returns for a path and its query on a free port; yield the base URL.

    A body that is text is sent as HTML, anything else as JSON.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, body = response(parts.path, parse_qs(parts.query))
            text = body if isinstance(body, str) else json.dumps(body)
            content = text.encode()
            self.send_response(status)
            kind = "text/html" if isinstance(body, str) else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if "retryAfter" in body:
                self.send_header("Retry-After", str(body["retryAfter"]))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with serving_with(Handler) as url:
        yield url


def api_reference(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
    """Respond as the vendor's API reference says where it contradicts UC-020."""
    if path == contract().path_of(QUOTA):
        quota = {"planLimit": 50, "extraLimit": 0, "totalLimit": 50, "used": 25, "remaining": 25}
        return 200, quota
    if path != contract().path_of(LIST, listId="87"):
        return 404, {"status": 404, "error": "Not Found", "message": "No such list."}
    number, limit = (int(query.get(name, [default])[0]) for name, default in _DEFAULTS)
    contacts = [
        page()["contacts"][0] | {"contactId": f"cnt_{at:03d}", "phoneNumber": f"+33199000{at:03d}"}
        for at in range(25)
    ]
    shown = contacts[number * limit : (number + 1) * limit]
    return 200, {
        "listId": 87,
        "contacts": shown,
        "total": 25,
        "page": number,
        "totalPages": -(-25 // limit),
        "hasMore": (number + 1) * limit < 25,
    }


_DEFAULTS = (("page", "0"), ("limit", "10"))
