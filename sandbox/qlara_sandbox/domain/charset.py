"""The bytes of one value to text: UTF-8, what the property declares, or Windows-1252.

Values that are UTF-8 but for some bytes are common: cut in the middle of a character, joined from two
sources, or written by software that encodes UTF-16's surrogates one by one (CESU-8). Their bad bytes
alone are replaced.
"""

from __future__ import annotations

import re
from codecs import charmap_decode
from encodings.aliases import aliases
from encodings.cp1252 import decoding_table
from functools import lru_cache

_ESCAPE = 0x1B

# What a value may declare as its charset. Others (punycode, utf-7, escapes) are no text that a client
# or a telephone writes; some cost quadratic time, and some yield what no UTF-8 can hold. A name that is
# not known here is never looked up: Python remembers every one for ever, and searches for modules.
_CHARSETS = re.compile(
    r"iso8859_\d+|latin_1|cp\d+|koi8_[rtu]|mac_\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|iso2022_\w+|tis_620"
)
_WITHOUT_ALIAS = (
    *("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "iso8859_1", "koi8_t", "koi8_u"),
    *("mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian"),
)
_UNICODE = re.compile(r"ascii|utf_8|utf_(?:16|32)(?:_[bl]e)?")


def _named(pattern: re.Pattern[str]) -> dict[str, str]:
    """Return the codecs that *pattern* matches, by each of their names in Python's spelling."""
    names = (*aliases.items(), *((codec, codec) for codec in aliases.values()))
    return {name: codec for name, codec in names if pattern.fullmatch(codec)}


_TEXT_CODECS = _named(_CHARSETS) | {codec: codec for codec in _WITHOUT_ALIAS}
_UNICODE_CODECS = _named(_UNICODE) | {"utf_8_sig": "utf_8_sig", "unicode_1_1_utf_8": "utf_8"}
_WORDS_OF_NAME = re.compile(r"[a-z0-9.]+")
_LONGEST_NAME = 40  # RFC 2978 section 2.3

# A character beyond U+FFFF as two surrogates of three bytes each (Unicode Technical Report 26).
_SURROGATES = re.compile(rb"\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])")

# What nobody writes in Windows-1252, but everybody in UTF-8: Latin, Greek, Cyrillic, Hebrew and Arabic
# letters of two bytes, and whatever takes three or four.
_SURELY_UTF_8 = re.compile(
    rb"[\xc3-\xc5\xce-\xd1\xd7-\xd9][\x80-\xbf]"
    rb"|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
# What else is valid UTF-8, but may as well be a capital letter and a quotation mark: „MENÜ“.
_PERHAPS_UTF_8 = re.compile(rb"[\xc2\xc6-\xcd\xd2-\xd6\xda-\xdf][\x80-\xbf]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# Without two such bytes in a row there is no character of UTF-8, nor half of one.
_TWO_BYTES = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
# A value that was cut in the middle of its only such character. In Windows-1252 it would end with a
# capital letter behind a small one.
_CUT = re.compile(rb"[a-z][\xc2-\xd6\xd8-\xde]\Z")
_CUT_OFF = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")
_SURE = 4  # as much evidence as that many characters that may be UTF-8
_ENOUGH = 3


def decode_strictly(raw: bytes, charset: str) -> str:
    """Return the text of a value that is in *charset* and in nothing else.

    Raises:
        LookupError: there is no such charset, or it is none that text is sent in.
        UnicodeError: the value is not text in it.
    """
    codec = _codec(charset)
    if not codec:
        raise LookupError(charset)
    return raw.decode(codec)


def decode(raw: bytes, charset: str = "") -> str:
    """Return the text of a value.

    Valid UTF-8 is UTF-8. Otherwise the *charset* that the property declares decides, or else what the
    bytes look like: UTF-8 with some bad bytes, which become U+FFFD, or Windows-1252. Never fails.
    """
    if _ESCAPE in raw:  # ISO-2022 writes every script in seven bits, which are UTF-8 too
        return decode_other(raw, charset)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return decode_other(raw, charset)


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    """Return Python's name of a charset; nothing for what is none or none that text is sent in."""
    if len(charset) > _LONGEST_NAME or not charset.isascii():
        return ""
    name = "_".join(_WORDS_OF_NAME.findall(charset.lower()))  # as Python's codecs has it
    names = (name, name.removeprefix("x_"), name.replace("_", "", 1), name.removesuffix("_i"))
    known = (_TEXT_CODECS.get(name) or _UNICODE_CODECS.get(name) for name in names)
    return next(filter(None, known), "")


def decode_other(raw: bytes, charset: str = "") -> str:
    """Return the text of a value that is known not to be valid UTF-8, as `decode` does."""
    codec = _codec(charset) if charset else ""
    if codec == "utf_8":
        return _repaired(raw)
    if codec in _TEXT_CODECS:
        try:
            return raw.decode(codec)
        except ValueError:
            pass  # it is not text in that charset
    return (
        _repaired(raw)
        if _is_nearly_utf_8(raw)
        else charmap_decode(raw, "replace", decoding_table)[0]
    )


def _repaired(raw: bytes) -> str:
    return _SURROGATES.sub(_character, raw).decode("utf-8", "replace")


def _character(pair: re.Match[bytes]) -> bytes:
    first, second, third, fourth = (octets[0] & 0x3F for octets in pair.groups())
    high, low = (first & 0x0F) << 6 | second, (third & 0x0F) << 6 | fourth
    return chr(0x10000 + (high << 10) + low).encode()


def _is_nearly_utf_8(raw: bytes) -> bool:
    if not _TWO_BYTES.search(raw):  # as in most of what is Windows-1252
        return raw[-1:] >= b"\xc2" and _CUT.search(raw) is not None
    rest, surrogates = _SURROGATES.subn(b" ", raw)
    rest, others = _SURELY_UTF_8.subn(b" ", rest)
    rest, perhaps = _PERHAPS_UTF_8.subn(b" ", _CUT_OFF.sub(b"", rest))
    evidence = _SURE * (surrogates + others) + perhaps
    if evidence < _ENOUGH:
        return _CUT.search(raw) is not None
    return evidence > len(_NOT_ASCII.findall(rest))
