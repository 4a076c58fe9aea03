"""What stands before the colon of a vCard line: the property's name and its parameters.

``[group.]NAME[;PARAM=VALUE[,VALUE]]:`` (RFC 2426 4, RFC 6350 3.3), with the bare parameters of vCard
2.1 (``TEL;CELL;PREF:``) and RFC 6868's ``^n ^' ^^``. Of the properties only those are told apart
that a contact is made of, or that frame a card.
"""

from __future__ import annotations

import re
from enum import Enum, IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.charset import decode
from qlara_sandbox.domain.encoding import FOLD
from qlara_sandbox.domain.invisible import without_stray_start
from qlara_sandbox.domain.phone_types import ASCII_STEMS, PhoneUse, phone_use

if TYPE_CHECKING:
    from collections.abc import Iterable, Set as AbstractSet


class PropertyKind(IntEnum):
    """The properties that matter. Those below ``BEGIN`` are what a contact is made of.

    ``ABOUT`` are the ones that say something about the card or another property: its version, its
    kind, and Apple's labels (not vCard's ``LABEL``, which belongs to an address).
    """

    FN = 0
    N = 1
    ORG = 2
    TEL = 3
    EMAIL = 4
    ADR = 5
    ABOUT = 6
    BEGIN = 7
    END = 8
    AGENT = 9
    LOOSE_FRAME = 10  # a line with BEGIN:VCARD or END:VCARD somewhere in it
    OTHER = 11


class About(Enum):
    """What a property of kind ``ABOUT`` says."""

    VERSION = "VERSION"
    KIND = "KIND"
    LABEL = "LABEL"


class Property(NamedTuple):
    """The part of a line before its colon.

    ``rank`` orders the values of one kind, lowest first: preferred ones (``PREF=1`` … ``PREF=100``,
    then ``TYPE=pref``), and among equals mobile numbers. It is ``UNANSWERED`` or above for a number that
    no person answers (fax, pager, modem, text telephone). ``group`` is in capitals, ``encoding`` one of
    ``QUOTED_PRINTABLE``, ``BASE64`` or empty. ``whatsapp`` are the digits of WhatsApp's ``waid``.
    """

    kind: int
    rank: int
    uri: bool = False
    charset: str = ""
    encoding: str = ""
    group: str = ""
    whatsapp: str = ""
    about: About | None = None


UNANSWERED = 1_000
"""The rank from which on numbers are those of machines."""

QUOTED_PRINTABLE, BASE64 = "QUOTED-PRINTABLE", "BASE64"

_KINDS = {
    kind.name.encode(): int(kind)
    for kind in PropertyKind
    if kind not in {PropertyKind.ABOUT, PropertyKind.LOOSE_FRAME, PropertyKind.OTHER}
}
_ABOUT = {
    "VERSION": About.VERSION,
    "KIND": About.KIND,
    "X-ADDRESSBOOKSERVER-KIND": About.KIND,
    "X-ABLABEL": About.LABEL,
}
_KINDS |= {name.encode(): int(PropertyKind.ABOUT) for name in _ABOUT}
_TEL, _ABOUT_KIND = int(PropertyKind.TEL), int(PropertyKind.ABOUT)
_OTHER, _FIRST_THAT_IS_READ_WHOLE = int(PropertyKind.OTHER), int(PropertyKind.BEGIN)
_FRAMES = {int(PropertyKind.BEGIN), int(PropertyKind.END)}
_ENCODINGS = {QUOTED_PRINTABLE: QUOTED_PRINTABLE, BASE64: BASE64, "B": BASE64}
_PREFERENCES = {str(number): number for number in range(1, 101)}
_PREF, _NO_PREF = 101, 102  # after PREF=1 … PREF=100

_PLAIN_RANK = 2 * _NO_PREF + 1

# A line whose parameters say nothing that matters is told by two passes in C: over the letters of its
# parameters, without what stands between them. A file may have new parameters in every line.
_PLAIN = {
    name: Property(kind, _PLAIN_RANK) for name, kind in _KINDS.items() if kind < PropertyKind.ABOUT
}
_PLAIN_WITH_ABOUT = _PLAIN | {
    name.encode(): Property(int(PropertyKind.ABOUT), _PLAIN_RANK, about=about)
    for name, about in _ABOUT.items()
}
_BARE = {
    name: Property(kind, _PLAIN_RANK) for name, kind in _KINDS.items() if kind != PropertyKind.ABOUT
} | _PLAIN_WITH_ABOUT
_CAPITALS = bytes(range(256)).upper()
_NO_LETTERS = bytes(octet for octet in range(128) if not chr(octet).isalpha())
_MAY_MATTER = re.compile(
    "|".join(
        sorted(
            {
                "PREF",
                "VALUE",
                "CHARSET",
                "ENCODING",
                "WAID",
                "QUOTEDPRINTABLE",
                "BASE",
                *ASCII_STEMS,
            }
        )
    ).encode()
)

