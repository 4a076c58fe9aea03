"""vCard files to files of fiction that read the same: as many cards, the same errors in the same lines.

Nothing is taken apart and written anew. Names of properties, their standard parameters and the frames of cards
stay; everything else is replaced where it stands, known or not, in a card or between cards.
"""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache
from itertools import pairwise
from operator import methodcaller
from typing import TYPE_CHECKING

from qlara_proxy.fictional import octets
from qlara_proxy.sandbox import (
    decode,
    decode_strictly,
    encoded_parts,
    name_and_parameters,
    phone_of_value,
    phone_use,
    read_any_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_proxy.fictional.numbers import FictionalNumbers
    from qlara_proxy.fictional.texts import Texts
    from qlara_proxy.fictional.words import Words

_FRAME = re.compile(rb"(?:BEGIN|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
# Lines that stay, and that every card has.
_FRAMES = frozenset(
    [b"BEGIN:VCARD", b"END:VCARD", *(b"VERSION:" + each for each in (b"2.1", b"3.0", b"4.0"))]
)
_PLAIN_HEAD = re.compile(rb"[A-Za-z0-9.;=,_/-]+:")
# What needs a look at each octet: a frame in the line, escapes to other charsets, NUL.
_NOT_PLAIN = re.compile(rb"VCARD|[\0\x1b]", re.IGNORECASE)
_LINE_END = re.compile(rb"\r{2,9}\n|\r\n|\r|\n")
# A line with those that go on from it; an empty one only if one does.
_FOLDS = rb"(?:(?:\r{2,9}\n|\r\n|\r|\n)[ \t][^\r\n]*+)"
_LOGICAL_LINE = re.compile(rb"[^\r\n]++" + _FOLDS + rb"*+|" + _FOLDS + rb"++")
_EQUALS = 0x3D
_span = methodcaller("span")
_FIRST_LINE_END = re.compile(rb"[\r\n]")
_SMALL_NUMBER = re.compile(r"\d{0,3}")
_NAMES = frozenset(
    [
        "ADR",
        "AGENT",
        "ANNIVERSARY",
        "BDAY",
        "BIRTHPLACE",
        "CALADRURI",
        "CALURI",
        "CAPURI",
        "CATEGORIES",
        "CLASS",
        "CLIENTPIDMAP",
        "CONTACT-URI",
        "CREATED",
        "DEATHDATE",
        "DEATHPLACE",
        "EMAIL",
        "EXPERTISE",
        "FBURL",
        "FN",
        "GENDER",
        "GEO",
        "GRAMGENDER",
        "HOBBY",
        "IMPP",
        "INTEREST",
        "JSPROP",
        "KEY",
        "KIND",
        "LABEL",
        "LANG",
        "LANGUAGE",
        "LOGO",
        "MAILER",
        "MEMBER",
        "N",
        "NAME",
        "NICKNAME",
        "NOTE",
        "ORG",
        "ORG-DIRECTORY",
        "PHOTO",
        "PRODID",
        "PROFILE",
        "PRONOUNS",
        "RELATED",
        "REV",
        "ROLE",
        "SOCIALPROFILE",
        "SORT-STRING",
        "SOUND",
        "SOURCE",
        "TEL",
        "TITLE",
        "TZ",
        "UID",
        "URL",
        "VERSION",
        "XML",
        "BEGIN",
        "END",
        "X-ABADR",
        "X-ABDATE",
        "X-ABLABEL",
        "X-ABRELATEDNAMES",
        "X-ABSHOWAS",
        "X-ABUID",
        "X-ADDRESSBOOKSERVER-KIND",
        "X-ADDRESSBOOKSERVER-MEMBER",
        "X-AIM",
        "X-ANDROID-CUSTOM",
        "X-ANNIVERSARY",
        "X-ASSISTANT",
        "X-CATEGORIES",
        "X-CUSTOM",
        "X-DEPARTMENT",
        "X-EVOLUTION-ANNIVERSARY",
        "X-EVOLUTION-ASSISTANT",
        "X-EVOLUTION-FILE-AS",
        "X-GENDER",
        "X-GOOGLE-TALK",
        "X-GROUPWISE",
        "X-GTALK",
        "X-ICQ",
        "X-JABBER",
        "X-KADDRESSBOOK-X-ANNIVERSARY",
        "X-MAIDENNAME",
        "X-MANAGER",
        "X-MSN",
        "X-MS-CARDPICTURE",
        "X-MS-OL-DEFAULT-POSTAL-ADDRESS",
        "X-MS-OL-DESIGN",
        "X-MS-TEL",
        "X-NICKNAME",
        "X-PHONETIC-FIRST-NAME",
        "X-PHONETIC-LAST-NAME",
        "X-PHONETIC-MIDDLE-NAME",
        "X-PHONETIC-ORG",
        "X-QQ",
        "X-SIP",
        "X-SKYPE",
        "X-SKYPE-USERNAME",
        "X-SOCIALPROFILE",
        "X-SPOUSE",
        "X-WAB-GENDER",
        "X-YAHOO",
        "X-TWITTER",
        "X-EVOLUTION-MANAGER",
        "X-EVOLUTION-SPOUSE",
        "X-EVOLUTION-VIDEO-URL",
        "X-EVOLUTION-BLOG-URL",
        "X-TEL",
        "X-EMAIL",
    ]
)
_PARAMETERS = frozenset(
    [
        "TYPE",
        "PREF",
        "VALUE",
        "ENCODING",
        "CHARSET",
        "LANGUAGE",
        "ALTID",
        "PID",
        "MEDIATYPE",
        "CALSCALE",
        "SORT-AS",
        "GEO",
        "TZ",
        "LABEL",
        "INDEX",
        "LEVEL",
        "CC",
        "CONTEXT",
        "WAID",
        "X-SERVICE-TYPE",
        "X-USER",
        "X-ABLABEL",
        "X-MOBILEME",
        "X-EVOLUTION-UI-SLOT",
        "FMTTYPE",
        "AUTHOR",
        "AUTHOR-NAME",
        "CREATED",
        "DERIVED",
        "PHONETIC",
        "PROP-ID",
        "SCRIPT",
        "SERVICE-TYPE",
        "USERNAME",
        "JSPTR",
        "X-MAPS",
        "X-OTHER",
    ]
)
_WORDS = frozenset(
    [
        "HOME",
        "WORK",
        "CELL",
        "VOICE",
        "FAX",
        "PAGER",
        "VIDEO",
        "TEXT",
        "TEXTPHONE",
        "TEXTTELEPHONE",
        "PREF",
        "MSG",
        "BBS",
        "MODEM",
        "CAR",
        "ISDN",
        "PCS",
        "INTERNET",
        "X400",
        "DOM",
        "INTL",
        "POSTAL",
        "PARCEL",
        "MAIN",
        "MAIN-NUMBER",
        "IPHONE",
        "OTHER",
        "MOBILE",
        "HOMEFAX",
        "WORKFAX",
        "TLX",
        "CONTACT",
        "ACQUAINTANCE",
        "FRIEND",
        "MET",
        "CO-WORKER",
        "COLLEAGUE",
        "CO-RESIDENT",
        "NEIGHBOR",
        "CHILD",
        "PARENT",
        "SIBLING",
        "SPOUSE",
        "KIN",
        "MUSE",
        "CRUSH",
        "DATE",
        "SWEETHEART",
        "ME",
        "AGENT",
        "EMERGENCY",
        "URI",
        "TEXT",
        "DATE",
        "DATE-TIME",
        "DATE-AND-OR-TIME",
        "TIMESTAMP",
        "BOOLEAN",
        "INTEGER",
        "FLOAT",
        "UTC-OFFSET",
        "LANGUAGE-TAG",
        "BINARY",
        "INLINE",
        "URL",
        "CID",
        "CONTENT-ID",
        "PHONE-NUMBER",
        "UNKNOWN",
        "B",
        "BASE64",
        "QUOTED-PRINTABLE",
        "8BIT",
        "7BIT",
        "JPEG",
        "JPG",
        "PNG",
        "GIF",
        "BMP",
        "TIFF",
        "WAVE",
        "AAC",
        "MP3",
        "OGG",
        "PGP",
        "X509",
        "GREGORIAN",
        "BEGINNER",
        "AVERAGE",
        "EXPERT",
        "HIGH",
        "MEDIUM",
        "LOW",
        "IM",
        "PERSONAL",
        "BUSINESS",
        "COMPANY",
        "SCHOOL",
        "TELEPHONE",
        "PHONE",
        "TEL",
        "EMAIL",
        "INDIVIDUAL",
        "GROUP",
        "ORG",
        "LOCATION",
        "APPLICATION",
        "DEVICE",
        "LABEL",
    ]
)
_KINDS = frozenset(["individual", "group", "org", "location", "application", "device", "thing"])
_DATES = frozenset(
    [
        "BDAY",
        "ANNIVERSARY",
        "DEATHDATE",
        "REV",
        "CREATED",
        "X-ABDATE",
        "X-ANNIVERSARY",
        "X-EVOLUTION-ANNIVERSARY",
        "X-KADDRESSBOOK-X-ANNIVERSARY",
    ]
)
# Those whose words a response can show, and so a report.
_OF_PEOPLE = frozenset(
    [
        "FN",
        "N",
        "NICKNAME",
        "ORG",
        "EMAIL",
        "X-PHONETIC-FIRST-NAME",
        "X-PHONETIC-LAST-NAME",
        "X-PHONETIC-MIDDLE-NAME",
        "X-PHONETIC-ORG",
        "X-MAIDENNAME",
    ]
)
_LABELS = frozenset(["X-ABLABEL", "X-ABSHOWAS"])
_MEDIA_TYPE = re.compile(r"(?:image|audio|video|text|application)/[\w.+-]{1,40}", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?", re.IGNORECASE)
_VERSION = re.compile(r"[\x00- ]*v?\d{1,2}(?:\.\d{1,2}){0,2}[\x00- ]*", re.IGNORECASE)
_GROUP = re.compile(r"item\d{1,4}", re.IGNORECASE)
_HEAD_PARTS = re.compile(r'"[^"]*"|[^;:=,"]+')
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_KNOWN_FORMATS = (b"PK\3\4", b"\x1f\x8b", b"%PDF", b"\x89PNG", b"\xff\xd8\xff")


def is_property(name: str) -> bool:
    """Return whether a name, in whatever letters, is that of a property of vCards."""
    return name.upper() in _NAMES


def is_plain_parameter(parameter: str) -> bool:
    """Return whether a parameter of a property, such as ``TYPE=home,work``, says nothing of anybody."""
    name, equals, values = parameter.rpartition("=")
    if equals and name.upper() == "CHARSET":
        return _is_charset(values.strip(' "'))
    is_known = not equals or name.upper() in _PARAMETERS
    words = values.replace('"', "").upper().split(",")
    return is_known and all(each in _WORDS or _SMALL_NUMBER.fullmatch(each) for each in words)


class CardFiles:
    """What files become in one recording."""

    def __init__(self, words: Words, numbers: FictionalNumbers, texts: Texts) -> None:
        self._words = words
        self._numbers = numbers
        self._texts = texts
        # Files repeat the same few heads tens of thousands of times.
        self._head = lru_cache(maxsize=2048)(self._new_head)
        self._plain_head = lru_cache(maxsize=2048)(self._new_plain_head)

    def file(self, data: bytes) -> bytes:
        """Return what stands for a file: as long, but where mail addresses have a longer domain."""
        parts = encoded_parts(data)
        if len(parts) == 1 and not parts[0][0] and (wide := _wide(data)):
            parts = [(wide, data)]  # no card in it tells
        if not any(encoding for encoding, _ in parts) and _is_binary(data):
            return self._noise(data)
        return b"".join(self._part(encoding, part) for encoding, part in parts)

    def _noise(self, data: bytes) -> bytes:
        """Return octets in place of what is no text: compressed or encrypted, it may hold anything."""
        kept = next((each for each in _KNOWN_FORMATS if data.startswith(each)), b"")
        if self._words.is_learning:
            return data
        return kept + self._words.chance("noise", len(data)).randbytes(len(data) - len(kept))

    def _part(self, encoding: str, data: bytes) -> bytes:
        if not encoding:
            return self._lines(data)
        width = 4 if "32" in encoding else 2
        whole, rest = data[: len(data) // width * width], data[len(data) // width * width :]
        try:
            text = whole.decode(encoding)
        except UnicodeDecodeError:
            text = whole.decode(encoding, "replace")
        return self._lines(text.encode()).decode("utf-8", "replace").encode(encoding) + rest

    def _lines(self, data: bytes) -> bytes:
        """Return what stands for the lines of a file; line ends and folds stay."""
        out: list[bytes] = []
        last = 0
        for start, end in _logical(data):
            line = data[start:end]
            is_folded = b"\n" in line or b"\r" in line
            out += (data[last:start], self._folded(line) if is_folded else self._unfolded(line))
            last = end
        out.append(data[last:])
        return b"".join(out)

    def _folded(self, data: bytes) -> bytes:
        """Return what stands for a logical line of several physical ones."""
        segments = [
            (start + (start > 0 and data[start : start + 1] in (b" ", b"\t")), end)
            for start, end in _physical(data)
        ]
        quoted = _is_quoted_printable(data)
        ends = [
            end - (quoted and data[start:end].endswith(b"=") and (start, end) != segments[-1])
            for start, end in segments
        ]
        line = b"".join(data[start:end] for (start, _), end in zip(segments, ends, strict=True))
        new = self._line(line)
        out: list[bytes] = []
        at = last = 0
        for (start, _), end in zip(segments, ends, strict=True):
            out += (data[last:start], octets.joined(new[at : at + end - start]))
            at += end - start
            last = end
        return b"".join([*out, data[last:]])

    def _unfolded(self, line: bytes) -> bytes:
        """Return what stands for a line that is not folded; most of them are plain, and need no look at each octet."""
        if line in _FRAMES:
            return line
        head = _PLAIN_HEAD.match(line)
        if head and not _NOT_PLAIN.search(line):
            new, replace, charset = self._plain_head(head[0], self._words.is_learning)
            if replace is not None:
                value = line[head.end() :]
                if not value.isascii():
                    return new + octets.joined(octets.replaced(value, replace, charset))
                return new + "".join(replace(value.decode())).encode("utf-8", "replace")
        return octets.joined(self._line(line))

    def _new_plain_head(
        self, head: bytes, _is_learning: bool
    ) -> tuple[bytes, octets.Replace | None, str]:
        """Return what stands for a head without quotes, and what replaces its value, which has the last as its charset.

        None: the value is encoded.
        """
        text, prop, _ = read_any_line(head)
        name, parameters = _named(text)
        replace = None if prop.encoding else self._replace_under(name, parameters)
        return octets.joined(self._head(head, self._words.is_learning)), replace, prop.charset

    def _line(self, line: bytes) -> octets.Replaced:
        """Return what stands for each octet of a logical line; frames stay, wherever in it they are."""
        places = [0, *(at for found in _FRAME.finditer(line) for at in found.span()), len(line)]
        return octets.together(
            line[start:end] if number % 2 else self._property(line[start:end])
            for number, (start, end) in enumerate(pairwise(places))
        )

    def _property(self, line: bytes) -> octets.Replaced:
        if not line.strip():
            return line
        shown = line.replace(b"\0", b"\1")
        head_text, prop, value = read_any_line(shown)
        if b":" not in line:
            return octets.replaced(line, self._anything)
        head = line[: len(line) - len(value)]
        name, parameters = _named(head_text)
        new = self._head(head, self._words.is_learning)
        return octets.together([new, self._value(name, line[len(head) :], prop, parameters)])

    def _value(
        self, name: str, value: bytes, prop: object, parameters: dict[str, list[str]]
    ) -> octets.Replaced:
        charset, encoding = prop.charset, prop.encoding  # type: ignore[attr-defined]
        replace = self._replace_under(name, parameters)
        if encoding == "QUOTED-PRINTABLE":
            return octets.replaced_quoted_printable(value, replace, charset)
        if encoding == "BASE64":
            text = _text_of_base64(value)
            if text or name not in {"FN", "N", "TEL", "EMAIL", "ADR", "ORG"}:
                fill = self._words.chance("base64", len(value)).randbytes
                return octets.replaced_base64(value, replace if text else None, fill, charset)
        return octets.replaced(value, replace, charset)

    def _replace_under(self, name: str, parameters: dict[str, list[str]]) -> octets.Replace:
        is_uri = any(each.strip().upper() == "URI" for each in parameters.get("VALUE", ()))
        return self._replace(name, uri=is_uri)

    def _replace(self, name: str, *, uri: bool) -> octets.Replace:
        if name == "TEL":
            return lambda text: self._phone(text, uri=uri)
        if name in _DATES:
            return self._texts.date
        if name in _LABELS:
            return self._label
        if name in {"KIND", "X-ADDRESSBOOKSERVER-KIND"}:
            return lambda text: self._texts.characters(text, _KINDS.__contains__, of_a_person=False)
        if name == "VERSION":
            return lambda text: [*text] if _VERSION.fullmatch(text) else self._anything(text)
        return self._somebody if name in _OF_PEOPLE else self._anything

    def _somebody(self, text: str) -> list[str]:
        return self._texts.characters(text, escaped=True)

    def _anything(self, text: str) -> list[str]:
        return self._texts.characters(text, of_a_person=False, escaped=True)

    def _label(self, text: str) -> list[str]:
        return self._texts.characters(text, _says_what_for, of_a_person=False, escaped=True)

    def _phone(self, text: str, *, uri: bool) -> list[str]:
        if not phone_of_value(text, uri=uri):
            new = self._anything(text)
            if not phone_of_value("".join(new), uri=uri):
                return new
        return self._numbers.typed(text, uri=uri)

    def _new_head(self, head: bytes, _is_learning: bool) -> octets.Replaced:
        """Return what stands for each octet of what is before a value, the colon included."""
        return octets.replaced(head, self._head_characters)

    def _head_characters(self, text: str) -> list[str]:
        out = [*text]
        state, parameter = "name", ""
        for found in _HEAD_PARTS.finditer(text):
            part, before = found[0], text[found.start() - 1 : found.start()]
            if before == ";":
                following = text[found.end() : found.end() + 1]
                state = "parameter" if following == "=" else "value"
                parameter = part.strip().upper() if state == "parameter" else "TYPE"
            elif before in ("=", ","):
                state = "value"
            if state == "name":
                new = self._name(part)
            elif state == "parameter":
                is_known = part.strip().upper() in _PARAMETERS
                new = [*part] if is_known else self._anything(part)
            else:
                new = self._parameter_value(parameter, part)
            out[found.start() : found.end()] = new
        return out

    def _name(self, text: str) -> list[str]:
        group, dot, name = text.rpartition(".")
        out = [*group] if _GROUP.fullmatch(group.strip()) else self._anything(group)
        out += [*dot]
        stem = name.strip(" \t\ufeff").upper()
        if stem in _NAMES:
            return [*out, *name]
        prefix = name[:2] if stem.startswith("X-") and name[:2].upper() == "X-" else ""
        return [*out, *prefix, *self._anything(name[len(prefix) :])]

    def _parameter_value(self, parameter: str, text: str) -> list[str]:
        value = text.strip(' \t"')
        if parameter == "WAID" and value.isdecimal():
            number = self._numbers.typed(f"+{value}")
            at = text.index(value)
            return [*text[:at], *number[1:], *text[at + len(value) :]]
        if parameter == "CHARSET":
            return [*text] if _is_charset(value) else self._anything(text)
        is_kept = (
            value.upper() in _WORDS
            or (parameter == "LANGUAGE" and _LANGUAGE.fullmatch(value))
            or (parameter in {"MEDIATYPE", "FMTTYPE", "TYPE"} and _MEDIA_TYPE.fullmatch(value))
            or (value.replace(".", "").isdecimal() and len(value) < 4 and value.isascii())
        )
        return [*text] if is_kept else self._label(text)


def _named(head: str) -> tuple[str, dict[str, list[str]]]:
    """Return the name of a property, in capitals and without its group, and its parameters."""
    name, parameters = name_and_parameters(head)
    return name.rpartition(".")[2].strip(" \t\ufeff").upper(), parameters


def _says_what_for(word: str) -> bool:
    """Return whether a word of a label says what a number is for."""
    if word.upper() in _WORDS:
        return True
    use = phone_use(word)
    return not use.answered or use.mobile or use.preferred


def _is_charset(name: str) -> bool:
    try:
        decode_strictly(b"", name)
    except (LookupError, UnicodeError):
        return name.upper() in {"UTF-8", "UTF-7", "UNICODE"}
    return True


def _physical(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each physical line stands, without its end."""
    start = 0
    for end in _LINE_END.finditer(data):
        yield start, end.start()
        start = end.end()
    if start < len(data):
        yield start, len(data)


def _logical(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each logical line stands, with the line ends in it but not the one behind it."""
    begun = goes_on_to = -1
    for start, end in map(_span, _LOGICAL_LINE.finditer(data)):
        if begun >= 0 and start > goes_on_to:  # but an empty line comes first
            yield begun, goes_on_to
            begun = -1
        first = start if begun < 0 else begun
        if data[end - 1] == _EQUALS and _is_quoted_printable(data[first:end]):
            begun, goes_on_to = first, _after_line(data, end)
        else:
            yield first, end
            begun = -1
    if begun >= 0:
        yield begun, len(data)


def _after_line(data: bytes, end: int) -> int:
    """Return where the next line begins."""
    found = _LINE_END.match(data, end)
    return found.end() if found else end


def _is_quoted_printable(lines: bytes) -> bool:
    """Return whether the first of some lines has such a value."""
    head, colon, _ = _FIRST_LINE_END.split(lines, 1)[0].partition(b":")
    return bool(colon) and b"QUOTED-PRINTABLE" in head.upper()


def _text_of_base64(value: bytes) -> str:
    digits = b"".join(value.split())
    try:
        plain = binascii.a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except binascii.Error:
        return ""
    text = decode(plain)
    return "" if _NOT_TEXT.search(plain) or "\ufffd" in text or len(plain) > 100_000 else text


def _wide(data: bytes) -> str:
    """Return the encoding of a text in which no card is, if it is UTF-16 or UTF-32; nothing if it is neither."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    some = data[:4096]
    for at, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        zeros, others = some[at::2].count(0), some[1 - at :: 2].count(0)
        if zeros * 10 > len(some) * 4 and not others:
            return encoding
    return ""


def _is_binary(data: bytes) -> bool:
    some = data[:4096]
    if _FRAME.search(data):
        return False
    return data.startswith(_KNOWN_FORMATS) or len(_NOT_TEXT.findall(some)) * 20 > len(some)
