"""Takes people out of what is kept as evidence: names, numbers and addresses become their outlines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from qlara_contract.exchange import printable_json
from qlara_contract.secret_names import is_secret_name
from qlara_proxy.fictional.cards import is_plain_parameter, is_property
from qlara_proxy.fictional.vocabulary import (
    ENUMERATED,
    FIELDS,
    IDS,
    PEOPLE,
    STEPS,
    TIMES,
    is_field_name,
    is_known_message,
    is_message_word,
    is_report_word,
    plain_header,
)
from qlara_proxy.judging.exchanges import HIDDEN
from qlara_proxy.judging.limits import KEPT_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse

# Fields of responses that say what is wrong, in words.
_TELLING = frozenset({"reason", "code", "error", "message", "type", "title", "detail", "path"})
# Headers that are shown as they are: what they say is judged, or masked elsewhere.
_STATED = frozenset({"x-api-key", "content-type"})
_SHORTEST = 3
_SHORT_NUMBER = 1_000_000
_RUN = re.compile(r"[^\W_]+")
_LONG_DIGITS = re.compile(r"\d{7,}")
_ID = re.compile(r"[A-Za-z0-9_.~:-]{1,80}")
_NAME_IN_ID = re.compile(r"[A-Z][a-z]+")
_MOMENT = re.compile(r"[\d\s.:TZ+-]*")
_PLAIN_VALUE = re.compile(r"[A-Za-z]{1,20}|[+-]?\d{1,6}")
_PROPERTY = re.compile(
    r"((?:[\w-]{1,20}\.)?[A-Za-z][A-Za-z0-9-]{0,40})((?:;[^:\r\n]*)?)(:)(.*)", re.DOTALL
)
_USUAL_GROUP = re.compile(r"(?i)item\d{1,4}")
_KEPT_LINE = re.compile(r"(?i)[ \t]*(BEGIN|END|VERSION)[ \t]*:[ \t]*(VCARD|[\d.]{1,5})?[ \t]*")
_LINE_END = re.compile(r"(\r\n|\r|\n)")


def outline(text: str) -> str:
    """Return *text* with each letter an x and each digit a 9: ``Xxxxx Xxxxx`` for ``Marco Rossi``."""
    return "".join(map(_outlined, text))


def _outlined(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha() or ord(char) > 0x2FF:
        return "X" if char.isupper() else "x"
    return char


def worded(text: str) -> str:
    """Return *text* with the outlines of those words and numbers that error messages do not have."""
    if is_known_message(text) or text in ENUMERATED or text == HIDDEN:
        return text
    return _RUN.sub(
        lambda run: run[0] if is_message_word(run[0].lower()) else outline(run[0]), text
    )


def named(name: str) -> str:
    """Return the name of a field or parameter, which stays unless it looks like data of somebody."""
    return name if is_field_name(name) else outline(name)


def shown_path(path: str, *, is_known: bool) -> str:
    """Return the path of a request; *is_known*: an operation of the contract has it, of which one step is an id."""
    return "/".join(_step(each, is_known=is_known) for each in path.split("/"))


def _step(step: str, *, is_known: bool) -> str:
    text = unquote(step)
    if text in STEPS or (is_known and _identity(text) == text):
        return step
    return quote(outline(text) if is_known else worded(text), safe="()")


def _identity(text: str) -> str:
    """Return an id, which stays unless it looks like a name, a number or an address of somebody."""
    is_number = _LONG_DIGITS.fullmatch(re.sub(r"[.-]", "", text))
    is_plain = _ID.fullmatch(text) and not is_number and not _NAME_IN_ID.fullmatch(text)
    return text if is_plain or not text else outline(text)


class Disguise:
    """Disguises the exchanges and texts of evidence, unless *keeps_data*: then secrets alone."""

    def __init__(self, *, keeps_data: bool) -> None:
        self._keeps_data = keeps_data
        self._last: tuple[ApiExchange | None, frozenset[str]] = (None, frozenset())

    def value(self, text: str) -> str:
        """Return what stands for a name, a number or an address."""
        return text if self._keeps_data else outline(text)

    def name(self, name: str) -> str:
        """Return what stands for the name of a field or parameter."""
        return name if self._keeps_data else named(name)

    def path(self, path: str, *, is_known: bool) -> str:
        """Return what stands for the path of a request; *is_known*: the contract has it."""
        return path if self._keeps_data else shown_path(path, is_known=is_known)

    def exchange(self, exchange: ApiExchange) -> ApiExchange:
        """Return an exchange as it is kept: bodies shortened, and nobody in them."""
        return replace(
            exchange,
            request=self._request(exchange.request, is_known=bool(exchange.operation)),
            response=self._response(exchange.response),
        )

    def text(self, text: str, exchange: ApiExchange) -> str:
        """Return a text about an exchange without the people who are in it."""
        if self._keeps_data:
            return text
        if self._last[0] is not exchange:
            kept = frozenset(_runs(self.exchange(exchange)))
            self._last = exchange, frozenset(_runs(exchange)) - kept
        gone = self._last[1]
        for value, stands in sorted(
            _people(exchange.response.json), key=lambda each: -len(each[0])
        ):
            for form in (value, json.dumps(value)[1:-1]):
                text = text.replace(form, stands) if len(value) >= _SHORTEST else text
        return _RUN.sub(lambda run: outline(run[0]) if run[0] in gone else run[0], text)

    def _request(self, request: ApiRequest, *, is_known: bool) -> ApiRequest:
        form, body = request.form, request.body
        if form is not None:
            file = form.file
            if file is not None:
                file = replace(file, content=self._file(file.content[:KEPT_BODY]))
            form = replace(form, file=file, fields=tuple(map(self._field, form.fields)))
        if body is not None:
            body = self._body(body[:KEPT_BODY])
        return replace(
            request,
            path=self.path(request.path, is_known=is_known),
            query=tuple(map(self._field, request.query)),
            headers=self._headers(request.headers),
            form=form,
            body=body,
        )

    def _field(self, pair: tuple[str, str]) -> tuple[str, str]:
        name, value = pair[0], pair[1][:KEPT_BODY]
        if self._keeps_data or value == HIDDEN:
            return name, value
        if name in IDS:
            return name, _identity(value)
        is_plain = name == "duplicateStrategy" or name in {"limit", "page"} or value.isdecimal()
        return named(name), value if is_plain and _PLAIN_VALUE.fullmatch(value) else outline(value)

    def _headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if self._keeps_data or value == HIDDEN or name in _STATED:
            return value
        plain = plain_header(name, value)
        return plain if plain or name == "user-agent" else outline(value)

    def _body(self, content: bytes) -> bytes:
        """Return a body of which nothing is known but its bytes."""
        text = content.decode("utf-8", "replace")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, (dict, list)):
            return printable_json(self._json(value)).encode()
        if "=" in text and not text.lstrip().startswith("<") and not re.search(r"\s", text):
            pairs = parse_qsl(text, keep_blank_values=True)
            hidden = [(name, HIDDEN if is_secret_name(name) else value) for name, value in pairs]
            return urlencode([self._field(each) for each in hidden]).encode()
        return self._file(content)

    def _file(self, content: bytes) -> bytes:
        if self._keeps_data:
            return content
        if b"\0" in content:
            return b"(a file in UTF-16)"
        lines = _LINE_END.split(content.decode("utf-8", "replace"))
        return "".join(map(_line, lines)).encode()

    def _response(self, response: ApiResponse) -> ApiResponse:
        body, is_cut = response.body, response.is_cut
        if response.json is not None:
            shown = self._json(response.json)
            if not self._keeps_data or shown != response.json:  # else as it passed, byte for byte
                body = printable_json(shown).encode()
        elif not self._keeps_data:
            body = worded(body[:KEPT_BODY].decode("utf-8", "replace")).encode()
            is_cut = is_cut or len(response.body) > KEPT_BODY
        if len(body) > KEPT_BODY:
            body, is_cut = body[:KEPT_BODY], True
        headers = self._headers(response.headers)
        return replace(response, headers=headers, body=body, is_cut=is_cut)

    def _json(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # A refusal says by the name of a field what is wrong with it (UC-020: Common errors).
            return {
                self.name(key): self._json(one, "reason" if name == "data" else key)
                for key, one in value.items()
            }
        if isinstance(value, list):
            return [self._json(one, name) for one in value]
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._amount(value, name)
        return value

    def _string(self, text: str, name: str) -> str:
        if _is_secret(name, text):
            return HIDDEN
        if self._keeps_data or text in ENUMERATED:
            return text
        if name in IDS:
            return _identity(text)
        if name in TIMES and _MOMENT.fullmatch(text):
            return text
        return worded(text) if name in _TELLING or name == "status" else outline(text)

    def _amount(self, value: int | float, name: str) -> int | float:  # noqa: PYI041 - told apart
        is_count = name in FIELDS and name not in PEOPLE
        if self._keeps_data or is_count or abs(value) < _SHORT_NUMBER:
            return value
        return type(value)("9" * len(str(abs(int(value)))))


def _line(line: str) -> str:
    """Return a line of a file, of which the names and plain parameters of properties stay."""
    if _KEPT_LINE.fullmatch(line):
        return line
    found = _PROPERTY.fullmatch(line)
    if found is None:
        return outline(line)
    parameters = (
        each if is_plain_parameter(each) else outline(each) for each in found[2].split(";")
    )
    group, dot, name = found[1].rpartition(".")
    shown = name if is_property(name) else outline(name)
    kept_group = group if _USUAL_GROUP.fullmatch(group) else outline(group)
    return kept_group + dot + shown + ";".join(parameters) + found[3] + outline(found[4])


def _is_secret(name: str, text: str) -> bool:
    """Return whether a text is a secret, and not a message about one."""
    return bool(text) and is_secret_name(name) and not re.search(r"\s", text)


def _people(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is certain to be of somebody, or a secret, and what stands for it."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _people(value, key)
    elif isinstance(body, list):
        for value in body:
            yield from _people(value, name)
    elif isinstance(body, str) and _is_secret(name, body):
        yield body, HIDDEN
    elif isinstance(body, str) and (name in PEOPLE or name == "tags"):
        yield body, outline(body)


def _runs(exchange: ApiExchange) -> Iterator[str]:
    """Yield the words and numbers of an exchange that texts about it may quote; not those of our own texts."""
    request, response = exchange.request, exchange.response
    texts = [unquote(request.path)]
    texts += [each for pair in (*request.query, *request.headers) for each in pair]
    if request.form is not None:
        texts += [each for pair in request.form.fields for each in pair]
        if request.form.file is not None:
            texts.append(request.form.file.content[:KEPT_BODY].decode("utf-8", "replace"))
    if request.body is not None:
        texts.append(request.body[:KEPT_BODY].decode("utf-8", "replace"))
    if response.json is None:
        texts.append(response.body[:KEPT_BODY].decode("utf-8", "replace"))
    else:
        texts.append(printable_json(response.json))
    for run in (run for text in texts for run in _RUN.findall(text)):
        word = run.lower()
        if len(run) >= _SHORTEST and not is_message_word(word) and not is_report_word(word):
            yield run
