"""Traits: which promises a card, or a field of it, rests on, beside the plain one that it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize

from qlara_contract.promise_ids import PromiseId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qlara_proxy.judging.properties import CardLine

Traits = frozenset[PromiseId]

_READ = frozenset({"BEGIN", "END", "VERSION", "FN", "N", "TEL", "EMAIL", "ORG"})
_LONGEST_PLAIN = 100
_LONG_PLAIN = 60  # characters: more than anybody's name, so that what is cut there shows
_JOINED = re.compile(
    "(?<=[^\\u0000-\\u024f])[\\u200c\\u200d](?=[^\\u0000-\\u024f])"
)  # of one character
_ENTITY = re.compile(r"&#?\w+;")  # of HTML, which means nothing here
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z '.-]*", re.ASCII)
_CODE = re.compile(r"(?i)\b(?:null|none|nil|nan|true|false|undefined|yes|no|on|off)\b")
_KNOWN_ESCAPE = re.compile(r"\\[nN,;\\]")
_PLAIN_NUMBER = re.compile(r"\+?[0-9 ()./-]+", re.ASCII)
_CROWDED = re.compile(r"\A\s|\s\Z| [-./] ")
_EXTENSION = re.compile(r"(?i)ext|x|;|,|[pw#*]")
# Of the characters that most addresses have; RFC 5322 section 3.2.3 allows more.
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9&'._+-]+@[A-Za-z0-9.-]+", re.ASCII)
_MACHINES = re.compile(r"(?i)fax|pager|modem|bbs|telex|tty|isdn|video")
_PREFERRED = re.compile(r"(?i)pref")
_ENCODED = re.compile(r"(?i)encoding|quoted-printable|charset|base64")
ODD: PromiseId = "cards.forgiving"
"""What stands for all that no promise names: nothing documented is judged by a card that has it."""


def _syntax(line: CardLine) -> Iterable[PromiseId]:
    """Yield the traits of how a line is written."""
    if line.is_split:
        yield "cards.folded-inside-a-character"
    elif line.is_folded:
        yield "cards.folded-lines"
    if line.group:
        yield "cards.groups"
    is_uri = line.value.strip().lower().startswith("tel:")
    if line.written != line.written.upper() or _is_lower(line.parameters, is_uri=is_uri):
        yield "cards.letter-case"
    if any(map(_ENCODED.match, line.parameters)) or any(map(_is_bare, line.parameters)):
        yield ODD
    elif any('"' in each for each in line.parameters):
        yield "cards.quoted-parameters"
    elif any(
        _is_unusual(each) for each in line.parameters if not (is_uri and _URI.fullmatch(each))
    ) or _is_repeated(line.parameters):
        yield "cards.type-spellings"


def _is_lower(parameters: Sequence[str], *, is_uri: bool) -> bool:
    """Return whether a parameter is written in the other letter case: `type=CELL`, `VALUE=URI`."""
    names = [each.partition("=")[0] for each in parameters]
    is_loud = is_uri and any(_LOUD_URI.fullmatch(each) for each in parameters)
    return is_loud or any(each != each.upper() for each in names)


def _is_bare(parameter: str) -> bool:
    """Return whether a parameter has no value, or no name, as in vCard 2.1."""
    return not parameter.partition("=")[2]


def _is_repeated(parameters: Sequence[str]) -> bool:
    names = [each.partition("=")[0].upper() for each in parameters]
    return len(names) != len(set(names))


_URI = re.compile(r"(?i)value=uri")
_LOUD_URI = re.compile(r"(?i:value)=(?!uri)(?i:uri)")
_USUAL = re.compile(r"(?i:TYPE)=(?:CELL|VOICE|HOME|WORK|INTERNET)", re.ASCII)


def _is_unusual(parameter: str) -> bool:
    return _USUAL.fullmatch(parameter) is None


def name_traits(lines: Sequence[CardLine], name: str) -> Traits:
    """Return what the name of a card rests on."""
    named = [each for each in lines if each.name == "FN" and each.value.strip()]
    if len(named) == 1:
        return frozenset((*_syntax(named[0]), *_of_name(named[0].value, name)))
    if named:
        return frozenset({"cards.one-of-several"})
    structured = [each for each in lines if each.name == "N" and each.value.strip(" ;")]
    source: PromiseId = "cards.name-from-n" if structured else "cards.name-from-org"
    return frozenset({source})


def _of_name(value: str, name: str) -> Iterable[PromiseId]:
    if "\\" in value:
        yield "cards.escapes"
        if "\\" in _KNOWN_ESCAPE.sub("", value):
            yield ODD
    if re.search(r"(?<!\\)[;,]", _ENTITY.sub("", value)):
        yield ODD
    visible = _JOINED.sub("", name.replace("\n", ""))
    is_tidy = value == " ".join(value.split()) and visible.isprintable()
    if not is_tidy or normalize("NFC", value) != value or len(value) > _LONGEST_PLAIN:
        yield "cards.name-form"
    elif not value.isascii():
        yield "cards.non-ascii"
    elif not _PLAIN_NAME.fullmatch(name) or _CODE.search(value) or len(value) > _LONG_PLAIN:
        yield "cards.name-verbatim"


def number_traits(lines: Sequence[CardLine]) -> Traits:
    """Return what the number of a card rests on."""
    telephones = [each for each in lines if each.name == "TEL" and each.value.strip()]
    if len(telephones) == 1:
        return frozenset((*_syntax(telephones[0]), *_of_number(telephones[0])))
    return frozenset(_of_several(telephones)) if telephones else frozenset()


def _of_number(line: CardLine) -> Iterable[PromiseId]:
    value = line.value.strip()
    if any(map(_MACHINES.search, line.parameters)):
        yield "numbers.fax-never"
    if value.lower().startswith("tel:"):
        bare = value[4:]
        yield "numbers.tel-uri-parameters" if ";" in bare else "numbers.tel-uri"
        if ";ext=" in bare.lower():
            yield "numbers.extension-dropped"
        if not (bare.startswith("+") or ";phone-context=+" in bare.lower()):
            yield "numbers.region"
        return
    is_plain = bool(_PLAIN_NUMBER.fullmatch(value)) and not _CROWDED.search(line.value)
    if not is_plain:
        yield "numbers.extension-dropped" if _EXTENSION.search(value) else "numbers.typed-freely"
    if value.startswith("00"):
        yield "numbers.double-zero"
    elif _is_national(value):
        yield from OF_REGION


def _is_national(value: str) -> bool:
    """Return whether a number is written without the code of its country."""
    return not value.lower().removeprefix("tel:").lstrip("( ").startswith(("+", "00"))


def _of_several(telephones: Sequence[CardLine]) -> Iterable[PromiseId]:
    if any(_is_national(each.value.strip()) for each in telephones):
        yield from OF_REGION
    parameters = [one for each in telephones for one in each.parameters]
    if any(map(_MACHINES.search, parameters)):
        yield "numbers.fax-never"
    if any(map(_PREFERRED.search, parameters)):
        yield "numbers.preferred-first"
    elif any("CELL" in one.upper() for one in parameters):
        yield "numbers.mobile-first"
    else:
        yield "numbers.first-valid"


def unusable_traits(telephones: Sequence[CardLine], fault: str) -> Traits:
    """Return by which promise a card has no number that can be used."""
    if fault:
        return frozenset({"cards.other-version" if "version" in fault.lower() else ODD})
    if not telephones:
        return frozenset({"numbers.empty-is-missing"})
    if any(_MACHINES.search(one) for each in telephones for one in each.parameters):
        return frozenset({"numbers.fax-never"})
    values = [each.value for each in telephones]
    is_short = any(map(_is_short_code, values))
    is_two = any(_TWO_NUMBERS.search(each) for each in values)
    is_real = any(map(_is_real, values))
    kind: PromiseId = (
        "numbers.unusable-kinds" if is_short or is_two or is_real else "numbers.numbering-plan"
    )
    return frozenset({kind})


OF_CARD: Traits = frozenset({"cards.other-properties", "cards.properties-in-any-order"})
"""What concerns a card as a whole, and its fields only if it is not kept."""

OF_SEVERAL: Traits = frozenset(
    {"numbers.preferred-first", "numbers.mobile-first", "numbers.first-valid"}
)
"""What it rests on which of several numbers is taken."""

OF_REGION: Traits = frozenset({"numbers.default-region", "numbers.region"})
"""What a number without the code of its country rests on: the region of the account is not known."""

_SHORTEST_NUMBER = 7
_TWO_NUMBERS = re.compile(r"[\d)]\s*(?:[/,;&]|or|o|und|e)\s*[+\d(]", re.IGNORECASE)


def _is_short_code(value: str) -> bool:
    """Return whether a number may be one that is dialled as it is, within one country."""
    is_national = not value.strip().startswith(("+", "00"))
    return is_national and len(re.sub(r"\D", "", value)) < _SHORTEST_NUMBER


def _is_real(value: str) -> bool:
    """Return whether there is such a number, of whatever kind."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(value, "IT")))
    except phonenumbers.NumberParseException:
        return False


