"""The bytes of one value to text: UTF-8, what the property declares, or Windows-1252.

Values that are UTF-8 but for some bytes are common: cut in the middle of a character, joined from two
sources, or written by software that encodes UTF-16's surrogates one by one (CESU-8). Their bad bytes
alone are replaced.
"""

from __future__ import annotations

import codecs
import re

_ESCAPE = 0x1B

# What a value may declare as its charset. Others (punycode, utf-7, escapes) are no text that a client
# or a telephone writes; some cost quadratic time, and some yield what no UTF-8 can hold.
_CHARSETS = re.compile(
    r"iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|iso2022_\w+|tis-620"
)
_UNICODE = re.compile(r"ascii|utf-8(?:-sig)?|utf-(?:16|32)(?:-[bl]e)?")
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
    if len(charset) > _LONGEST_NAME or "\0" in charset:
        raise LookupError(charset)
    name = codecs.lookup(charset).name
    if not (_UNICODE.fullmatch(name) or _CHARSETS.fullmatch(name)):
        raise LookupError(charset)
    return raw.decode(name)


def decode(raw: bytes, charset: str = "") -> str:
    """Return the text of a value.

    Valid UTF-8 is UTF-8. Otherwise the *charset* that the property declares decides, or else what the
    bytes look like: UTF-8 with some bad bytes, which become U+FFFD, or Windows-1252. Never fails.
    """
    if _ESCAPE in raw:  # ISO-2022 writes every script in seven bits, which are UTF-8 too
        return _declared(raw, charset)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _declared(raw, charset)


def _declared(raw: bytes, charset: str) -> str:
    try:
        name = codecs.lookup(charset).name if charset else ""
        if name == "utf-8":
            return _repaired(raw)
        if _CHARSETS.fullmatch(name):
            return raw.decode(name)
    except (LookupError, ValueError):
        pass  # an unknown charset, or text that is not in it
    return _repaired(raw) if _is_nearly_utf_8(raw) else raw.decode("cp1252", "replace")


def _repaired(raw: bytes) -> str:
    return _SURROGATES.sub(_character, raw).decode("utf-8", "replace")


def _character(pair: re.Match[bytes]) -> bytes:
    first, second, third, fourth = (octets[0] & 0x3F for octets in pair.groups())
    high, low = (first & 0x0F) << 6 | second, (third & 0x0F) << 6 | fourth
    return chr(0x10000 + (high << 10) + low).encode()


def _is_nearly_utf_8(raw: bytes) -> bool:
    rest, surrogates = _SURROGATES.subn(b" ", raw)
    rest, others = _SURELY_UTF_8.subn(b" ", rest)
    rest, perhaps = _PERHAPS_UTF_8.subn(b" ", _CUT_OFF.sub(b"", rest))
    evidence = _SURE * (surrogates + others) + perhaps
    if evidence < _ENOUGH:
        return _CUT.search(raw) is not None
    return evidence > len(_NOT_ASCII.findall(rest))