_QUOTE, _EQUALS = b'"='  # octets, which are found in a fraction of the time

_NO_WORDS: AbstractSet[str] = frozenset()
_ANY_USE = PhoneUse(answered=True, mobile=False, preferred=False)
_LONGEST_TYPES = 1_000
_WAID = re.compile(r"[0-9]{5,15}")

_BEFORE_COLON = re.compile(rb'[^":]*+(?:"[^"]*+"[^":]*+)*+(?=:)')

_HIDDEN = "\0"  # stands for a character that separates nothing; no line holds it

OTHER = Property(int(PropertyKind.OTHER), 0)
LOOSE_FRAME = Property(int(PropertyKind.LOOSE_FRAME), 0)


def read_line(line: bytes) -> tuple[Property, bytes, bool]:
    """Return the property of a logical line, its raw value, and whether every line that has the same
    octets before its first colon has the same property.

    A line without a colon has no value. Linear in the line, whatever it holds.
    """
    head, _, value = line.partition(b":")
    bare = head.replace(FOLD, b"")
    if bare.isalnum():  # neither group nor parameters
        known = _BARE.get(bare.upper())
        return (OTHER, b"", True) if known is None else (known, value, True)
    name, _, parameters = head.partition(b";")
    group, dot, bare = name.rpartition(b".")
    plain = _PLAIN.get(bare)
    if (
        plain is not None
        and (not dot or group.isalnum())
        and _QUOTE not in parameters
        and parameters.isascii()
        and not _MAY_MATTER.search(parameters.translate(_CAPITALS, _NO_LETTERS))
    ):
        if dot:
            return Property(plain.kind, _PLAIN_RANK, group=group.upper().decode()), value, True
        return plain, value, True
    if _EQUALS in parameters and (waid := _ONE_WAID.fullmatch(head)):
        prop = _without_waid(waid[1] + waid[3])
        if prop is not None:
            return Property(*prop[:6], waid[2].decode()), value, False
    kind = plain[0] if plain is not None else _kind(head)
    if kind == _OTHER:
        return OTHER, b"", True
    stands_alone = head.count(b'"') % 2 == 0
    if not stands_alone:  # the colon may be part of a quoted parameter
        head, value = _split_outside_quotes(line, head, value)
    by_reader = stands_alone or len(head) > _LONGEST_KNOWN
    prop = (_read_head if by_reader else _quoted_head)(kind, decode(head.replace(FOLD, b"")))
    return prop, value, stands_alone and not prop.whatsapp  # that is another one for everybody