def email_traits(lines: Sequence[CardLine]) -> Traits:
    """Return what the address of a card rests on."""
    addresses = [each for each in lines if each.name == "EMAIL" and each.value.strip()]
    if not addresses:
        return frozenset({"cards.email-absent"})
    if len(addresses) > 1:
        return frozenset({"cards.one-of-several"})
    found = set(_syntax(addresses[0]))
    if "\\" in addresses[0].value:
        found.add("cards.escapes")
    elif not _PLAIN_EMAIL.fullmatch(addresses[0].value):
        found.add("cards.email-form")
    return frozenset(found)


def card_traits(lines: Sequence[CardLine]) -> Traits:
    """Return what reading the card at all rests on."""
    found: set[PromiseId] = set()
    names = [each.name for each in lines]
    version = next((each.value.strip() for each in lines if each.name == "VERSION"), "")
    if version not in ("3.0", "4.0"):
        found.add("cards.other-version")
    elif names.index("VERSION") != 1 or _is_out_of_order(names):
        found.add("cards.properties-in-any-order")
    others = [each for each in lines if each.name and each.name not in _READ]
    if others:
        found.add("cards.other-properties")
    if any(each.is_misleading for each in others):
        found.add("cards.folded-lines")
    if "" in names or any(each.text != each.text.strip() for each in lines):
        found.add(ODD)
    frame = (lines[0], lines[-1])
    if any(each.written != each.written.upper() for each in frame):
        found.add("cards.letter-case")
    return frozenset(found)


def further_traits(lines: Sequence[CardLine], *, are_valid: bool) -> Traits:
    """Return what it rests on, beside the rest, that a card is imported at all.

    *are_valid*: any of its numbers could be taken, so that it does not matter which one is.
    """
    names = [each.name for each in lines if each.value.strip()]
    is_several = names.count("EMAIL") > 1 or (names.count("TEL") > 1 and are_valid)
    return frozenset({"cards.other-properties"}) if is_several else frozenset()


def _is_out_of_order(names: Sequence[str]) -> bool:
    return "FN" in names and "TEL" in names and names.index("FN") > names.index("TEL")
