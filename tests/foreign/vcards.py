"""Reads vCard 3.0 (RFC 2426) and 4.0 (RFC 6350) files, by hand."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LINE_END = re.compile(rb"\r\r\n|\r\n|\n|\r")
_AROUND = " \t\x00\ufeff\u200b\u200e\u200f\u2060\xa0\x1a"
_HEAD = re.compile(r'((?:[^":]|"[^"]*")*):(.*)', re.DOTALL)
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEVER = {"FAX", "PAGER", "MODEM", "TELEX", "BBS", "TEXTPHONE", "TTY", "TTYTDD", "TTY-TDD"}
_MOBILE = {"CELL", "MOBILE", "IPHONE"}


class NotVCards(ValueError):
    """The file is not a vCard file; ``expected`` is ``header`` or ``footer``."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


@dataclass(frozen=True)
class Line:
    """One unfolded line and the number of its first physical line, from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Property:
    """One property as written: ``value`` still has its escapes."""

    line: int
    name: str
    value: str
    group: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def types(self) -> set[str]:
        return {value.upper() for name, value in self.parameters if name.upper() == "TYPE"}

    @property
    def preference(self) -> int:
        """1 to 100, lower is preferred; 101 without any."""
        for name, value in self.parameters:
            if name.upper() == "PREF" and value.strip().isascii() and value.strip().isdigit():
                return min(100, int(value))
        return 1 if "PREF" in self.types else 101

    def parameter(self, name: str) -> str | None:
        return next((value for each, value in self.parameters if each.upper() == name), None)

    @property
    def text(self) -> str:
        return unescaped(self.value).strip(_AROUND)


@dataclass(frozen=True)
class Telephone:
    """One TEL of a card."""

    line: int
    text: str
    property: Property


@dataclass(frozen=True)
class Card:
    """One card: what it offers, and ``problem`` if it cannot be read."""

    line: int
    end_line: int = 0
    properties: tuple[Property, ...] = ()
    name: str = ""
    email: str = ""
    telephones: tuple[Telephone, ...] = field(default_factory=tuple)
    version: str = ""
    problem: str = ""

    def all(self, name: str) -> list[Property]:
        return [each for each in self.properties if each.name.upper() == name]


def unescaped(value: str) -> str:
    """Return *value* without its escapes (RFC 6350 section 3.4)."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def components(value: str) -> list[str]:
    """Return the parts of a structured value such as N."""
    return [unescaped(each).strip() for each in re.split(r"(?<!\\);", value)]


def to_utf8(content: bytes, *, utf16: bool = True) -> bytes:
    """Return *content* in UTF-8, without a byte order mark."""
    for mark, charset in _MARKS:
        if content.startswith(mark) and (utf16 or charset == "utf-8"):
            return content[len(mark) :].decode(charset, "replace").encode()
    if utf16 and content[:2] == b"B\x00":
        return content.decode("utf-16-le", "replace").encode()
    if utf16 and content[:2] == b"\x00B":
        return content.decode("utf-16-be", "replace").encode()
    return content