class HeadMemory:
    """Reads lines as `read_line` does, and remembers what it has read of ``most`` heads.

    People's programs write the same few dozen heads into every file. What is read of a line does not depend on
    what is remembered.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._known: dict[bytes, Property] = {}

    def read_line(self, line: bytes) -> tuple[Property, bytes, bool]:
        """Return what `read_line` returns."""
        head, _, value = line.partition(b":")
        prop = self._known.get(head)
        if prop is not None:
            return prop, b"" if prop is OTHER else value, True
        prop, value, stands_alone = read_line(line)
        if stands_alone and len(head) <= _LONGEST_KNOWN:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[head] = prop
        return prop, value, stands_alone

    def __len__(self) -> int:
        return len(self._known)


def read_plainly(line: bytes) -> tuple[Property, bytes, bool]:
    """Return the same, but without the group and the parameters of a property of a contact.

    This takes a fraction of the time.
    """
    head, _, value = line.partition(b":")
    name = head.partition(b";")[0].rpartition(b".")[2].strip().upper()
    prop = _PLAIN_WITH_ABOUT.get(name)
    if prop is None:
        if name.isalnum() and name not in _KINDS:
            return OTHER, b"", True
        kind = _kind(head)
        if kind >= _FIRST_THAT_IS_READ_WHOLE:
            return (OTHER, b"", True) if kind == _OTHER else read_line(line)
        prop = Property(kind, _PLAIN_RANK)
    if _QUOTE not in head:
        return prop, value, True
    if head.count(b'"') % 2:  # the colon may be part of a quoted parameter
        _, value = _split_outside_quotes(line, head, value)
    return prop, value, False


# WhatsApp puts the number into the head, which is another one in every card; what else is in it is not.
_ONE_WAID = re.compile(
    rb"(TEL[;=,A-Z0-9-]*);WAID=([0-9]{5,15})((?:;[;=,A-Z0-9-]*)?)", re.IGNORECASE
)


@lru_cache(maxsize=1024)
def _without_waid(head: bytes) -> Property | None:
    """Return the property of a head but for its WhatsApp number; None if it has another one."""
    return None if b"WAID" in head.upper() else read_line(head + b":")[0]


def read_any_line(line: bytes) -> tuple[str, Property, bytes]:
    """Return the head of a line of any property, unfolded, its property and its raw value."""
    head, _, value = line.partition(b":")
    if head.count(b'"') % 2:
        head, value = _split_outside_quotes(line, head, value)
    text = decode(head.replace(FOLD, b""))
    return text, _read_head(_kind(head), text), value


def _kind(head: bytes) -> int:
    name, _, parameters = head.partition(b";")
    group, _, bare = name.rpartition(b".")
    if not bare.isalnum():
        group, _, bare = name.replace(FOLD, b"").rpartition(b".")
        bare = bare.strip()
    bare = bare.upper()
    if bare.endswith((b"BEGIN", b"END")) and not bare.isalnum():
        bare = without_stray_start(bare)
    kind = _KINDS.get(bare, _OTHER)
    if kind in _FRAMES and (group or parameters):  # RFC 6350 6.1.1: neither group nor parameters
        return _OTHER
    return kind


def _split_outside_quotes(line: bytes, head: bytes, value: bytes) -> tuple[bytes, bytes]:
    before = _BEFORE_COLON.match(line)
    if before is None:
        return head, value  # a stray quote
    at = before.end()
    return line[:at], line[at + 1 :]


def _read_head(kind: int, head: str) -> Property:
    full_name, parameters = name_and_parameters(head)
    group, _, name = full_name.rpartition(".")
    about = _ABOUT.get(name.strip().upper()) if kind == _ABOUT_KIND else None
    if not parameters:
        return Property(kind, _PLAIN_RANK, group=group.strip().upper(), about=about)
    words, use, uri, charset, encoding, whatsapp = _NO_WORDS, _ANY_USE, False, "", "", ""
    if "TYPE" in parameters:
        types = parameters["TYPE"]
        words = {word.strip().upper() for value in types for word in value.split(",")}
        if kind == _TEL:
            use = phone_use(" ".join(types)[:_LONGEST_TYPES])
    preferred = "PREF" in words or use.preferred
    preference = _PREF if preferred else _NO_PREF
    if "PREF" in parameters:
        preference = _preference(parameters["PREF"], preference)
    if "VALUE" in parameters:
        uri = any(value.strip().upper() == "URI" for value in parameters["VALUE"])
    if "CHARSET" in parameters:
        charset = parameters["CHARSET"][0].strip()[:40]
    if "ENCODING" in parameters or words:
        encoding = _encoding(parameters.get("ENCODING", ()), words)
    if "WAID" in parameters:
        whatsapp = next((text for text in parameters["WAID"] if _WAID.fullmatch(text)), "")
    rank = (0 if use.answered else UNANSWERED) + 2 * preference + (not use.mobile)
    fields = (kind, rank, uri, charset, encoding, group.strip().upper(), whatsapp, about)
    return tuple.__new__(Property, fields)  # in half of the time


# The reader remembers heads by what stands before the first colon, and so none with a quoted one.
_quoted_head = lru_cache(maxsize=1024)(_read_head)
_LONGEST_KNOWN = 200


def _encoding(named: Iterable[str], types: AbstractSet[str]) -> str:
    """Return the encoding of a value. Those of 2.1 need not be named as such (``FN;BASE64:…``)."""
    for name in named:
        if encoding := _ENCODINGS.get(name.strip().upper()):
            return encoding
    if QUOTED_PRINTABLE in types:
        return QUOTED_PRINTABLE
    return BASE64 if BASE64 in types else ""


def _preference(given: Iterable[str], otherwise: int) -> int:
    ranks = [_PREFERENCES[text.strip()] for text in given if text.strip() in _PREFERENCES]
    return min(ranks, default=otherwise)


def name_and_parameters(head: str) -> tuple[str, dict[str, list[str]]]:
    """Return name and parameters; a bare word is a ``TYPE``, as vCard 2.1 writes it."""
    found: dict[str, list[str]] = {}
    is_plain = '"' not in head and "^" not in head
    name_of_all, *rest = head.split(";") if is_plain else _split(head, ";")
    for parameter in rest:
        name, equals, values = parameter.partition("=")
        if not equals:
            name, values = "TYPE", name
        several = values.split(",") if is_plain else map(_unquoted, _split(values, ","))
        found.setdefault(name.strip().upper(), []).extend(several)
    return name_of_all, found


def _split(text: str, separator: str) -> list[str]:
    """Split *text* at every *separator* outside double quotes."""
    if '"' not in text:
        return text.split(separator)
    parts = text.split('"')
    parts[1::2] = [part.replace(separator, _HIDDEN) for part in parts[1::2]]
    return [piece.replace(_HIDDEN, separator) for piece in '"'.join(parts).split(separator)]


def _unquoted(value: str) -> str:
    if '"' in value:
        value = value.replace('"', "")
    if "^" not in value:
        return value
    # RFC 6868 3.2; "^^" comes first and is not read again
    return value.replace("^^", _HIDDEN).replace("^n", "\n").replace("^'", '"').replace(_HIDDEN, "^")
