"""One request with its response, and how both are shown: as curl lines and as text, keys masked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from operator import ne
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from qlara_contract.curl import PLAIN, CurlRequest, CurlStyle, curl_lines
from qlara_contract.masking import PLACEHOLDER, mask
from qlara_contract.untrusted import LONGEST_BODY, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.forms import ImportForm

_SHOWN_BODY = 4000
_KEY_HEADER = "x-api-key"
_LARGEST_EXACT = 2**53
_MADE_UP = ("contract-check", "sandbox_contract-check")


@dataclass(frozen=True)
class ApiRequest:
    """A request before it is encoded; ``path`` begins with a slash and holds no query.

    ``body`` (sent as it is) or ``form``, or neither. ``is_chunked``: without ``Content-Length``
    (RFC 9112 section 7.1).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    form: ImportForm | None = None
    body: bytes | None = None
    is_chunked: bool = False

    @property
    def target(self) -> str:
        """Path and query, as on the request line."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


@dataclass(frozen=True)
class ApiResponse:
    """A response; header names are in lower case.

    ``is_cut``: ``body`` is only its beginning. ``is_incomplete``: the connection ended before it did.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_cut: bool = False
    is_incomplete: bool = False

    def header(self, name: str) -> str | None:
        """Return the first header of this name, or ``None``."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON; ``None`` where it is not."""
        try:
            return json.loads(self.body, parse_float=_number)
        except (ValueError, RecursionError):  # nested without end
            return None

    def value(self, name: str) -> Any:
        """Return a field of the body; ``None`` where the body has none, or is no object."""
        return self.json.get(name) if isinstance(self.json, dict) else None


@dataclass(frozen=True)
class ApiExchange:
    """A request and its response. ``operation`` is the operationId, or empty outside the contract.

    ``at`` is in seconds since the epoch, ``took`` in seconds; ``key`` is the API key sent.
    ``is_one_of_several``: sent at the same time as others.
    """

    base_url: str
    request: ApiRequest
    response: ApiResponse
    operation: str = ""
    key: str = field(default="", repr=False)
    at: float = 0.0
    took: float = 0.0
    is_one_of_several: bool = False

    def curl(self, style: CurlStyle = PLAIN) -> str:
        """Return the request as lines for a shell, the key masked."""
        request = CurlRequest(
            self.request.method,
            self.base_url + self.shown_target(style.placeholders),
            self.shown_headers(style.placeholders),
            self.request.form,
            self.request.body,
            self.request.is_chunked,
        )
        return curl_lines(request, style)

    def shown_response(self) -> str:
        """Return status line, media type and body of the response, for people."""
        response = self.response
        content = response.header("content-type") or "no Content-Type"
        parsed = response.json
        if parsed is not None:
            text = printable_json(parsed, indent=2)
        else:
            text = response.body[:_SHOWN_BODY].decode("utf-8", "replace")
        if len(text) > _SHOWN_BODY:
            text = text[:_SHOWN_BODY] + "\n… (shortened)"
        if response.is_cut:
            text += f"\n… (of more than {LONGEST_BODY} bytes, which were not read)"
        if response.is_incomplete:
            text += "\n… (the connection ended before the body did)"
        return visible(self.masked(f"{response.status} · {content}\n{text}".rstrip()))

    def masked(self, text: str) -> str:
        """Return *text* without the key of this exchange."""
        return text if _is_made_up(self.key) else mask(text, (self.key,))

    def shown_target(self, placeholders: Mapping[str, str] | None = None) -> str:
        """Return path and query with *placeholders* for secrets, and one for the key."""
        query = [(name, self._hidden(value, placeholders)) for name, value in self.request.query]
        path = self._hidden(self.request.path, placeholders)
        return path + ("?" + urlencode(query) if query else "")

    def shown_headers(self, placeholders: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
        """Return the headers of the request as they were sent, with *placeholders* for secrets."""
        headers = list(self.request.headers)
        if self.key and not any(name.lower() == _KEY_HEADER for name, _ in headers):
            headers.insert(0, ("X-Api-Key", self.key))
        return [(name, self._hidden(value, placeholders)) for name, value in headers]

    def _hidden(self, text: str, placeholders: Mapping[str, str] | None) -> str:
        known = placeholders or {}
        text = mask(text, known)
        if self.key and not _is_made_up(self.key) and self.key not in known.values():
            text = text.replace(self.key, _described(self.key, known))
        return text


def _number(text: str) -> int | float:
    """Return a JSON number: 4.0 is 4 (RFC 8259 section 6 tells no integers apart)."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _LARGEST_EXACT else value


def printable_json(value: object, indent: int | None = None) -> str:
    """Return *value* as JSON that any output can print: lone surrogates stay escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _is_made_up(key: str) -> bool:
    """Return whether the suite made the key up: it is no secret, and needed to repeat the request."""
    return key.startswith(_MADE_UP)


def _described(key: str, placeholders: Mapping[str, str]) -> str:
    """Return what stands for a key that is not one of the secrets, but may be made from one."""
    for secret, placeholder in placeholders.items():
        if len(secret) > 1 and key != PLACEHOLDER:
            if secret in key:
                return key.replace(secret, placeholder)
            if key == secret.swapcase():
                return f"{placeholder}_WITH_CAPITAL_AND_SMALL_LETTERS_SWAPPED"
            if key == secret[:-1]:
                return f"{placeholder}_WITHOUT_ITS_LAST_CHARACTER"
            if len(key) == len(secret) and sum(map(ne, key, secret)) == 1:
                return f"{placeholder}_WITH_ONE_OTHER_CHARACTER"
            if key == "".join(filter(str.isalnum, secret)):
                return f"{placeholder}_WITH_LETTERS_AND_DIGITS_ALONE"
    return PLACEHOLDER
