"""Folded and long lines (RFC 2426 section 2.6, RFC 6350 section 3.2)."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.torture.feature import Feature, NameAs, Place
from qlara_contract.torture.given import (
    CODE,
    EMAIL_1,
    EMAIL_2,
    NAME,
    NAME_1,
    NAME_2,
    NUMBER,
    NUMBER_1,
    NUMBER_2,
    OTHER,
    REST,
)
from qlara_contract.torture.writing import Options, Series, most_telling

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLD, TAB = "\r\n ", "\r\n\t"
_WIDTH = 75
_PHOTO = b64encode(bytes(number * 37 % 256 for number in range(1536))).decode()
_SENTENCE = "Met at the trade fair: asked for offers; wants a call\\, not a letter. "

_fold = Series("fold", "cards.folded-lines").reads
_inside = Series("fold", "cards.folded-inside-a-character").reads
_other = Series("fold", "cards.other-properties", Options(place=Place.BETWEEN_GUARDS)).reads


def _in_lines(line: str, width: int = _WIDTH, fold: str = FOLD) -> str:
    return fold.join(line[at : at + width] for at in range(0, len(line), width))


_SEAMS = (
    _fold("mid-word", "A fold inside a word is not taken out.", f"FN:{NAME_1}{FOLD}{NAME_2}"),
    _fold(
        "blank-at-the-seam",
        "Of two blanks after the line end, only the first is the fold; the other belongs to the name.",
        f"FN:Maria{FOLD} {NAME}",
        name=f"Maria {NAME}",
    ),
    _fold(
        "blank-before-the-seam",
        "A blank before a fold belongs to the name, and is lost.",
        f"FN:Maria {FOLD}{NAME}",
        name=f"Maria {NAME}",
    ),
    _fold("tab", "A line folded with a tab is not read as one.", f"FN:{NAME_1}{TAB}{NAME_2}"),
    _fold(
        "tab-then-blank",
        "After a fold with a tab, the blank belongs to the name.",
        f"FN:Maria{TAB} {NAME}",
        name=f"Maria {NAME}",
    ),
    _fold(
        "twice",
        "A line folded twice is not read as one.",
        f"FN:Ma{FOLD}ria {NAME_1}{FOLD}{NAME_2}",
        name=f"Maria {NAME}",
    ),
    _fold(
        "five-times",
        "A line folded five times is not read as one.",
        f"FN:A{FOLD}n{TAB}n{FOLD}a{FOLD} {NAME_1}{TAB}{NAME_2}",
        name=f"Anna {NAME}",
    ),
    _fold("after-the-colon", "A fold right after the colon loses the value.", f"FN:{FOLD}{NAME}"),
    _fold(
        "before-the-colon",
        "A fold right before the colon is not taken out.",
        f"TEL;TYPE=CELL{FOLD}:{NUMBER}",
    ),
    _fold("in-the-number", "A fold in a number loses a part.", f"TEL:{NUMBER_1}{FOLD}{NUMBER_2}"),
    _fold(
        "in-the-number-by-tab",
        "A fold with a tab in a number loses a part.",
        f"TEL;TYPE=CELL:{NUMBER_1}{TAB}{NUMBER_2}",
    ),
    _fold(
        "number-after-the-colon",
        "A number that begins on the next line is lost.",
        f"TEL;TYPE=WORK:{FOLD}{NUMBER}",
    ),
    _fold(
        "in-the-address",
        "A fold in an address loses a part.",
        f"EMAIL:{EMAIL_1}{FOLD}{EMAIL_2}",
    ),
    _fold(
        "in-a-parameter",
        "A fold in a parameter hides the property.",
        f"TEL;TY{FOLD}PE=WORK:{NUMBER}",
    ),
    _fold(
        "in-a-property-name",
        "A fold in a name hides the property.",
        f"TE{FOLD}L;TYPE=WORK:{NUMBER}",
    ),
    _fold(
        "in-a-group", "A fold in a group hides the property.", f"it{FOLD}em1.TEL;TYPE=WORK:{NUMBER}"
    ),
    _fold(
        "in-a-quoted-parameter",
        "A fold in a quoted parameter hides the property.",
        f'TEL;X-NOTE="a:{FOLD}b;c":{NUMBER}',
    ),
    _fold(
        "in-an-escape",
        "A backslash and the comma on the next line are one escape.",
        f"FN:Rossi\\{FOLD}, {NAME}",
        name=f"Rossi, {NAME}",
    ),
    _fold(
        "in-a-uri",
        "A fold in a tel: URI loses a part.",
        f"TEL;VALUE=uri:te{FOLD}l:{CODE}-{FOLD}{REST}",
        versions=("4.0",),
    ),
    _fold("in-n", "A fold in N changes the name, which is FN.", f"N:Ros{FOLD}si;Mar{TAB}co;;;"),
    _fold(
        "number-like-line",
        "What follows a fold is no property, even if it looks like one.",
        f"NOTE:The number of her assistant{FOLD}TEL:{OTHER}",
    ),
    _fold(
        "name-like-line",
        "What follows a fold is no property, even if it looks like one.",
        f"FN:{NAME}",
        f"NOTE:Copied from the old address book:{FOLD}FN:Somebody Else{FOLD}EMAIL:else@example.com",
    ),
    _fold(
        "every-octet",
        "A line folded after every character is not read as one.",
        f"FN:{FOLD.join('Maria ')}{FOLD}{NAME}",
        name=f"Maria {NAME}",
    ),
    _fold(
        "long-name",
        "A name of 240 characters, folded after 75 octets, is not read as one.",
        _in_lines(f"FN:{'Maria Antonietta Giovanna ' * 9}") + f" {FOLD}{NAME}",
        name=f"{'Maria Antonietta Giovanna ' * 9} {NAME}",
        name_as=NameAs.WORDS,
    ),
)

_LONG = (
    _other(
        "photo",
        "A folded PHOTO of 2 KB in base64 disturbs the card.",
        _in_lines(f"PHOTO;ENCODING=b;TYPE=JPEG:{_PHOTO}"),
        versions=("3.0",),
    ),
    _other(
        "photo-uri",
        "A folded PHOTO of 2 KB as data: URI disturbs the card.",
        _in_lines(f"PHOTO:data:image/jpeg;base64,{_PHOTO}"),
        versions=("4.0",),
    ),
    _other(
        "photo-by-tab",
        "A PHOTO that is folded with tabs disturbs the card.",
        _in_lines(f"PHOTO;ENCODING=b;TYPE=JPEG:{_PHOTO}", fold=TAB),
        versions=("3.0",),
    ),
    _other(
        "long-note", "A folded NOTE of 2 KB disturbs the card.", _in_lines(f"NOTE:{_SENTENCE * 30}")
    ),
    _other("line-of-1000", "A line of 1 000 octets disturbs the card.", f"NOTE:{'lorem ' * 166}"),
    _other("line-of-9000", "A line of 9 000 octets disturbs the card.", f"NOTE:{'lorem ' * 1500}"),
    _other(
        "end-in-a-note",
        "`END:VCARD` in a folded NOTE ends the card.",
        f"NOTE:Please remove the line that says{FOLD}END:VCARD from the export",
    ),
    _other(
        "begin-in-a-note",
        "`BEGIN:VCARD` in a folded NOTE begins a card.",
        f"NOTE:The file should start with{FOLD}BEGIN:VCARD in its first line",
    ),
    _other(
        "end-alone",
        "`END:VCARD` that is the last line of a folded NOTE ends the card.",
        f"NOTE:Please remove the line that says{FOLD}END:VCARD",
    ),
    _other(
        "begin-alone",
        "`BEGIN:VCARD` that is the last line of a folded NOTE begins a card.",
        f"NOTE:The first line of the file should be{FOLD}BEGIN:VCARD",
    ),
    _other(
        "frames-in-a-line",
        "`END:VCARD` inside a line ends the card.",
        "NOTE:Do not write END:VCARD or BEGIN:VCARD here\\, please",
    ),
    _other(
        "escaped-frames",
        "A whole card with escaped line feeds in a NOTE is taken for a card.",
        f"NOTE:BEGIN:VCARD\\nFN:Somebody Else\\nTEL:{OTHER}\\nEND:VCARD\\n",
    ),
)


def _inside_characters() -> Iterator[Feature]:
    for key, character, at in (
        ("two-octets", "ò", 1),
        ("three-octets", "山", 1),
        ("three-octets-late", "山", 2),
        ("four-octets", "😀", 2),
        ("four-octets-late", "😀", 3),
    ):
        yield _inside(
            f"inside-a-character.{key}",
            f"A fold between the octets of `{character}` is not taken out.",
            f"FN:{NAME} Nico{character}",
            name=f"{NAME} Nico{character}",
            versions=("4.0",),
            apart="inside-a-character",
            edit=partial(_between_octets, character.encode(), at),
        )


def _between_octets(character: bytes, at: int, content: bytes) -> bytes:
    return content.replace(character, character[:at] + b"\r\n " + character[at:], 1)


FEATURES = most_telling(
    *("blank-at-the-seam", "mid-word", "end-alone", "end-in-a-note", "tab", "twice"),
    *("in-the-number", "begin-alone"),
    *("after-the-colon", "in-an-escape", "number-like-line", "blank-before-the-seam"),
    *("in-the-address", "begin-in-a-note", "line-of-1000", "photo", "in-a-parameter", "long-name"),
    of=(*_SEAMS, *_LONG, *_inside_characters()),
)
