"""Free text, mail addresses, links and dates to fiction, character by character."""

from __future__ import annotations

import re
from functools import cache
from operator import methodcaller
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qlara_proxy.fictional.numbers import FictionalNumbers
    from qlara_proxy.fictional.words import Words

    Keeps = Callable[[str], bool]

# RFC 2606 section 3, and what is never resolved: they are nobody's.
_RESERVED = ("example.com", "example.net", "example.org", "localhost")
_RESERVED_ENDS = (".example", ".test", ".invalid", ".localhost")
_LABELS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST_LABEL = 4
_MARKS_AND_LETTERS = r"[^\W\d_]"
_LOCAL = r"[\w!#$%&'*+/=?^`{|}~.\-]"
_MAIL = re.compile(rf"(?<!{_LOCAL})(?<!@){_LOCAL}++@([\w\-]+(?:\.[\w\-]+)*+)")
_LINK = re.compile(r"(?<![\w+.\-])([A-Za-z][A-Za-z0-9+.\-]{0,19}:)//([\w.\-]*)")
_WWW = re.compile(r"(?<![\w.\-@])www\.[\w\-]+(?:\.[\w\-]+)*+", re.IGNORECASE)
_SCHEMES = re.compile(
    r"(?<![\w+.\-])(?:https?|ftp|mailto|smtp|tel|sips?|sms|smsto|xmpp|skype|im|facetime|urn|geo|data|aim|msnim|ymsgr)(?=:)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\[\\,;:nN]")
# What is in every text that has more than words and short runs of digits.
_SPECIAL = re.compile(
    r"[\\:@]|www\.|\d(?:[ \-./()\u00a0]{0,3}\d){6}|[A-Za-z0-9+/]{100}", re.IGNORECASE
)
# A picture, a key: no words are in it, and no number, whatever it looks like.
_ENCODED = re.compile(r"[A-Za-z0-9+/]{100,}+")
_ASCII_RUN = re.compile(r"[A-Za-z]+|[0-9]+")
_RUN = re.compile(rf"{_MARKS_AND_LETTERS}+|\d+")
_span = methodcaller("span")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_LETTERS = re.compile(_MARKS_AND_LETTERS)
_DATE = re.compile(r"(?<!\d)(\d{4}|--)(-?)(\d{2})(-?)(\d{2})(?!\d)")
_TIME = re.compile(r"T?(\d{2})(:?)(\d{2})(:?)(\d{2})")


def _nothing(_: str) -> bool:
    return False


