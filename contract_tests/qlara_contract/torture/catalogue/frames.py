"""What stands around cards, and cards that other importers refuse: each could cost a neighbour."""

from __future__ import annotations

from qlara_contract.oracle import MISSING
from qlara_contract.torture.feature import NameAs, Place
from qlara_contract.torture.given import NAME, NUMBER
from qlara_contract.torture.writing import BEGIN, END, Options, Series

_V3 = ("3.0",)
_GUARDED = Place.BETWEEN_GUARDS

_stray = Series("stray", "cards.forgiving", Options(place=_GUARDED, apart="stray-lines")).reads
_nameless = Series("nameless", "cards.name-from-n", Options(place=_GUARDED, apart="nameless")).reads
_from_org = Series("nameless", "cards.name-from-org", Options(place=_GUARDED, apart="nameless"))
_version = Series(
    "version", "cards.other-version", Options(place=_GUARDED, apart="versions")
).refuses
_broken = Series("broken", "cards.broken-card", Options(place=_GUARDED, apart="broken")).refuses


def _before(octets: bytes) -> Options:
    return Options(edit=lambda content: octets + content)


def _behind(octets: bytes) -> Options:
    return Options(edit=lambda content: content + octets)


FEATURES = (
    _stray("blank-line-behind", "An empty line between cards costs a card.", **_behind(b"\r\n")),
    _stray("blank-lines", "Empty lines between cards cost a card.", **_behind(b"\r\n" * 4)),
    _stray("blanks-behind", "A line of blanks between cards costs a card.", **_behind(b"   \r\n")),
    _stray("junk", "A line of text between cards costs a card.", **_behind(b"-- exported --\r\n")),
    _stray("comment", "A comment between cards costs a card.", **_behind(b"# next contact\r\n")),
    _stray("property", "A property between cards costs a card.", **_behind(b"X-EXPORT:1\r\n")),
    _stray("blank-behind-end", "A blank behind END:VCARD costs a card.", tail=(f"{END} ",)),
    _stray(
        "blank-behind-begin",
        "A blank behind BEGIN:VCARD costs a card.",
        head=(f"{BEGIN} ", "VERSION:3.0"),
        versions=_V3,
    ),
    _stray(
        "mark-between", "A byte order mark between cards costs a card.", **_before(b"\xef\xbb\xbf")
    ),
    _nameless(
        "nothing",
        "A card without a name is not read.",
        f"TEL:{NUMBER}",
        without=("FN", "N"),
        versions=_V3,
        name_as=NameAs.ANY,
    ),
    _nameless(
        "n-alone",
        "Without FN, the name is not built from N.",
        f"N:{NAME};;;;",
        without=("FN",),
        versions=_V3,
        name_as=NameAs.WORDS,
    ),
    _nameless(
        "empty-fn",
        "With an empty FN, the name is not built from N.",
        "FN:",
        f"N:{NAME};;;;",
        versions=_V3,
        name_as=NameAs.WORDS,
    ),
    _from_org.reads(
        "org-alone",
        "Without FN and N, the name is not ORG.",
        f"ORG:{NAME}",
        without=("FN", "N"),
        versions=_V3,
    ),
    _from_org.refuses(
        "org-alone-error",
        "Without FN and N, the name of an error is not ORG.",
        f"ORG:{NAME}",
        without=("FN", "N"),
        versions=_V3,
        reason=MISSING,
    ),
    _nameless(
        "number-only",
        "A card of TEL and N with one part is not read.",
        f"N:{NAME}",
        f"TEL:{NUMBER}",
        without=("FN",),
        versions=_V3,
        name_as=NameAs.WORDS,
    ),
    _version(
        "2.1",
        "A card of 2.1 is no error.",
        f"TEL:{NUMBER}",
        head=(BEGIN, "VERSION:2.1"),
        versions=_V3,
        reason="",
    ),
    _version(
        "none",
        "A card without version is no error.",
        f"TEL:{NUMBER}",
        head=(BEGIN,),
        versions=_V3,
        reason="",
    ),
    _version(
        "empty",
        "A card with an empty version is no error.",
        f"TEL:{NUMBER}",
        head=(BEGIN, "VERSION:"),
        versions=_V3,
        reason="",
    ),
    _version(
        "5.0",
        "A card of 5.0 is no error.",
        f"TEL:{NUMBER}",
        head=(BEGIN, "VERSION:5.0"),
        versions=_V3,
        reason="",
    ),
    _broken(
        "no-end",
        "A card without END:VCARD is no error of its own.",
        f"TEL:{NUMBER}",
        tail=(),
        reason="",
    ),
    _broken(
        "no-end-no-tel",
        "A card without END:VCARD and TEL is no error of its own.",
        tail=(),
        reason="",
    ),
    _broken(
        "half",
        "A card that is cut off in FN is no error of its own.",
        tail=(),
        without=("TEL", "EMAIL"),
        email="",
        reason="",
    ),
)
