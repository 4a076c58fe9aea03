"""A request and its response inside a wrong deployment, and how to derive others from them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from qlara_contract.contract import contract
from qlara_contract.forms import MultipartForm, read_form

KEY_HEADER = "x-api-key"
SESSION_HEADER = "x-sandbox-session"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ServedRequest:
    """One request; names of headers are in lower case, ``query`` is as it was sent."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes

    @property
    def operation(self) -> str:
        """The operationId, or empty outside the contract."""
        known = contract().operation_of(self.method, self.path)
        return known.operation_id if known else ""

    @property
    def key(self) -> str:
        """The API key; empty if there is none."""
        return self.header(KEY_HEADER)

    @property
    def account(self) -> tuple[str, str]:
        """Key and session, which identify an account of a sandbox."""
        return self.key, self.header(SESSION_HEADER)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters of the query, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def form(self) -> MultipartForm | None:
        """The multipart form that is sent; ``None`` if it is none, or cannot be read."""
        return read_form(self.header("content-type"), self.body)

    def header(self, name: str) -> str:
        """Return the first header of this name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    def parameter(self, name: str) -> str:
        """Return the first parameter of this name, or an empty text."""
        return next((value for key, value in self.parameters if key == name), "")

    def number(self, name: str) -> int | None:
        """Return the first parameter of this name if it is a plain number, or ``None``."""
        text = self.parameter(name)
        return int(text) if text.isascii() and text.isdigit() else None

    def with_header(self, name: str, value: str | None) -> ServedRequest:
        """Return the request with this header, or without it."""
        kept = tuple(each for each in self.headers if each[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_parameter(self, name: str, value: object) -> ServedRequest:
        """Return the request with this parameter, or without it if *value* is ``None``."""
        kept = [each for each in self.parameters if each[0] != name]
        kept += [] if value is None else [(name, str(value))]
        return replace(self, query=urlencode(kept))

    def with_form(self, form: MultipartForm) -> ServedRequest:
        """Return the request with this form for its body."""
        sent = replace(self, body=form.encode())
        return sent.with_header("content-type", form.content_type)

    def on_request(self, operation: str, **parameters: object) -> ServedRequest:
        """Return a GET of the same account: *operation*, with a ``listId`` and a query."""
        where = {"listId": str(parameters.pop("listId"))} if "listId" in parameters else {}
        kept = tuple(each for each in self.headers if not each[0].startswith("content-"))
        path = contract().path_of(operation, **where)
        return ServedRequest("GET", path, urlencode(parameters), kept, b"")

    def scope(self, scope: dict[str, Any]) -> dict[str, Any]:
        """Return the ASGI scope of this request, made from the one of the original."""
        headers = self.headers
        if self.body or self.header("content-length"):
            headers = self.with_header("content-length", str(len(self.body))).headers
        changed: dict[str, Any] = {
            "method": self.method,
            "query_string": self.query.encode("latin-1"),
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }
        if self.path != scope["path"]:
            changed |= {"path": self.path, "raw_path": quote(self.path).encode()}
        return {**scope, **changed}


@dataclass(frozen=True)
class ServedResponse:
    """One response; names of headers are in lower case. ``content-length`` is added when it is sent."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; ``None`` where it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> str:
        """Return the first header of this name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    def with_header(self, name: str, value: str | None) -> ServedResponse:
        """Return the response with this header, or without it."""
        kept = tuple(each for each in self.headers if each[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_body(self, body: bytes, media_type: str | None = None) -> ServedResponse:
        """Return the response with this body, and with another media type if one is given."""
        changed = replace(self, body=body).with_header("content-length", str(len(body)))
        return changed if media_type is None else changed.with_header("content-type", media_type)

    def with_json(self, body: object) -> ServedResponse:
        """Return the response with this body as JSON."""
        return self.with_body(json.dumps(body, ensure_ascii=False).encode())

    def with_status(self, status: int) -> ServedResponse:
        """Return the response with this status."""
        return replace(self, status=status)


def fail(status: int, field: str, message: str) -> ServedResponse:
    """Return a refusal in the documented shape."""
    empty = ServedResponse(status, (("content-type", "application/json"),), b"")
    return empty.with_json({"status": "fail", "data": {field: message}})