def decoded(line: bytes, legacy: str = "cp1252") -> str:
    """Return a line as text: UTF-8, else *legacy* unless most of it is UTF-8."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        replaced = line.decode("utf-8", "replace")
        if not legacy or any(ord(each) > 127 and each != "\ufffd" for each in replaced):
            return replaced
        return line.decode(legacy, "replace")


def unfolded(content: bytes, legacy: str = "cp1252") -> list[Line]:
    """Return the lines of a file in UTF-8, continuation lines joined (RFC 6350 section 3.2)."""
    lines: list[tuple[int, list[bytes]]] = []
    for number, physical in enumerate(_LINE_END.split(content), start=1):
        if physical[:1] in (b" ", b"\t") and lines:
            lines[-1][1].append(physical[1:])
        else:
            lines.append((number, [physical]))
    return [Line(number, decoded(b"".join(pieces), legacy)) for number, pieces in lines]


def read_property(line: Line) -> Property | None:
    """Return the property on a line, or ``None`` if it is not one."""
    match = _HEAD.match(line.text)
    if not match:
        return None
    first, *rest = _SEMICOLON.split(match[1])
    group, _, name = first.strip(_AROUND).rpartition(".")
    return Property(line.number, name, match[2], group, tuple(_parameters(rest)))


def _parameters(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            name, value = "TYPE", text
        for each in _COMMA.split(value):
            for part in each.strip().strip('"').split(","):
                yield name.strip(), part.strip()


@dataclass
class _Open:
    line: int
    lines: list[Line] = field(default_factory=list)


def read_cards(lines: Iterable[Line]) -> list[Card]:
    """Return the cards of a file, without what :func:`describe` adds; raise ``NotVCards``."""
    cards: list[Card] = []
    current: _Open | None = None
    seen = False
    for line in _separated(lines):
        mark = line.text.strip(_AROUND).upper()
        if mark == "BEGIN:VCARD":
            if current:
                cards.append(_broken(current))
            current, seen = _Open(line.number), True
        elif not seen and mark:
            raise NotVCards("header")
        elif mark == "END:VCARD" and current:
            cards.append(_closed(current, line.number))
            current = None
        elif current and mark:
            current.lines.append(line)
    if not seen:
        raise NotVCards("header")
    if current:
        cards.append(replace(_broken(current), end_line=0))
    return cards


def _separated(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines, a BEGIN:VCARD that follows an END:VCARD on a line of its own."""
    for line in lines:
        head, begin, rest = line.text.upper().rpartition("BEGIN:VCARD")
        if begin and not rest.strip(_AROUND) and head.strip(_AROUND).endswith("END:VCARD"):
            yield from _separated([Line(line.number, head.strip(_AROUND))])
            yield Line(line.number, begin)
        else:
            yield line


def _closed(current: _Open, end: int) -> Card:
    found = tuple(filter(None, map(read_property, current.lines)))
    return Card(current.line, end, found)


def _broken(current: _Open) -> Card:
    card = _closed(current, current.line)
    return replace(card, problem="Missing END:VCARD footer")


def name_of(card: Card, sources: Iterable[str] = ("FN", "N", "ORG")) -> str:
    """Return the name on the card: that of the first source which has one."""
    for source in sources:
        for each in card.all(source):
            name = _NAMES[source](each)
            if name:
                return name
    return ""


def _from_n(each: Property) -> str:
    family, given, additional, prefix, suffix = (*components(each.value), "", "", "", "", "")[:5]
    return " ".join(filter(None, (prefix, given, additional, family, suffix)))


def _from_org(each: Property) -> str:
    return ", ".join(filter(None, components(each.value)))


_NAMES: dict[str, Callable[[Property], str]] = {
    "FN": lambda each: each.text,
    "N": _from_n,
    "ORG": _from_org,
}


def email_of(card: Card) -> str:
    """Return the e-mail address on the card: one with an @, the preferred one, the first one."""
    addresses = [(address_in(each.text), each) for each in card.all("EMAIL")]
    usable = [(address, each) for address, each in addresses if address]
    best = min(usable, key=lambda pair: ("@" not in pair[0], pair[1].preference), default=None)
    return best[0] if best else ""


def address_in(text: str) -> str:
    """Return the address in ``mailto:a@b``, ``Name <a@b>`` or ``a@b``."""
    text = re.sub(r"^mailto:", "", text, flags=re.IGNORECASE)
    in_brackets = re.search(r"<([^<>]+)>", text)
    return (in_brackets[1] if in_brackets else text).strip()


def telephones_of(card: Card, *, faxes: bool = False) -> list[Telephone]:
    """Return the telephones of a card, the best first: preferred, mobile, then by line."""
    labels = {
        each.group.upper(): re.sub(r"\W", "", each.value).upper()
        for each in card.all("X-ABLABEL")
        if each.group
    }
    found = []
    for each in card.all("TEL"):
        text = each.text or (each.parameter("WAID") or "")
        label = labels.get(each.group.upper(), "") if each.group else ""
        never = each.types & _NEVER or any(word in label for word in ("FAX", "PAGER"))
        if text and (faxes or not never):
            mobile = bool(each.types & _MOBILE) or "MOBILE" in label or "IPHONE" in label
            found.append((each.preference, not mobile, Telephone(each.line, text, each)))
    return [telephone for _, _, telephone in sorted(found, key=lambda found: found[:2])]
