"""Cards that cannot be imported: reason, name and line of the error (UC-020: Import completed)."""

from __future__ import annotations

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.torture.given import CODE, EMAIL, NAME, OTHER, REST, THIRD
from qlara_contract.torture.writing import Options, Series, most_telling

_missing = Series("missing", "upload.error-missing-phone", Options(reason=MISSING)).refuses
_invalid = Series("invalid", "upload.error-invalid-phone", Options(reason=INVALID)).refuses
_empty = Series("empty", "numbers.empty-is-missing", Options(reason=MISSING)).refuses
_unusable = Series("unusable", "numbers.unusable-kinds", Options(reason=INVALID)).refuses
_plan = Series("plan", "numbers.numbering-plan", Options(reason=INVALID)).refuses
_named = Series("error-name", "upload.error-name", Options(reason=MISSING)).refuses
_named_invalid = Series("error-name", "upload.error-name", Options(reason=INVALID)).refuses

_V3, _V4 = ("3.0",), ("4.0",)

_MISSING = (
    _missing("no-tel", "A card without TEL is no error `Missing phone number`."),
    _missing("no-tel-no-email", "A card with nothing but a name is no such error.", email=""),
    _missing("in-adr", "A number in ADR is taken.", f"ADR:;;{OTHER};Milano;MI;20121;Italia"),
    _missing("in-note", "A number in NOTE is taken.", f"NOTE:TEL:{OTHER}"),
    _missing(
        "in-folded-note", "A line of a folded NOTE is taken for TEL.", f"NOTE:call\r\n TEL:{OTHER}"
    ),
    _missing("in-x-tel", "An X- property is taken for TEL.", f"X-TEL:{OTHER}"),
    _missing("in-x-phone", "An X- property is taken for TEL.", f"X-PHONE;TYPE=CELL:{OTHER}"),
    _missing("in-name", "A number in FN is taken.", name=f"Negozio {OTHER}"),
    _missing("in-uid", "A number in UID is taken.", f"UID:{OTHER}"),
    _missing("in-categories", "A number in CATEGORIES is taken.", f"CATEGORIES:{OTHER}"),
    _missing("in-title", "A number in TITLE is taken.", f"TITLE:TEL;TYPE=CELL:{OTHER}"),
    _missing("in-label", "A number in LABEL is taken.", f"LABEL:{OTHER}", versions=_V3),
    _missing("in-email", "Digits of an address are taken.", "EMAIL:33199000001@example.com"),
    _missing(
        "in-a-parameter",
        "A number in a parameter is taken.",
        f'ADR;LABEL="TEL:{OTHER}":;;;;;;',
        versions=_V4,
    ),
    _missing(
        "long-card",
        "A long card without TEL is no such error.",
        *(f"X-P{at}:{at}" for at in range(60)),
    ),
)

_TOO_SHORT = "12"

_NO_NUMBERS = {
    "two-digits": "12",
    "one-digit": "7",
    "digit-and-sign": "#7",
    "plus-and-digit": "+1",
    "code-only": "+39",
    "thirty-digits": "+393471234567890123456789012345",
    "twenty-digits": "+39347123456789012345",
    "hundred-digits": f"+39{'7' * 100}",
    "letters-and-digit": "room 7",
    "in-parentheses": "(12)",
    "decimal": "1.5",
    "negative": "-12",
}
# Of these an importer may keep nothing and call the number missing.
_NO_DIGITS = {
    "letters": "abcdefgh",
    "sentence": "ask Marco at the office",
    "not-available": "n/d",
    "question": "?",
    "hyphen": "-",
    "plus": "+",
    "symbols": "###",
    "null": "null",
    "word": "unknown",
    "non-ascii": "неизвестно",
    "mail": "marco@example.com",
    "emoji": "☎",
}

_INVALID = (
    *(
        _invalid(
            key, f"`TEL:{typed[:30]}` is no error `Invalid phone number format`.", f"TEL:{typed}"
        )
        for key, typed in _NO_NUMBERS.items()
    ),
    *(
        _invalid(key, f"`TEL:{typed}` is no error.", f"TEL:{typed}", reason="")
        for key, typed in _NO_DIGITS.items()
    ),
    _invalid(
        "typed", "An invalid TEL with types is no such error.", f"TEL;TYPE=CELL,VOICE:{_TOO_SHORT}"
    ),
    _invalid(
        "grouped",
        "An invalid TEL in a group is no such error.",
        f"item1.TEL:{_TOO_SHORT}",
        "item1.X-ABLabel:x",
    ),
    _invalid("lower", "An invalid `tel` is no such error.", f"tel;type=cell:{_TOO_SHORT}"),
    _invalid("two", "Two invalid TEL are no such error.", f"TEL:{_TOO_SHORT}", "TEL;TYPE=HOME:7"),
    _invalid(
        "uri",
        "A tel: URI without number is no such error.",
        "TEL;VALUE=uri:tel:12",
        versions=_V4,
    ),
    _invalid(
        "behind-a-photo",
        "The line of a TEL behind a folded PHOTO is wrong.",
        "PHOTO;ENCODING=b:" + "\r\n ".join(["QUJD" * 15] * 20),
        f"TEL:{_TOO_SHORT}",
        versions=_V3,
    ),
    _invalid(
        "behind-a-fold",
        "The line of a TEL behind a folded NOTE is wrong.",
        "NOTE:one\r\n  two\r\n  three",
        f"TEL:{_TOO_SHORT}",
    ),
    _invalid("folded", "The line of a folded TEL is wrong.", "TEL;TYPE=CELL:1\r\n 2"),
)

