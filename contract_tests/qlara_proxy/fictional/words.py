"""Words and runs of digits to fictional ones of the same length, script and letter case.

The same word becomes the same one wherever it stands, and two words never become one (but for short ones in scripts
of few letters, of which there are not enough). Which one it becomes is decided by a secret: there is no table
to look it up in, and without the secret none can be made.
"""

from __future__ import annotations

import hmac
import random
import re
from functools import cache, lru_cache
from hashlib import sha256, shake_256
from itertools import product
from string import ascii_letters
from typing import TYPE_CHECKING
from unicodedata import category, digit, name, normalize

from qlara_proxy.sandbox import PHONE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwz"
_ASCII = _VOWELS + _CONSONANTS + "xy"
_DIGITS = "0123456789"
_TO_VOWEL, _TO_CONSONANT, _TO_DIGIT, _TO_LETTER_OR_DIGIT = (
    bytes(ord(each[octet % len(each)]) for octet in range(256))
    for each in (_VOWELS, _CONSONANTS, _DIGITS, ascii_letters + _DIGITS)
)
_LETTERS = re.compile(r"[a-z]+")
_SHORT = 3  # words and runs of digits so short are exchanged among each other
_WINDOW = 4
_LONG_WORD = re.compile(f"[a-z]{{{_WINDOW},}}")
_TRIES = 60
# Longer ones are no words: they are not remembered, and no two of them become one by chance.
_LONGEST_WORD = 64
_REMEMBERED_WORDS = 32 * 1024
_PHONE_WORDS = re.compile("|".join(map(re.escape, sorted(PHONE_WORDS))))
# What means something in a vCard file, a form or JSON: no word may become one of these.
_RESERVED = frozenset(
    {
        *("adr", "agent", "begin", "bday", "email", "end", "fn", "geo", "impp", "kind", "label"),
        *("n", "note", "org", "photo", "pref", "role", "tel", "title", "tz", "uid", "uri", "url"),
        *("value", "vcard", "version", "type", "true", "false", "null", "data", "fail", "group"),
    }
)


