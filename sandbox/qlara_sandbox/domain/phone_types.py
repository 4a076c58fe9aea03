"""What the types and labels of a telephone number say: whether a person answers it, and a mobile one.

There are three standard spellings (``FAX``, ``pager``, ``cell``) and dozens in address books:
``homefax``, ``FAX_WORK``, ``X-FAX``, ``TTY-TDD``, ``WORK_MOBILE``, Apple's ``_$!<HomeFAX>!$_`` and labels
in the language of the telephone. So the words in them decide.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+")
# Where a word of two begins its second one: homeFax, HomeFAX, iPhone.
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")

# What a word holds that names a machine. These appear in compounds: TELEFAX, Faxnummer, Bürofax, 传真号.
_MACHINES = re.compile(
    r"FAX|FACSIMIL|TELECOP|TÉLÉCOP|FAKS|ФАКС|ΦΑΞ|ファックス|ファクス|传真|傳真|팩스|פקס|فاكس"
    r"|PAGER|BEEPER|BIPEUR|BUSCAPERSONAS|CERCAPERSONE|ПЕЙДЖЕР|ポケベル|寻呼|TELEX|ТЕЛЕКС"
    r"|TEXTPHONE|TEXTTELEPHONE|TELETYPE|MINICOM|TTYTDD|MODEM"
)
_PLACES = re.compile(r"HALIFAX|FAIRFAX|COLFAX")
_MACHINE_WORDS = frozenset(
    {"TTY", "TDD", "BBS", "TLX", "TWX", "PIEPSER", "TEXTPHONE", "TEXTTELEPHONE"}
)

_MOBILE_WORDS = frozenset(
    {
        *("CELL", "CELLULAR", "CELLPHONE", "CELLULARE", "CELULAR", "CELLULAIRE", "PCS", "GSM"),
        *("MOBILE", "MOBIL", "MOVIL", "MÓVIL", "TELEMOVEL", "TELEMÓVEL", "TELEFONINO", "PORTABLE"),
        *("HANDY", "NATEL", "IPHONE", "SMARTPHONE", "MATKAPUHELIN", "KOMÓRKA", "KOMÓRKOWY"),
        *("МОБИЛЬНЫЙ", "СОТОВЫЙ", "МОБІЛЬНИЙ", "ΚΙΝΗΤΌ", "ΚΙΝΗΤΟ", "נייד", "جوال", "محمول"),
        *("携帯", "携帯電話", "手机", "手機", "移动电话", "휴대폰", "휴대전화"),
        "TEXT",  # RFC 6350 6.4.1: takes text messages
        "SMS",
    }
)
# WORKMOBILE, homecell, Mobiltelefon; neither Automobile nor Excell.
_MOBILE = re.compile(
    r"(?:HOME|WORK|OTHER|BUSINESS|BUS|COMPANY|OFFICE|PERSONAL|PRIVATE|PREF|VOICE)"
    r"(?:MOBILE?|CELL(?:ULAR|PHONE)?)|MOBILE?\w*|CELL(?:ULAR|PHONE)?(?:HOME|WORK|VOICE|PHONE|NUMBER)"
)


class PhoneUse(NamedTuple):
    """What a telephone number is good for."""

    answered: bool
    mobile: bool
    preferred: bool


ASCII_STEMS = {
    *filter(str.isascii, (*_MACHINES.pattern.split("|"), *_MACHINE_WORDS, *_MOBILE_WORDS)),
    *("MOBIL", "CELL", "PREF"),
}
"""Of these there is one in the letters of every ASCII text whose use is not that of any telephone."""


def phone_use(types: str) -> PhoneUse:
    """Return what *types* say: a label, or types with anything but letters between them."""
    if not (types.isupper() or types.islower()):  # has no humps
        types = _HUMP.sub(" ", types)
    words = _WORD.findall(types.upper())
    found = set(words)
    if len(words) > 1:
        found.update(map("".join, pairwise(words)))  # Text Telephone, iPhone
    is_machine = not found.isdisjoint(_MACHINE_WORDS) or any(map(_names_a_machine, words))
    is_mobile = not found.isdisjoint(_MOBILE_WORDS) or any(map(_MOBILE.fullmatch, found))
    return tuple.__new__(PhoneUse, (not is_machine, is_mobile, "PREF" in found))


def _names_a_machine(word: str) -> bool:
    return (
        _MACHINES.search(word) is not None and _MACHINES.search(_PLACES.sub("", word)) is not None
    )
