"""API keys and other secrets of the traffic: found wherever they are sent, and masked wherever they stand."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from qlara_contract.masking import PLACEHOLDER, mask
from qlara_contract.secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_proxy.keeping import KeptExchange
    from qlara_proxy.traffic import RawHeaders

REMOVED = "[removed]"
_SHORTEST = 4  # a shorter text is a part of many words
_KEY_HEADER = "x-api-key"
_IN_FORM = re.compile(
    rb'name="?([A-Za-z0-9_.\[\]-]{2,40})"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{4,200})\r\n--',
    re.IGNORECASE,
)
_IN_JSON = re.compile(rb'"([A-Za-z0-9_.\[\]-]{2,40})"\s*:\s*"([^"\\\r\n]{4,500})"')
_IN_PAIRS = re.compile(rb"(?:^|&)([A-Za-z0-9_.%\[\]-]{2,60})=([^&\s]{4,500})")
_LIKE_A_KEY = re.compile(r"(?=[\w.-]*\d)[\w.-]{7,}\w")
_FIRST_ERROR = 400
_PAIR = re.compile(r"[^\s;,=]+=\"?([^\s;,\"]+)")


class Secrets:
    """The secrets of the traffic. ``accounts`` numbers the API keys in the order in which they came."""

    def __init__(self) -> None:
        self.accounts: dict[str, int] = {}
        self._others: set[str] = set()
        self._forms: list[tuple[bytes, bytes]] | None = None

    def learn(self, exchange: KeptExchange) -> None:
        """Remember every secret of an exchange."""
        if exchange.key:
            self.accounts.setdefault(exchange.key, len(self.accounts) + 1)
        found = set(self._of(exchange))
        found |= {
            part for each in found for part in re.split(r"\s+", each) if len(part) >= 2 * _SHORTEST
        }
        self._others |= {each for each in found if len(each) >= _SHORTEST} - {PLACEHOLDER}
        self._forms = None

    def placeholder(self, key: str) -> str:
        """Return what stands for an API key: the documentation's placeholder, numbered from the second on."""
        number = self.accounts.get(key, 1)
        return PLACEHOLDER if number == 1 else f"{PLACEHOLDER}_{number}"

    def masked(self, text: str) -> str:
        """Return a text without secrets."""
        return mask(text, self._placeholders())

    def masked_octets(self, octets: bytes) -> bytes:
        """Return octets without secrets, also where they are encoded."""
        if self._forms is None:
            self._forms = sorted(self._all_forms(), key=lambda each: -len(each[0]))
        for form, placeholder in self._forms:
            if form in octets:
                octets = octets.replace(form, placeholder)
        return octets

    def headers(self, headers: RawHeaders) -> RawHeaders:
        """Return headers without secrets."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name == _KEY_HEADER:
            return self.placeholder(value.strip())
        return REMOVED if is_secret_name(name) else self.masked(value)

    def _placeholders(self) -> dict[str, str]:
        own = {key: self.placeholder(key) for key in self.accounts if len(key) >= _SHORTEST}
        return dict.fromkeys(self._others, PLACEHOLDER) | {
            key: text for key, text in own.items() if key != PLACEHOLDER
        }

    def _all_forms(self) -> Iterator[tuple[bytes, bytes]]:
        for secret, placeholder in self._placeholders().items():
            raw = secret.encode("utf-8", "replace")
            stands = placeholder.encode()
            # Masked in each of the ways in which a text stands in a URL, JSON or HTML.
            for text in {secret, quote(secret, safe=""), quote(secret)}:
                yield text.encode("utf-8", "replace"), stands
            yield from ((secret.encode(each), placeholder.encode(each)) for each in _WIDE)
            if len(raw) >= 2 * _SHORTEST:
                for encoded in {b64encode(raw), urlsafe_b64encode(raw)}:
                    yield encoded.rstrip(b"="), stands

    def _of(self, exchange: KeptExchange) -> Iterator[str]:
        request, response = exchange.request, exchange.response
        for headers in (request.headers, response.headers if response else ()):
            for name, value in headers:
                if name.lower() == _KEY_HEADER:
                    if exchange.key != value.strip():
                        yield value.strip()
                elif is_secret_name(name):
                    yield value.strip()
                    yield from _PAIR.findall(value)
        with_query = (
            value
            for name, value in parse_qsl(urlsplit(request.target).query)
            if is_secret_name(name)
        )
        yield from with_query
        yield from _named_in(request.body)
        if response is not None:
            # An error names the field that it is about: its message is no secret, but may quote one.
            is_message = response.status >= _FIRST_ERROR
            for value in _named_in(response.body):
                quotes = is_message and " " in value
                yield from _LIKE_A_KEY.findall(value) if quotes else (value,)


def _named_in(body: bytes) -> Iterator[str]:
    """Yield the values of fields of a body that are called as secrets are."""
    some = body[:100_000]
    for name, value in (*_IN_FORM.findall(some), *_IN_JSON.findall(some)):
        if is_secret_name(name.decode("latin-1")):
            yield value.decode("utf-8", "replace")
    for name, value in _IN_PAIRS.findall(some):
        if is_secret_name(unquote_plus(name.decode("latin-1"))):
            yield from {value.decode("latin-1"), unquote_plus(value.decode("latin-1"))}


_WIDE = ("utf-16-le", "utf-16-be")