class Texts:
    """What texts become in one recording."""

    def __init__(self, words: Words, numbers: FictionalNumbers) -> None:
        self._words = words
        self._numbers = numbers
        self._domains: dict[str, str] = {}
        self._taken: set[str] = set()
        self._hosts: set[str] = set()  # of the traffic

    def text(self, text: str, keeps: Keeps = _nothing, *, of_a_person: bool = True) -> str:
        """Return what stands for a text; words that *keeps* returns true for stay."""
        return "".join(self.characters(text, keeps, of_a_person=of_a_person))

    def scrubbed(self, text: str, is_nobodys: Keeps) -> str:
        """Return a text that is not of the traffic, without what is: words that are not *is_nobodys*, mail
        addresses, and hosts and numbers that were learned.
        """
        return "".join(self.characters(text, is_nobodys, only_learned=True))

    def characters(
        self,
        text: str,
        keeps: Keeps = _nothing,
        *,
        of_a_person: bool = True,
        only_learned: bool = False,
        escaped: bool = False,
    ) -> list[str]:
        """Return what stands for each character of a text, most of them for one.

        *escaped*: the letter in ``\\n`` is none (RFC 6350 section 3.4).
        """
        special: list[tuple[int, int, list[str]]] = []
        if _SPECIAL.search(text):
            special = _apart(self._special(text, only_learned=only_learned, escaped=escaped))
        elif self._words.is_learning and keeps is _nothing and text.isascii():
            self._words.learn_letters(text, of_a_person=of_a_person)
            return [*text]
        words, at = self._words, 0
        out: list[str] = []
        for start, end, new in (*special, (len(text), len(text), [])):
            for first, last in _runs(text, at, start):
                out += text[at:first]
                run = text[first:last]
                if keeps is not _nothing and keeps(run.lower()):
                    out += run
                elif run[0].isdecimal():
                    out += words.digits(run)
                else:
                    out += words.word(run, of_a_person=of_a_person)
                at = last
            out += text[at:start]
            out += new
            at = end
        return out

    def date(self, text: str) -> list[str]:
        """Return the same for the date or time in a property such as BDAY: another day, written alike."""
        found = _DATE.search(text)
        if found is None or self._words.is_learning:
            return self.characters(text, of_a_person=False)
        chance = self._words.chance("date", found[0])
        year = found[1] if found[1] == "--" else str(chance.randrange(1940, 2006))
        day = f"{year}{found[2]}{chance.randrange(1, 13):02}{found[4]}{chance.randrange(1, 29):02}"
        rest = text[found.end() :]
        if time := _TIME.match(rest):
            clock = "".join(
                f"{each:02}{gap}"
                for each, gap in (
                    (chance.randrange(24), time[2]),
                    (chance.randrange(60), time[4]),
                    (chance.randrange(60), ""),
                )
            )
            new = (["T"] if rest[0] == "T" else []) + [*clock]
            after = [
                *new,
                *self.characters(rest[time.end() :], lambda word: word == "z", of_a_person=False),
            ]
        else:
            after = self.characters(rest, of_a_person=False)
        return [*self.characters(text[: found.start()], of_a_person=False), *day, *after]

    def domain(self, name: str) -> str:
        """Return what stands for the name of a host: one that RFC 2606 reserves, about as long."""
        key = name.lower().strip(".")
        if self._words.is_learning:
            self._words.word("".join(_LETTERS.findall(key.partition(".")[0])) or "a")
            self._hosts.add(key)
            return name
        if key in _RESERVED or not key:
            return name
        found = self._domains.get(key)
        if found is None:
            found = self._domains[key] = self._invented(key)
            self._taken.add(found)
        return found

    def _invented(self, key: str) -> str:
        ends = [".example.org", ".example", ".test"]
        end = next((each for each in ends if len(key) - len(each) >= _SHORTEST_LABEL), ".test")
        length = max(_SHORTEST_LABEL, min(len(key) - len(end), 40))
        attempt = 0
        while True:
            chance = self._words.chance("domain", key, attempt)
            label = "".join(chance.choices(_LABELS, k=length))
            host = f"{label}{end}"
            if host not in self._taken:
                return host
            attempt += 1

    def _host(self, name: str, *, only_learned: bool) -> str:
        return name if only_learned and name.lower() not in self._hosts else self.domain(name)

    def _special(
        self, text: str, *, only_learned: bool, escaped: bool
    ) -> Iterator[tuple[int, int, list[str]]]:
        """Yield what is no run of letters or digits, and what stands for it."""
        for found in _ENCODED.finditer(text):
            if _is_mixed(found[0]):
                yield found.start(), found.end(), [*self._words.noise(found[0])]
        if escaped and "\\" in text:
            for found in _ESCAPE.finditer(text):
                yield found.start(), found.end(), [*found[0]]
        if ":" in text:
            yield from self._links(text, only_learned=only_learned)
        if "@" in text:
            for found in _MAIL.finditer(text):
                yield found.start(1), found.end(1), _spread(self.domain(found[1]), found[1])
        for found in _WWW.finditer(text) if "." in text else ():
            host = found[0][4:]
            yield (
                found.start(),
                found.end(),
                [
                    *found[0][:4],
                    *_spread(self._host(host, only_learned=only_learned), host),
                ],
            )
        yield from self._numbers.within(text, only_learned=only_learned)

    def _links(self, text: str, *, only_learned: bool) -> Iterator[tuple[int, int, list[str]]]:
        for found in _LINK.finditer(text):
            yield found.start(1), found.end(1), [*found[1]]
            yield (
                found.start(2),
                found.end(2),
                _spread(self._host(found[2], only_learned=only_learned), found[2]),
            )
        for found in _SCHEMES.finditer(text):
            yield found.start(), found.end(), [*found[0]]


def _spread(new: str, old: str) -> list[str]:
    """Return a text as what stands for each character of another, which may be longer or shorter."""
    if not old:
        return []
    last = len(old) - 1
    return [*new[:last], new[last:]] if len(new) > last else [*new, *[""] * (len(old) - len(new))]


def _is_mixed(text: str) -> bool:
    """Return whether a text has digits, capitals and small letters."""
    return not (text.isalpha() or text.isupper() or text.islower())


def _apart(
    pieces: Iterable[tuple[int, int, list[str]]],
) -> list[tuple[int, int, list[str]]]:
    """Return pieces in their order; of those that overlap, the one that was found first."""
    found: list[tuple[int, int, list[str]]] = []
    for piece in pieces:
        start, end, _ = piece
        if start < end and not any(one[0] < end and start < one[1] for one in found):
            found.append(piece)
    return sorted(found, key=lambda piece: piece[0])


def _runs(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Return where the runs of letters with their marks, and of digits, stand between two places."""
    if text.isascii():
        pattern = _ASCII_RUN
    elif all(map(_is_plain, _NOT_ASCII.findall(text, start, end))):
        pattern = _RUN
    else:
        return _odd_runs(text, start, end)
    return map(_span, pattern.finditer(text, start, end))


@cache
def _is_plain(characters: str) -> bool:
    """Return whether none of the characters is a mark, or a number that is neither a letter nor a digit."""
    return not any(
        category(each)[0] == "M" or (each.isalnum() and not each.isalpha() and not each.isdecimal())
        for each in characters
    )


def _odd_runs(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the same for a text with marks, of which those behind a letter belong to it."""
    start, kind = first, ""
    for at in range(first, last):
        character = text[at]
        if character.isdecimal():
            now = "N"
        elif character.isalpha() or (kind == "L" and category(character)[0] == "M"):
            now = "L"
        else:
            now = ""
        if now != kind:
            if kind:
                yield start, at
            start, kind = at, now
    if kind:
        yield start, last