_EMPTY = (
    _empty("tel", "An empty TEL is not a missing number.", "TEL:"),
    _empty("tel-typed", "An empty TEL with types is not a missing number.", "TEL;TYPE=CELL:"),
    _empty("tels", "Two empty TEL are not a missing number.", "TEL:", "TEL;TYPE=HOME:"),
    _empty("blank", "A TEL of blanks is not a missing number.", "TEL:   "),
)

_ODD = (
    _unusable("short-code", "A short code is a number.", "TEL:112"),
    _unusable("short-code-4", "A short code is a number.", "TEL:40112"),
    _unusable("two-by-slash", "Two numbers in one TEL are a number.", f"TEL:{OTHER} / {THIRD}"),
    _unusable("two-by-comma", "Two numbers in one TEL are a number.", f"TEL:{OTHER}\\, {THIRD}"),
    _unusable(
        "two-by-semicolon", "Two numbers in one TEL are a number.", f"TEL:{OTHER}\\; {THIRD}"
    ),
    _unusable("premium", "A premium-rate number is a number.", "TEL:+39899123456"),
    _plan("unknown-code", "A number of no country is a number.", "TEL:+999123456789"),
    _plan("code-zero", "A country code that begins with 0 is a number.", "TEL:+0123456789"),
    _plan("too-short", "A number that is too short for its country is one.", "TEL:+331990"),
    _plan(
        "too-long", "A number that is too long for its country is one.", f"TEL:{CODE}{REST}12345"
    ),
    _plan("sixteen-digits", "A number of 16 digits is one.", "TEL:+3934712345678901"),
    _plan(
        "trunk-zero",
        "A number with the trunk prefix in brackets of nowhere is one.",
        "TEL:+1 (0) 12",
    ),
)

_NAMES = {
    "comma": "Rossi, Marco",
    "semicolon": "Neri; Anna",
    "backslash": "C:\\new",
    "markup": "<i>Anna</i> Leone",
    "ampersand": "Verdi & Verdi",
    "quotes": 'Luca "Lucky" Longo',
    "greek": "Ελένη Παππά",
    "chinese": "李小龙",
    "emoji": "Paola 🌻 Serra",
    "accents": "Niccolò Forlì",
    "digits": "4711",
    "word": "NULL",
    "hundred": "Massimiliano " * 7 + "Neri",
}

_ERROR_NAMES = (
    *(
        _named(f"missing.{key}", f"The name `{name[:30]}` of an error is changed.", name=name)
        for key, name in _NAMES.items()
    ),
    *(
        _named_invalid(
            f"invalid.{key}",
            "The name of an error is changed.",
            f"TEL:{_TOO_SHORT}",
            name=f"{name} ii",
        )
        for key, name in _NAMES.items()
    ),
    _named(
        "folded",
        "A folded name of an error is not read as one.",
        f"FN:Ma\r\n ria {NAME}",
        name=f"Maria {NAME}",
    ),
    _named("not-n", "The name of an error is N.", "N:Altro;Nome;;;"),
    _named(
        "behind", "The name of an error behind EMAIL is not read.", f"EMAIL:{EMAIL}", f"FN:{NAME}"
    ),
)

FEATURES = (
    *_MISSING,
    *most_telling(
        *("two-digits", "letters", "two", "behind-a-photo", "behind-a-fold", "typed", "grouped"),
        *("thirty-digits", "plus", "not-available", "code-only", "folded", "lower", "uri", "null"),
        "letters-and-digit",
        of=_INVALID,
    ),
    *_EMPTY,
    *_ODD,
    *most_telling(
        *("not-n", "folded", "invalid.comma", "missing.greek", "invalid.markup", "missing.emoji"),
        *("missing.backslash", "invalid.semicolon", "invalid.ampersand", "invalid.chinese"),
        *("missing.quotes", "invalid.accents", "missing.digits", "invalid.hundred", "behind"),
        of=_ERROR_NAMES,
    ),
)
