"""Telephone numbers to fictional ones of the same country and type, written as they were.

Where a country has a range for fiction that counts as valid, the number is from it (020 7946 0xxx in London,
555-01xx in North America). Elsewhere it is drawn: up to three leading digits, which name a network or a
town, stay, and the rest is chance. A country whose numbers all look alike, such as Guernsey, gives way to one with the
same calling code. Such a number may be somebody's: nobody should dial it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import digit

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from qlara_proxy.fictional.kinds import calling_code, kind_of
from qlara_proxy.fictional.words import shares_a_part
from qlara_proxy.sandbox import USUAL_REGION, phone_normaliser, phone_of_value

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from qlara_proxy.fictional.kinds import NumberSort
    from qlara_proxy.fictional.words import Words

_DRAWS = 40
_KEPT = (3, 2, 1, 0, 4, 5, 6, 7, 8)
_NEVER_LONGER = 3  # leading digits that are kept if anything else can be had
_SHORT_EXTENSION = 3
_FIRST_OF_A_NUMBER = re.compile(r"(?<![\w+])\+?\d(?:[ \-./()\u00a0]{0,3}\d){6,18}(?!\w)")
# What most people type. Whatever else is in a text may say more.
_PLAIN = re.compile(r"\+?[0-9](?:[ ./()-]?[0-9])+")
_KEYS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999", strict=True))
_LETTERS_OF = {key: "".join(one for one, its in _KEYS.items() if its == key) for key in "23456789"}
_LETTER_RUN = re.compile(r"[^\W\d_]+")
# What stands around a number and says nothing of anybody.
_PHONE_TEXT = frozenset(
    {
        *("tel", "ext", "int", "x", "p", "w", "phone", "context", "isub", "sms", "smsto", "mms"),
        *("mmsto", "callto", "https", "http", "wa", "me", "www", "api", "whatsapp", "com", "send"),
        *("fax", "mobile", "cell", "tel", "telefono", "phone", "extn", "extension"),
    }
)
# By region and type: a pattern for the national number, in which # is any digit.
_FICTION = {
    ("GB", PhoneNumberType.FIXED_LINE): ("2079460###", "1134960###", "1214960###", "1614960###"),
    ("FR", PhoneNumberType.FIXED_LINE): ("19900####", "26191####", "35301####", "46571####"),
    ("AU", PhoneNumberType.FIXED_LINE): ("25550####", "37010####", "75550####", "85550####"),
    ("AU", PhoneNumberType.MOBILE): ("491570###",),
    ("DE", PhoneNumberType.FIXED_LINE): ("3023125###", "6990009###", "22147102###"),
    ("SE", PhoneNumberType.MOBILE): ("7017406##",),
    ("SE", PhoneNumberType.FIXED_LINE): ("84650041#", "313900605", "406280450"),
}
_NORTH_AMERICA = "1"


class FictionalNumbers:
    """What numbers become in one recording; those without a prefix are of *region*.

    ``known`` has the number that stands for each E.164 number, ``real`` are those of the traffic: while
    *words* learn, they are collected and nothing is replaced.
    """

    def __init__(self, words: Words, region: str = USUAL_REGION) -> None:
        self._words = words
        self.region = region
        self.judge = phone_normaliser(region)
        self.known: dict[str, str] = {}
        self.real: set[str] = set()
        self._taken: set[str] = set()

    def fictional(self, number: str) -> str:
        """Return the number that stands for one in E.164."""
        if self._words.is_learning:
            self.real.add(number)
            return number
        found = self.known.get(number)
        if found is None:
            found = self.known[number] = self._drawn(number)
            self._taken.add(found)
        return found

    def typed(self, text: str, *, uri: bool = False) -> list[str]:
        """Return what stands for each character of a number as it was typed, or of what is none.

        What can be normalised still can, to the number that stands for it; what cannot still cannot. *uri*: it
        is the value of a property that holds a URI.
        """
        is_plain = not uri and _PLAIN.fullmatch(text) is not None
        number = self.judge(text) if is_plain else self._normalised(text, uri=uri)
        if number is None:
            return self._none(text, uri=uri)
        wanted = self.fictional(number)
        if self._words.is_learning:
            if not is_plain:
                self._around(text)
            return [*text]
        if is_plain:
            plainly = _with_last_digits(text, number, wanted)
            if self.judge("".join(plainly)) == wanted:
                return plainly
        for candidate in self._written(text, number, wanted):
            if self._normalised("".join(candidate), uri=uri) == wanted:
                return candidate
        return self._formatted(text, wanted, uri=uri)

    def within(
        self, text: str, *, only_learned: bool = False
    ) -> Iterator[tuple[int, int, list[str]]]:
        """Yield where numbers stand in a text, and what stands for each of their characters."""
        for found in _FIRST_OF_A_NUMBER.finditer(text):
            number = self.judge(found[0])
            if number is not None and (not only_learned or number in self.real):
                yield found.start(), found.end(), self.typed(found[0])

    def _normalised(self, text: str, *, uri: bool) -> str | None:
        typed = phone_of_value(text, uri=uri)
        return self.judge(typed) if typed else None

    def _written(self, text: str, number: str, wanted: str) -> Iterator[list[str]]:
        """Yield the text with the digits of *wanted* in the places of those of *number*."""
        old, new = _national(number), _national(wanted)
        if len(old) != len(new):
            return
        for with_letters in (False, True):
            dialled = [
                (at, key) for at, each in enumerate(text) if (key := _key(each, with_letters))
            ]
            digits = "".join(key for _, key in dialled)
            start = digits.rfind(old)
            while start >= 0:
                places = [at for at, _ in dialled[start : start + len(old)]]
                for keeps_extension in (False, True):
                    yield self._filled(text, places, new, keeps_extension=keeps_extension)
                start = digits.rfind(old, 0, start + len(old) - 1) if start else -1

    def _filled(
        self, text: str, places: list[int], new: str, *, keeps_extension: bool
    ) -> list[str]:
        first, last = places[0], places[-1]
        before, after = self._around(text[:first]), self._around(text[last + 1 :])
        if keeps_extension:
            after = [
                each if old.isdigit() else new
                for old, each, new in zip(text[last + 1 :], text[last + 1 :], after, strict=True)
            ]
        # What is dialled before the number is its prefix, which says nothing of anybody.
        before = [
            old if old.isdigit() else each for old, each in zip(text[:first], before, strict=True)
        ]
        middle = [*text[first : last + 1]]
        for at, each in zip(places, new, strict=True):
            middle[at - first] = _in_place_of(text[at], each)
        return [*before, *middle, *after]

    def _around(self, text: str) -> list[str]:
        """Return what stands for the characters beside a number: labels, extensions, comments."""
        out = [*text]
        for found in _LETTER_RUN.finditer(text):
            if found[0].lower() not in _PHONE_TEXT:
                out[found.start() : found.end()] = self._words.word(found[0], of_a_person=False)
        for found in re.finditer(r"\d+", text):
            out[found.start() : found.end()] = self._words.digits(found[0])
        return out

    def _formatted(self, text: str, wanted: str, *, uri: bool) -> list[str]:
        """Return *wanted* in the notation that comes nearest to *text*."""
        parsed = phonenumbers.parse(wanted)
        forms = [PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164]
        if "+" not in text and not text.strip().startswith("00"):
            forms.insert(0, PhoneNumberFormat.NATIONAL)
        candidates = [phonenumbers.format_number(parsed, form) for form in forms]
        whole = next(
            (each for each in candidates if self._normalised(each, uri=uri) == wanted), wanted
        )
        if uri:
            whole = f"tel:{wanted}"
        return [whole, *[""] * (len(text) - 1)]

    def _none(self, text: str, *, uri: bool) -> list[str]:
        """Return what stands for a text that is no usable number, and is none either."""
        if self._words.is_learning:
            self._pieces(text)
            return self._words_of(text, 0)
        kind = self._kind_of_none(text)
        fallback: list[str] | None = None
        for salt in range(_DRAWS):
            out = self._words_of(text, salt)
            for start, end, piece in self._pieces(text):
                out[start:end] = piece
            changed = "".join(out)
            if self._normalised(changed, uri=uri) is None:
                if self._kind_of_none(changed) == kind:
                    return out
                fallback = fallback or out
        if fallback is not None:
            return fallback
        others = self._words_of(text, 0)
        zeros = ["0" if each.isdigit() else each for each in others]
        if self._normalised("".join(zeros), uri=uri) is None:
            return zeros
        return ["-" if each.isdigit() else each for each in others]

    def _pieces(self, text: str) -> list[tuple[int, int, list[str]]]:
        """Return the usable numbers of a text that is none as a whole, as if each stood alone."""
        return [] if _FIRST_OF_A_NUMBER.fullmatch(text.strip()) else list(self.within(text))

    def _words_of(self, text: str, salt: int) -> list[str]:
        out = [*text]
        for found in _LETTER_RUN.finditer(text):
            if found[0].lower() not in _PHONE_TEXT:
                out[found.start() : found.end()] = self._words.word(found[0], of_a_person=False)
        for found in re.finditer(r"\d+", text):
            salts = (salt,) if salt else ()
            out[found.start() : found.end()] = self._words.digits(found[0], *salts)
        return out

    def _kind_of_none(self, text: str) -> object:
        try:
            parsed = phonenumbers.parse(text[:250], self.region)
        except phonenumbers.NumberParseException as error:
            return error.error_type
        possible = phonenumbers.is_possible_number_with_reason(parsed)
        return parsed.country_code, possible, phonenumbers.number_type(parsed)

    def _drawn(self, number: str) -> str:
        code, national = calling_code(number), _national(number)
        kind = kind_of(code, national)
        chance = self._words.chance("number", number)
        elsewhere = ""  # of the type, but of another country with the same calling code
        for candidate in _candidates(code, national, kind, chance):
            whole = f"+{code}{candidate}"
            if elsewhere and shares_a_part(national, candidate):
                break  # a country of few numbers, such as Guernsey: all of them look alike
            is_taken = whole == number or whole in self.real or whole in self._taken
            if is_taken or self.judge(whole) != whole:
                continue
            found = kind_of(code, candidate)
            if found == kind:
                return whole
            if found.type == kind.type:
                elsewhere = elsewhere or whole
        if elsewhere:
            return elsewhere
        example = phonenumbers.example_number_for_type(kind.region, kind.type)
        return str(
            phonenumbers.format_number(example, PhoneNumberFormat.E164) if example else number
        )


def _national(number: str) -> str:
    return number[1 + len(calling_code(number)) :]


def _with_last_digits(text: str, number: str, wanted: str) -> list[str]:
    """Return a text of digits and punctuation with the national number of *wanted* in its last digits."""
    out, at = [*text], len(text)
    old, new = _national(number), _national(wanted)
    if len(old) == len(new) and "".join(filter(str.isdecimal, out)).endswith(old):
        for each in reversed(new):
            at -= 1
            while not out[at].isdecimal():
                at -= 1
            out[at] = each
    return out


def _candidates(code: str, national: str, kind: NumberSort, chance: random.Random) -> Iterator[str]:
    """Yield national numbers to try: of ranges for fiction, then drawn, with ever less that stays."""
    ranges = [*_ranges(code, national, kind)]
    for _ in range(_DRAWS if ranges else 0):
        stem = chance.choice(ranges)
        yield stem.rstrip("#") + _digits(stem.count("#"), chance)
    for kept in _KEPT:
        if kept > len(national) - 2:
            continue
        for _ in range(_DRAWS):
            candidate = national[:kept] + _digits(len(national) - kept, chance)
            if kept > _NEVER_LONGER or not shares_a_part(national, candidate):
                yield candidate


def _digits(count: int, chance: random.Random) -> str:
    return f"{chance.randrange(10**count):0{count}}" if count else ""


def _ranges(code: str, national: str, kind: NumberSort) -> Iterable[str]:
    if code == _NORTH_AMERICA:
        return (f"{national[:3]}55501##",)
    patterns = _FICTION.get((kind.region or "", kind.type), ())
    return (each for each in patterns if len(each) == len(national))


def _key(character: str, with_letters: bool) -> str:
    """Return the digit that a character dials; nothing if it dials none."""
    value = digit(character, -1)
    if value >= 0 and character.isdecimal():
        return str(value)
    return _KEYS.get(character.upper(), "") if with_letters else ""


def _in_place_of(character: str, key: str) -> str:
    """Return the digit *key* in the script of the digit *character*, or as a letter if that is one."""
    if character.isdecimal():
        return chr(ord(character) - digit(character) + int(key))
    letter = _LETTERS_OF.get(key, key)[:1]
    return letter.lower() if character.islower() else letter
