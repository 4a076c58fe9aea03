"""Names in every script, names that look like something else, and names at the edge of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

from qlara_contract.strategies import escaped
from qlara_contract.torture.feature import NameAs
from qlara_contract.torture.given import NAME
from qlara_contract.torture.writing import Options, Series, most_telling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_contract.torture.feature import Feature

_SCRIPTS = {
    "western": "Zoë Müller-Strauß",
    "polish": "Łukasz Żółć",
    "turkish": "İbrahim Işık",
    "vietnamese": "Nguyễn Thị Đỗ Quỳnh",
    "icelandic": "Þórður Ægisson",
    "greek": "Ελένη Παπαδοπούλου",
    "polytonic": "Ἑλένη Ὀδυσσεύς",
    "russian": "Наталья Щербакова",
    "ukrainian": "Ґанна Їжак",
    "georgian": "ნინო ბერიძე",
    "armenian": "Անի Պետրոսյան",
    "hebrew": "דוד כהן",
    "arabic": "محمد العربي",
    "persian": "پروانه ژاله",
    "hindi": "प्रिया शर्मा",
    "tamil": "கவிதா முருகன்",
    "thai": "สมชาย ใจดี",
    "khmer": "សុខា ចាន់",
    "amharic": "አበበ ቢቂላ",
    "chinese": "王小明",
    "traditional-chinese": "張學友",
    "rare-chinese": "𠮷野家 𡈽屋",
    "japanese": "山田 花子",
    "katakana": "ヤマダ ハナコ",
    "korean": "김민수",
    "mixed": "Anna アンナ Анна",
    "emoji": "Marco 😀 Rossi",
    "emoji-alone": "🎉",
    "emoji-skin": "Luca 👍🏽 Verdi",
    "emoji-joined": "Famiglia 👨‍👩‍👧‍👦 Neri",
    "flag": "Paola 🇮🇹 Gallo",
    "symbols": "Studio ☎ Bianchi™",
    "currency": "Cambio € £ ¥",
    "two-directions": "Marco דוד Rossi",
    "curly-quotes": "Luca “Lucky” Verdi",
    "apostrophe": "Anna D’Angelo",
    "dashes": "Anna–Maria — Conti",
    "ordinals": "Nº 1 ª²³",
    "composed": normalize("NFC", "José Núñez Ångström"),
    "combining": normalize("NFC", "X̱imena Ñandú"),
}

_VERBATIM = {
    "bold": "<b>Marco</b> Grassi",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(2)>",
    "tag-like": "Anna <anna@example.com>",
    "less-than": "Luca <3 Paola",
    "comment": "Marta <!-- nota -->",
    "quotes": 'Marco "Il Grande" Rossi',
    "quote-alone": '5" Tubi',
    "single-quote": "Sean O'Neil",
    "two-single-quotes": "L''Aquila",
    "back-quotes": "Anna `whoami`",
    "ampersand": "Rossi & Figli",
    "ampersand-tight": "R&D",
    "entity-amp": "Rossi &amp; Figli",
    "entity-lt": "a &lt;b&gt; c",
    "entity-number": "Anna &#39;Neri&#x27;",
    "plus": "Marco+Anna",
    "plus-blank": "A + B",
    "percent": "100% Sconto",
    "percent-encoded": "%41nna %4Eeri",
    "percent-blank": "Anna%20Neri",
    "percent-s": "Anna %s %d",
    "mustache": "{{7*7}}",
    "dollar": "${name}",
    "erb": "<%= 7*7 %>",
    "hash": "#{7*7}",
    "braces": "{0} {name}",
    "sql": "Robert'; DROP TABLE contacts;--",
    "sql-like": "100_% OR 1=1",
    "formula": "=SUM(A1:A9)",
    "formula-link": '=HYPERLINK("http://a.example")',
    "at": "@marco",
    "leading-plus": "+Marco",
    "leading-minus": "-Marco",
    "leading-hash": "#1 Bar",
    "leading-slash": "/etc/passwd",
    "path": "C:\\Users\\new\\temp",
    "dots": "../../etc/passwd",
    "url": "https://example.com/?a=1&b=2",
    "pipe": "Anna | Luca",
    "stars": "**Anna** _Luca_ ~~x~~",
    "brackets": "[Anna](b) {c}",
    "caret": "Anna^nLuca^^^'",
    "tilde": "~marco~",
    "parentheses": "Anna (ufficio)",
    "slashes": "Anna/Luca\\Paola",
    "commas": "Rossi, Marco, Jr.",
    "semicolons": "Rossi;Marco;;;",
    "comma-last": "Rossi,",
    "semicolon-first": ";Rossi",
    "colon": "Ufficio: Milano: 2",
    "equals": "a=b=c",
    "quoted-printable": "=41=6Ena",
    "base64-like": "TWFyY28=",
    "json": '{"name": "Marco"}',
    "array": "['a','b']",
    "unicode-escape": "\\u0041nna",
    "line-feed-escape": "a\\nb\\tc",
    "backslash-last": "Marco\\",
    "null-byte-text": "Marco\\0",
    "end-text": "Marco END:VCARD Rossi",
    "tel-text": "TEL:12345",
    "fn-text": "FN:Marco",
    "all-of-ascii": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}

_WORDS = {
    "null": "null",
    "none": "None",
    "nil": "nil",
    "true": "true",
    "false": "false",
    "nan": "NaN",
    "infinity": "Infinity",
    "undefined": "undefined",
    "not-available": "N/A",
    "object": "[object Object]",
    "zero": "0",
    "digits": "1234567890",
    "leading-zeros": "00123",
    "float": "1.50",
    "exponent": "1e5",
    "hexadecimal": "0x1F",
    "date": "2026-04-09",
    "long-digits": "12345678901234567890",
    "one-letter": "A",
    "one-ideograph": "王",
    "capitals": "MARCO ROSSI DI MILANO",
    "small-letters": "marco rossi di milano",
    "mixed-case": "McDonald vAN dER bERG",
    "hundred": "Marcantonio " * 8 + "Neri",
}

_FORM = {
    "decomposed": normalize("NFD", "Zoë Ångström"),
    "hangul-decomposed": normalize("NFD", "김영희"),
    "compatibility": "ﬁlippo Ⅳ ①",
    "full-width": "Ｍａｒｃｏ　Ｂｉｎｉ",
    "zero-width-space": "Marco\u200bGreco",
    "zero-width-joiner": "می\u200cخواهم",
    "soft-hyphen": "Marcan\u00adtonio",
    "word-joiner": "Anna\u2060Greco",
    "right-to-left-mark": "\u200fדוד\u200f לוי",
    "left-to-right-mark": "Marco\u200e Longo",
    "override": "Marco \u202eissoR",
    "isolates": "\u2068Marco\u2069 Leone",
    "variation-selector": "Cuore ❤️ Serra",
    "no-break-space": "Marco\u00a0Caruso",
    "thin-space": "Marco\u2009Ferri",
    "ideographic-space": "山本　花",
    "two-blanks": "Marco  Testa",
    "five-blanks": "Marco     Farina",
    "many-marks": "Z" + "\u0301\u0323" * 5 + "oe Rizzi",
    "private-use": "Marco \ue000 Vitale",
    "noncharacter": "Anna \U0001fffe Vitale",
    "characters-255": "Marcantonio " * 21 + "Uno",
    "characters-256": "Marcantonio " * 21 + "Duee",
    "characters-500": "Marcantonio " * 41 + "Trecento",
    "octets-255": "ò" * 128 + "Quattro",
}


def _each(series: Series, names: Mapping[str, str], what: str) -> Iterator[Feature]:
    for key, name in names.items():
        shown = name if len(name) <= 40 else f"{name[:30]}…"
        what_of_it = what.replace("{shown}", shown.replace("`", "'"))
        yield series.reads(key, what_of_it, f"FN:{escaped(name)}", name=normalize("NFC", name))


_SPACES = Series("name", "cards.name-form", Options(name_as=NameAs.WORDS)).reads

FEATURES = (
    *most_telling(
        *("greek", "arabic", "chinese", "emoji-joined", "western", "rare-chinese", "composed"),
        "ordinals",
        *("turkish", "russian", "hebrew", "hindi", "thai", "japanese", "korean", "emoji"),
        "curly-quotes",
        of=_each(Series("script", "cards.non-ascii"), _SCRIPTS, "The name `{shown}` is changed."),
    ),
    *most_telling(
        *(
            "all-of-ascii",
            "bold",
            "ampersand",
            "quotes",
            "plus",
            "percent-encoded",
            "commas",
            "entity-amp",
            "sql",
        ),
        *("single-quote", "semicolons", "formula", "script", "mustache", "colon", "backslash-last"),
        *("leading-plus", "end-text", "dollar", "url", "quoted-printable", "leading-minus", "at"),
        of=_each(
            Series("verbatim", "cards.name-verbatim"), _VERBATIM, "The name `{shown}` is changed."
        ),
    ),
    *most_telling(
        *(
            "null",
            "digits",
            "leading-zeros",
            "zero",
            "one-letter",
            "hundred",
            "none",
            "true",
            "nan",
        ),
        *("capitals", "mixed-case", "small-letters", "exponent", "undefined", "date", "false"),
        of=_each(
            Series("word", "cards.name-verbatim"), _WORDS, "The name `{shown}` is lost or changed."
        ),
    ),
    *most_telling(
        *("decomposed", "two-blanks", "characters-500", "zero-width-space"),
        of=_each(
            Series("form", "cards.name-form", Options(name_as=NameAs.CODE_POINTS)),
            _FORM,
            "The name `{shown}` is changed.",
        ),
    ),
    _SPACES("blank-first", "A blank before a name costs the card.", f"FN:  {NAME}"),
    _SPACES("blank-last", "A blank behind a name costs the card.", f"FN:{NAME}  "),
    _SPACES("tab", "A tab in a name costs the card.", f"FN:Maria\t{NAME}", name=f"Maria {NAME}"),
)
