"""Exchanges to exchanges of fiction: request lines, headers, forms and JSON, wherever data of people can be."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from qlara_contract.forms import FormPart, MultipartForm, boundary_of, read_form
from qlara_contract.secret_names import is_secret_name
from qlara_proxy.fictional import octets
from qlara_proxy.fictional.cards import CardFiles
from qlara_proxy.fictional.numbers import FictionalNumbers
from qlara_proxy.fictional.secrets_of_traffic import REMOVED, Secrets
from qlara_proxy.fictional.texts import Texts
from qlara_proxy.fictional.vocabulary import (
    ENUMERATED,
    FIELDS,
    FILE_NAME,
    IDS,
    PEOPLE,
    STEPS,
    TIMES,
    is_field_name,
    is_form_word,
    is_known_message,
    is_message_word,
    is_report_word,
    plain_header,
    words_of_name,
)
from qlara_proxy.fictional.words import Words
from qlara_proxy.sandbox import USUAL_REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qlara_proxy.keeping import KeptExchange, KeptRequest, KeptResponse
    from qlara_proxy.traffic import RawHeaders

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_SHORTEST_DIGITS = 6
_LONG_DIGITS = re.compile(r"\d{6,}")
_SHORT_NUMBER = 1_000_000
# What ids are written with; a capital and small letters alone are rather a name.
_LIKE_AN_ID = re.compile(r"[A-Za-z0-9_.~:+-]*")
_LIKE_A_NAME = re.compile(r"[A-Z][a-z]+(?:[._-][A-Z][a-z]+)*")
_MARKED_DIGITS = re.compile(r"(?<![A-Za-z0-9])\+?\d{1,5}(?:[.-]\d{2,5}){1,5}(?![A-Za-z0-9])")
_SHORTEST_PART = 4
_LONGEST_WORD_IN_ID = 16
_LONGEST_ID = 64
_PARAMETER = re.compile(r'([^\s;="]+)=("(?:[^"\\]|\\.)*"|[^;\r\n]*)')
_PARAMETERS = frozenset({"name", "filename", "size", "creation-date", "modification-date"})
_PART_HEADER_NAME = re.compile(r"(?:Content|X)-[A-Za-z-]{1,40}", re.IGNORECASE)
_PLAIN_PART_HEADER = re.compile(
    r"Content-(?:Transfer-Encoding:\s*(?:7bit|8bit|binary|base64|quoted-printable)|Length:\s*\d{1,12})\s*",
    re.IGNORECASE,
)
_KEPT_ENDING = re.compile(r"\.(?:vcf|vcard|csv|txt|zip|json|xml|pdf|xlsx?)\Z", re.IGNORECASE)
_MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.IGNORECASE)
_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9_-]{1,20})\"?", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
_PHRASES = frozenset(
    {each.phrase for each in HTTPStatus} | {each.phrase.upper() for each in HTTPStatus}
)
_CARD_BEGIN = re.compile(rb"BEGIN[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_CARD_END = re.compile(rb"END[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_KEY_IN_QUERY = "YOUR_API_KEY"


class Fiction:
    """What the traffic of one recording becomes.

    First every exchange is learned, so that nothing becomes what somebody else has; then each can be replaced.
    With ``keep_data`` only secrets are masked. *secret* decides what becomes what; without one it is chance.
    """

    def __init__(
        self, secret: bytes | None = None, *, region: str = USUAL_REGION, keep_data: bool = False
    ) -> None:
        self.keep_data = keep_data
        self.secrets = Secrets()
        self.words = Words(secret or secrets.token_bytes(32))
        self.numbers = FictionalNumbers(self.words, region)
        self.texts = Texts(self.words, self.numbers)
        self.cards = CardFiles(self.words, self.numbers, self.texts)

    def learn(self, exchanges: Iterable[KeptExchange]) -> None:
        """Learn secrets, people and numbers of all exchanges."""
        self.words.is_learning = True
        for exchange in exchanges:
            self.secrets.learn(exchange)
            if not self.keep_data:
                self._replaced(exchange)
        self.words.is_learning = False

    def exchange(self, exchange: KeptExchange) -> KeptExchange:
        """Return an exchange without secrets and, unless they are kept, without data of people."""
        if not self.keep_data:
            exchange = self._replaced(exchange)
        return self._masked(exchange)

    def identifier(self, text: str) -> str:
        """Return an id: as it is, unless a name or a number of somebody is a part of it."""
        if self.keep_data:
            return self.secrets.masked(text)
        return self.secrets.masked(self._id(text))

    def text(self, text: str) -> str:
        """Return what stands for a name, an address or another text of somebody."""
        return self.secrets.masked(text if self.keep_data else self.texts.text(text))

    def file_name(self, text: str) -> str:
        """Return what stands for the name of a file, whose ending stays: it says what is in it."""
        return self.secrets.masked(text if self.keep_data else self._file_name(text))

    def number(self, text: str) -> str:
        """Return what stands for a telephone number."""
        return text if self.keep_data else "".join(self.numbers.typed(text))

    def file(self, data: bytes) -> bytes:
        """Return what stands for an uploaded file."""
        return self.secrets.masked_octets(data if self.keep_data else self.cards.file(data))

    def scrubbed(self, text: str) -> str:
        """Return a text of ours, such as a report, without words and numbers of people.

        What it says otherwise stays.
        """
        text = self.secrets.masked(text)
        if self.keep_data:
            return text
        return self.texts.scrubbed(text, self._is_nobodys)

    def _is_nobodys(self, word: str) -> bool:
        if is_message_word(word):
            return True
        is_of_notes = word in self.words.mentioned and not is_report_word(word)
        return word not in self.words.people and not is_of_notes

    def _masked(self, exchange: KeptExchange) -> KeptExchange:
        known = self.secrets
        request = replace(
            exchange.request,
            target=known.masked(_without_secret_parameters(exchange.request.target)),
            headers=known.headers(exchange.request.headers),
            body=known.masked_octets(exchange.request.body),
        )
        response = exchange.response and replace(
            exchange.response,
            reason=known.masked(exchange.response.reason),
            headers=known.headers(exchange.response.headers),
            body=known.masked_octets(exchange.response.body),
        )
        failure = known.masked(exchange.failure)
        return replace(exchange, request=request, response=response, failure=failure)

    def _replaced(self, exchange: KeptExchange) -> KeptExchange:
        request, response = exchange.request, exchange.response
        failure = self._message(exchange.failure)
        return replace(
            exchange,
            request=replace(
                self._message_with_body(request),
                method=request.method
                if request.method.isalpha() and len(request.method) < 10
                else "?",
                target=self.target(request.target),
            ),
            response=response
            and replace(self._message_with_body(response), reason=self._phrase(response.reason)),
            failure=failure,
        )

    def _phrase(self, reason: str) -> str:
        return reason if reason in _PHRASES else self._message(reason)

    def _message_with_body(self, message: Any) -> Any:
        headers, body = self._body(message)
        return replace(message, headers=self._headers(headers, len(body)), body=body)

    def target(self, target: str) -> str:
        """Return a request target in which ids, and the steps and parameters of the contract stay."""
        path, mark, query = target.partition("?")
        steps = [self._step(unquote(each)) if each else "" for each in path.split("/")]
        pairs = [self._pair(each) for each in query.split("&")] if mark else []
        return "/".join(steps) + mark + "&".join(pairs)

    def _step(self, step: str) -> str:
        return step if step in STEPS else quote(self._id(step), safe="")

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        name, value = unquote(name.replace("+", " ")), unquote(value.replace("+", " "))
        if is_secret_name(name):
            return f"{quote(name)}{equals}{value if self.words.is_learning else _KEY_IN_QUERY}"
        is_count = value.lstrip("+-").isdecimal() and len(value) < 7
        is_plain = is_count or value in ENUMERATED
        new = value if is_plain else self.texts.text(value, of_a_person=False)
        return f"{quote(self._field_name(name))}{equals}{quote(new)}"

    def _field_name(self, name: str) -> str:
        """Return the name of a field, which stays unless it is data of somebody."""
        is_somebodys = name not in FIELDS and words_of_name(name) & self.words.people
        return name if is_field_name(name) and not is_somebodys else self.texts.text(name)

    def _id(self, text: str) -> str:
        if not _LIKE_AN_ID.fullmatch(text) or _LIKE_A_NAME.fullmatch(text):
            return self.texts.text(text, of_a_person=False)
        if self._has_somebody(text):
            return self.texts.text(text, self._is_part_of_id, of_a_person=False)
        return text

    def _is_part_of_id(self, word: str) -> bool:
        """Return whether a word of an id, or a number in it, is nobody's."""
        if word.isdecimal():
            return len(word) < _SHORTEST_DIGITS
        return is_message_word(word) or not self._has_somebody(word)

    def _has_somebody(self, text: str) -> bool:
        people, numbers = self.words.people, self.numbers
        for digits in (*_LONG_DIGITS.findall(text), *_apart_from_marks(text)):
            if any(numbers.judge(each) for each in (f"+{digits}", digits)):
                return True
        for run in _LETTERS.findall(text.lower()):
            for start in range(len(run) - _SHORTEST_PART + 1):
                for end in range(
                    start + _SHORTEST_PART, min(len(run), start + _LONGEST_WORD_IN_ID) + 1
                ):
                    part = run[start:end]
                    if part in people and not is_message_word(part):
                        return True
        return False

    def _message(self, text: str) -> str:
        """Return an error message, in which words of the contract stay."""
        if not text or is_known_message(text):
            return text
        return self.texts.text(text, is_message_word)

    def _headers(self, headers: RawHeaders, length: int) -> RawHeaders:
        return tuple(
            (
                name if _HEADER_NAME.fullmatch(name) else "X-Removed",
                self._header(name.lower(), value, length),
            )
            for name, value in headers
        )

    def _header(self, name: str, value: str, length: int) -> str:
        value = value.strip()
        if name == "x-api-key":
            return value  # masked later
        if name == "content-length":
            return str(length)
        if name == "content-type":
            return self._content_type(value)
        if name in {"x-request-id", "request-id", "x-correlation-id"}:
            return value if value == self._id(value) and len(value) <= _LONGEST_ID else REMOVED
        return plain_header(name, value) or REMOVED

    def _content_type(self, value: str) -> str:
        media = _MEDIA.match(value)
        if media is None:
            return REMOVED if value else ""
        boundary, charset = boundary_of(value), _CHARSET.search(value)
        out = media[0]
        if boundary:
            out += f"; boundary={self._boundary(boundary)}"
        return f"{out}; charset={charset[1]}" if charset else out

    def _boundary(self, boundary: str) -> str:
        return self.texts.text(boundary, of_a_person=False)

    def _body(self, message: KeptRequest | KeptResponse) -> tuple[RawHeaders, bytes]:
        media, body = message.media_type, message.body
        kind = media.partition(";")[0].strip().lower()
        if not body:
            return message.headers, b""
        if boundary := boundary_of(media):
            return message.headers, self._form(media, boundary, body)
        if kind.endswith("json"):
            return message.headers, self._json(body)
        if kind == "application/x-www-form-urlencoded":
            pairs = body.decode("utf-8", "replace").split("&")
            return message.headers, "&".join(map(self._pair, pairs)).encode()
        if b"BEGIN:VCARD" in body.upper() or "vcard" in kind or "directory" in kind:
            return message.headers, self.cards.file(body)
        if _looks_like_json(body):
            return message.headers, self._json(body)
        return message.headers, self._plain(body)

    def _plain(self, body: bytes, keeps: Callable[[str], bool] = is_message_word) -> bytes:
        def replace(text: str) -> list[str]:
            return self.texts.characters(text, keeps, of_a_person=False)

        return octets.joined(octets.replaced(body, replace))

    def _form(self, media: str, boundary: str, body: bytes) -> bytes:
        form = read_form(media, body)
        if form is None:
            return self._broken_form(body)
        parts = tuple(self._part(each) for each in form.parts)
        return MultipartForm(self._boundary(boundary), parts).encode()

    def _broken_form(self, body: bytes) -> bytes:
        """Return a form that cannot be taken apart: a vCard file somewhere in it, and text around it."""
        begin, end = _CARD_BEGIN.search(body), [*_CARD_END.finditer(body)]
        if begin is None:
            return self._plain(body, is_form_word)
        stop = end[-1].end() if end else len(body)
        card = self.cards.file(body[begin.start() : stop])
        before, after = body[: begin.start()], body[stop:]
        return self._plain(before, is_form_word) + card + self._plain(after, is_form_word)

    def _part(self, part: FormPart) -> FormPart:
        head = part.head.decode("utf-8", "replace")
        name, value = part.name, part.content
        if name == "file" or b"filename" in part.head.lower():
            content = self.cards.file(value)
        else:
            content = self._form_value(name, value.decode("utf-8", "surrogateescape")).encode(
                "utf-8", "surrogateescape"
            )
        return FormPart("\r\n".join(map(self._part_header, head.split("\r\n"))).encode(), content)

    def _form_value(self, name: str, value: str) -> str:
        if name in IDS:
            return self._id(value)
        if value in ENUMERATED or is_secret_name(name):
            return value
        if name == FILE_NAME:
            return self._file_name(value)
        return self.texts.text(value, of_a_person=name in FIELDS)

    def _part_header(self, line: str) -> str:
        name, colon, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return name + colon + _PARAMETER.sub(self._parameter, value)
        if name.strip().lower() == "content-type":
            return f"{name}: {self._content_type(value.strip())}"
        if _PLAIN_PART_HEADER.fullmatch(line):
            return line
        return f"{name if _PART_HEADER_NAME.fullmatch(name.strip()) else 'X-Removed'}: {REMOVED}"

    def _parameter(self, found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        quotes = '"' if value.startswith('"') else ""
        value = value.strip('"')
        kind = name.lower().partition("*")[0]
        if kind == "name":
            new = self._field_name(value)
        elif name.endswith("*"):
            charset, mark, text = value.rpartition("'")
            new = charset + mark + quote(self._file_name(unquote(text)), safe="")
        elif kind == "filename":
            new = self._file_name(value)
        else:
            new = self.texts.text(value, lambda word: word.isdecimal() and len(word) < 7)
        return f"{name if kind in _PARAMETERS else self._field_name(name)}={quotes}{new}{quotes}"

    def _file_name(self, name: str) -> str:
        ending = _KEPT_ENDING.search(name)
        stem = name[: ending.start()] if ending else name
        return self.texts.text(stem) + (ending[0] if ending else "")

    def _json(self, body: bytes) -> bytes:
        try:
            value = json.loads(body, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            return self._plain(body)
        spaced = b": " in body[:2000]
        indent = 2 if body.lstrip()[1:2] == b"\n" else None
        separators = (",", ": ") if indent else (", ", ": ") if spaced else (",", ":")
        written = _written(self._value(value, ""), separators, indent)
        return written.encode("utf-8", "surrogatepass")

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, _Pairs):
            return _Pairs((self._field_name(key), self._value(each, key)) for key, each in value)
        if isinstance(value, list):
            return [self._value(each, name) for each in value]
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._amount(value, name)
        return value

    def _string(self, text: str, name: str) -> str:
        if name in IDS:  # of a refusal, what is wrong with the id
            return self._message(text) if " " in text else self._id(text)
        if name == FILE_NAME:
            return self._file_name(text)
        if name in PEOPLE or name == "tags":
            if name in {"phoneNumber", "phone"}:
                return "".join(self.numbers.typed(text))
            return self.texts.text(text)
        if text in ENUMERATED or (name in TIMES and _MOMENT.fullmatch(text)):
            return text
        if name in FIELDS:
            return self._message(text)
        return text if _MOMENT.fullmatch(text) else self.texts.text(text)

    def _amount(self, value: int | float, name: str) -> int | float:  # noqa: PYI041 - told apart
        is_count = name in FIELDS and name not in PEOPLE
        if is_count or not isfinite(value) or abs(value) < _SHORT_NUMBER:
            return value
        number = int("".join(self.texts.characters(f"+{abs(int(value))}")))
        return type(value)(-number if value < 0 else number)


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in their order, also if a name stands twice."""


def _written(value: Any, separators: tuple[str, str], indent: int | None) -> str:
    """Return JSON as it was spaced; objects are `_Pairs`."""
    if not _has_twice(value):
        plain = _plain_value(value)
        return json.dumps(plain, ensure_ascii=False, separators=separators, indent=indent)
    if isinstance(value, _Pairs):
        members = (
            json.dumps(name, ensure_ascii=False) + separators[1] + _written(each, separators, None)
            for name, each in value
        )
        return "{" + separators[0].join(members) + "}"
    return "[" + separators[0].join(_written(each, separators, None) for each in value) + "]"


def _has_twice(value: Any) -> bool:
    if isinstance(value, _Pairs):
        return len({name for name, _ in value}) < len(value) or any(
            _has_twice(each) for _, each in value
        )
    return isinstance(value, list) and any(map(_has_twice, value))


def _plain_value(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {name: _plain_value(each) for name, each in value}
    return [_plain_value(each) for each in value] if isinstance(value, list) else value


def _apart_from_marks(text: str) -> Iterator[str]:
    """Yield the digits of what may be a telephone number that is written with marks in between."""
    for found in _MARKED_DIGITS.findall(text):
        yield re.sub(r"\D", "", found)


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")


def _without_secret_parameters(target: str) -> str:
    path, mark, query = target.partition("?")
    pairs = []
    for pair in query.split("&"):
        name, equals, _ = pair.partition("=")
        is_secret = equals and is_secret_name(unquote(name))
        pairs.append(f"{name}={_KEY_IN_QUERY}" if is_secret else pair)
    return path + mark + "&".join(pairs)
