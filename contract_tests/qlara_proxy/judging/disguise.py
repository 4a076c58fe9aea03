"""Takes people out of what is kept as evidence: names, numbers and addresses become their outlines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qlara_contract.exchange import printable_json
from qlara_proxy.judging.limits import KEPT_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse

# Fields that say something of a request or a list, and nothing of a person.
_TELLING = frozenset(
    {
        *("importId", "listId", "contactId", "status", "completedAt", "createdAt", "reason"),
        *("code", "timestamp", "path", "error", "message", "type", "title"),
    }
)
_FIELDS = frozenset({"listId", "duplicateStrategy"})  # of a form
_LINE = re.compile(rb"^([^:\r\n]*:)([^\r\n]*)", re.MULTILINE)
_KEPT_LINE = re.compile(rb"(?i)(BEGIN|END|VERSION)\b")
_CONTINUED = re.compile(rb"^([ \t])([^\r\n]*)", re.MULTILINE)
_SHORTEST = 3


def outline(text: str) -> str:
    """Return *text* with each letter an x and each digit a 9: ``Xxxxx Xxxxx`` for ``Marco Rossi``."""
    return "".join(map(_outlined, text))


def _outlined(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha() or ord(char) > 0x2FF:
        return "X" if char.isupper() else "x"
    return char


class Disguise:
    """Disguises the exchanges and texts of evidence, unless *keeps_data*."""

    def __init__(self, *, keeps_data: bool) -> None:
        self._keeps_data = keeps_data

    def value(self, text: str) -> str:
        """Return what stands for a name, a number or an address."""
        return text if self._keeps_data else outline(text)

    def exchange(self, exchange: ApiExchange) -> ApiExchange:
        """Return an exchange as it is kept: bodies shortened, and nobody in them."""
        return replace(
            exchange,
            request=self._request(exchange.request),
            response=self._response(exchange.response),
        )

    def text(self, text: str, exchange: ApiExchange) -> str:
        """Return a text about an exchange without the people who are in its response."""
        if self._keeps_data:
            return text
        for value in sorted(set(_people(exchange.response.json)), key=len, reverse=True):
            if len(value) >= _SHORTEST:
                text = text.replace(value, outline(value))
                escaped = json.dumps(value)[1:-1]
                text = text.replace(escaped, outline(value))
        return text

    def _request(self, request: ApiRequest) -> ApiRequest:
        form, body = request.form, request.body
        if form is not None:
            file = form.file
            if file is not None:
                file = replace(file, content=self._file(file.content[:KEPT_BODY]))
            fields = tuple(
                (name, value if name in _FIELDS else self.value(value[:KEPT_BODY]))
                for name, value in form.fields
            )
            form = replace(form, file=file, fields=fields)
        if body is not None:
            body = body[:KEPT_BODY] if self._keeps_data else self._file(body[:KEPT_BODY])
        return replace(request, form=form, body=body)

    def _file(self, content: bytes) -> bytes:
        if self._keeps_data:
            return content
        if b"\0" in content:
            return b"(a file in UTF-16)"
        lines = _LINE.sub(
            lambda line: line[0] if _KEPT_LINE.match(line[0]) else line[1] + _bytes(line[2]),
            content,
        )
        return _CONTINUED.sub(lambda line: line[1] + _bytes(line[2]), lines)

    def _response(self, response: ApiResponse) -> ApiResponse:
        body, is_cut = response.body, response.is_cut
        if not self._keeps_data and response.json is not None:
            body = printable_json(self._json(response.json)).encode()
        if len(body) > KEPT_BODY:
            body, is_cut = body[:KEPT_BODY], True
        headers = tuple((name, value) for name, value in response.headers if name != "set-cookie")
        return replace(response, headers=headers, body=body, is_cut=is_cut)

    def _json(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # A refusal says by the name of a field what is wrong with it (UC-020: Common errors).
            return {
                key: self._json(one, "reason" if name == "data" else key)
                for key, one in value.items()
            }
        if isinstance(value, list):
            return [self._json(one, name) for one in value]
        return outline(value) if isinstance(value, str) and name not in _TELLING else value


_PERSONAL = frozenset({"name", "phoneNumber", "email", "tags", "address"})


def _people(body: Any, name: str = "") -> Iterator[str]:
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _people(value, key)
    elif isinstance(body, list):
        for value in body:
            yield from _people(value, name)
    elif isinstance(body, str) and name in _PERSONAL:
        yield body


def _bytes(text: bytes) -> bytes:
    return outline(text.decode("utf-8", "replace")).encode()