class Words:
    """What words and digits become in one recording; *secret* decides.

    ``people`` are the words of at least four letters that have stood for somebody, in small letters; ``mentioned``
    are those of other texts. While
    ``is_learning``, they are collected and nothing is replaced: no word may become that of somebody else.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()
        self.people: set[str] = set()
        self.mentioned: set[str] = set()
        self.is_learning = True
        # Texts repeat the same words tens of thousands of times.
        self._learn = lru_cache(maxsize=_REMEMBERED_WORDS)(self._learned)
        self._write = lru_cache(maxsize=_REMEMBERED_WORDS)(self._written)
        self._exchanged = cache(self._exchange)

    def chance(self, *of: object) -> random.Random:
        """Return a source of chance that is the same for the same values."""
        text = "\0".join(map(str, of)).encode("utf-8", "surrogatepass")
        return random.Random(hmac.digest(self._secret, text, sha256))

    def word(self, text: str, *, of_a_person: bool = True) -> list[str]:
        """Return what stands for each character of a run of letters and marks."""
        is_long = len(text) > _LONGEST_WORD
        if self.is_learning:
            (self._learned if is_long else self._learn)(text, of_a_person)
            return [*text]
        return [*(self._written if is_long else self._write)(text)]

    def learn_letters(self, text: str, *, of_a_person: bool) -> None:
        """Learn all words of a text in ASCII."""
        (self.people if of_a_person else self.mentioned).update(_LONG_WORD.findall(text.lower()))

    def noise(self, text: str) -> str:
        """Return what stands for a long text in which no words are: letters and digits of chance."""
        if self.is_learning:
            return text
        return self._octets(len(text), "noise", text).translate(_TO_LETTER_OR_DIGIT).decode()

    def _octets(self, count: int, *of: object) -> bytes:
        """Return octets of chance that are the same for the same values."""
        text = "\0".join(map(str, of)).encode("utf-8", "surrogatepass")
        return shake_256(self._secret + text).digest(count)

    def _learned(self, text: str, of_a_person: bool) -> None:
        key = text.lower() if text.isascii() else _key(_clusters(text))
        if len(key) >= _WINDOW:
            (self.people if of_a_person else self.mentioned).add(key)

    def _written(self, text: str) -> Sequence[str]:
        if text.isascii():
            key = text.lower()
            fiction = self._fiction(key)
            return fiction if text == key else _cased(fiction, text)
        clusters = _clusters(text)
        return tuple(
            character
            for cluster, letter in zip(clusters, self._fiction(_key(clusters)), strict=True)
            for character in _as_written(letter, cluster)
        )

    def _fiction(self, key: str) -> str:
        fiction = self._known.get(key)
        if fiction is None:
            fiction = self._invented(key)
            if len(key) <= _LONGEST_WORD:
                self._known[key] = fiction
                self._taken.add(fiction)
        return fiction

    def digits(self, text: str, *salt: object) -> list[str]:
        """Return what stands for each digit of a run; the digits of other scripts stay in theirs."""
        if self.is_learning:
            return [*text]
        plain = text if text.isascii() else "".join(str(digit(each)) for each in text)
        key = "\0".join((plain, *map(str, salt))) if salt else plain
        fiction = self._known.get(key)
        if fiction is None:
            fiction = self._invented_digits(plain, salt)
            if len(plain) <= _LONGEST_WORD:
                self._known[key] = fiction
                self._taken.add(fiction)
        if plain is text:
            return [*fiction]
        return [
            chr(ord(each) - digit(each) + int(new)) for each, new in zip(text, fiction, strict=True)
        ]

    def _invented(self, key: str) -> str:
        if len(key) <= _SHORT and (short := self._exchanged(len(key), _ASCII).get(key)):
            return short
        fiction = key
        for attempt in range(_TRIES if len(key) <= _LONGEST_WORD else 1):
            fiction = _spoken(key, self._octets(2 * len(key) + 1, "word", key, attempt))
            is_free = not (
                fiction in self._taken or fiction in self.people or _is_reserved(fiction)
            )
            if is_free and not shares_a_part(key, fiction):
                break
        return fiction

    def _invented_digits(self, plain: str, salt: Sequence[object]) -> str:
        if len(plain) <= _SHORT and not (salt and len(plain) > 1):
            return self._exchanged(len(plain), _DIGITS)[plain]
        fiction = plain
        for attempt in range(_TRIES if len(plain) <= _LONGEST_WORD else 1):
            drawn = self._octets(len(plain), "digits", plain, *salt, attempt)
            fiction = drawn.translate(_TO_DIGIT).decode()
            if fiction not in self._taken and not shares_a_part(plain, fiction):
                break
        return fiction

    def _exchange(self, length: int, alphabet: str) -> dict[str, str]:
        """Return what stands for each text of so few characters, but for those that mean something."""
        texts = map("".join, product(alphabet, repeat=length))
        return _cycle(
            self.chance("short", length, alphabet),
            [each for each in texts if length == 1 or not _is_reserved(each)],
        )


def shares_a_part(one: str, other: str) -> bool:
    """Return whether two texts are the same, or share four characters in a row."""
    return one == other or any(
        other[at : at + _WINDOW] in one for at in range(len(other) - _WINDOW + 1)
    )


def _cycle(chance: random.Random, texts: Iterable[str]) -> dict[str, str]:
    """Return a successor for each text: another one, and never the same for two."""
    order = [*texts]
    chance.shuffle(order)
    return {each: order[at - 1] for at, each in enumerate(order)}


def _is_reserved(word: str) -> bool:
    """Return whether a word means something, or holds one that says what a telephone is for."""
    return word in _RESERVED or _PHONE_WORDS.search(word.upper()) is not None


def _spoken(key: str, octets: bytes) -> str:
    """Return a word of the same length, drawn by chance; ASCII letters are such that it can be spoken.

    *octets*: two for each letter, and one more.
    """
    is_vowel = bool(octets[-1] & 1)
    if len(key) > _SHORT and _LETTERS.fullmatch(key):
        word = bytearray(octets[: len(key)].translate(_TO_CONSONANT))
        first = 0 if is_vowel else 1
        word[first::2] = octets[first : len(key) : 2].translate(_TO_VOWEL)
        return word.decode()
    found = []
    for at, letter in enumerate(key):
        if letter in _ASCII:
            pool: Sequence[str] = _VOWELS if is_vowel else _CONSONANTS
            if len(key) <= _SHORT:
                pool = _ASCII
            is_vowel = not is_vowel
        else:
            pool = _like(letter)
        found.append(pool[int.from_bytes(octets[2 * at : 2 * at + 2]) % len(pool)])
    return "".join(found)


def _cased(word: str, like: str) -> str:
    """Return a word of small letters in the case of another one, both in ASCII."""
    if like.isupper():
        return word.upper()
    if like[1:].islower():
        return word[:1].upper() + word[1:]
    return "".join(
        each.upper() if one.isupper() else each for each, one in zip(word, like, strict=True)
    )


def _clusters(text: str) -> list[str]:
    """Return the letters of a text, each with the marks that can become one character with it."""
    if text.isascii():
        return [*text]
    clusters: list[str] = []
    for character in text:
        is_mark = category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
        if clusters and is_mark:
            joined = clusters[-1] + character
            if len(normalize("NFC", joined)) == 1:
                clusters[-1] = joined
                continue
        clusters.append(character)
    return clusters


def _key(clusters: list[str]) -> str:
    """Return what is the same for a word however it is written."""
    return "".join(map(_lower, map(_composed, clusters)))


def _composed(cluster: str) -> str:
    return normalize("NFC", cluster) if len(cluster) > 1 else cluster


def _as_written(letter: str, cluster: str) -> list[str]:
    """Return *letter* in the case of *cluster*, and taken apart as that is."""
    if _lower(cluster[0]) != cluster[0]:
        letter = letter.upper()
    parts = normalize("NFD", letter) if len(cluster) > 1 else letter
    # Their lengths are the same, as `_like` sees to it.
    return [*parts] if len(parts) == len(cluster) else [parts, *[""] * (len(cluster) - 1)]


@cache
def _lower(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 and lower.upper() == letter else letter


@cache
def _like(letter: str) -> tuple[str, ...]:
    """Return the letters that can stand for one: of its script and case, with its marks, as long in UTF-8.

    Those of Windows-1252 stay in it. It is the letter itself if there is no other.
    """
    if category(letter)[0] != "L":
        return (letter,)
    if 0x4E00 <= ord(letter) <= 0x9FFF:
        return _ideographs()
    apart = normalize("NFD", letter)
    base, marks = apart[0], apart[1:]
    if marks and category(marks[0])[0] == "M":
        bases = _like(base) if not base.isascii() else tuple(_ASCII)
        found = (normalize("NFC", each + marks) for each in (*bases, base))
    else:
        found = (chr(code) for code in _neighbours(letter))
    alike = tuple(sorted({each for each in found if _is_alike(letter, each)} - {letter}))
    return alike or (letter,)


@cache
def _ideographs() -> tuple[str, ...]:
    """Return the ideographs that every charset of East Asia has: the common ones."""
    return tuple(filter(_is_common, map(chr, range(0x4E00, 0x9FA6))))


def _is_common(letter: str) -> bool:
    try:
        return all(len(letter.encode(charset)) == 2 for charset in ("gb2312", "big5", "shift_jis"))
    except UnicodeEncodeError:
        return False


def _neighbours(letter: str) -> range:
    code = ord(letter)
    if 0xAC00 <= code <= 0xD7A3:  # syllables of three letters are in cycles of 28
        return range(0xAC00 + (code - 0xAC00) % 28, 0xD7A4, 28)
    first = code & ~0x1F
    close = range(first, first + 0x20)
    if sum(_is_alike(letter, chr(each)) for each in close) > 2:
        return close
    return range(code & ~0x7F, (code & ~0x7F) + 0x80)


def _is_alike(letter: str, other: str) -> bool:
    if len(other) != 1 or category(other) != category(letter):
        return False
    return (
        _script(other) == _script(letter)
        and len(other.encode()) == len(letter.encode())
        and len(normalize("NFD", other)) == len(normalize("NFD", letter))
        and normalize("NFC", other) == other
        and _is_cased(other) == _is_cased(letter)
        and len(other.upper().encode()) == len(letter.upper().encode())
        and _in_windows_1252(other) == _in_windows_1252(letter)
    )


def _script(letter: str) -> str:
    return name(letter, "").partition(" ")[0]


def _is_cased(letter: str) -> bool:
    upper = letter.upper()
    return upper != letter and len(upper) == 1 and upper.lower() == letter


def _in_windows_1252(letter: str) -> bool:
    try:
        return bool((letter + letter.upper()).encode("cp1252"))
    except UnicodeEncodeError:
        return False
