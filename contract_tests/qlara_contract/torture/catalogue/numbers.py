"""Numbers in every spelling, and which of several is taken (E.164, RFC 3966)."""

from __future__ import annotations

from qlara_contract.oracle import MISSING
from qlara_contract.torture.given import (
    BARE,
    CODE,
    NATIONAL,
    NATIONAL_E164,
    NUMBER,
    OTHER,
    REST,
    REST_1,
    REST_2,
    THIRD,
    grouped,
)
from qlara_contract.torture.writing import Options, Series

_e164 = Series("number", "numbers.e164").reads
_freely = Series("typed", "numbers.typed-freely").reads
_uri = Series("uri", "numbers.tel-uri", Options(versions=("4.0",))).reads
_uri_parameters = Series("uri-with", "numbers.tel-uri-parameters", Options(versions=("4.0",))).reads
_extension = Series("extension", "numbers.extension-dropped").reads
_preferred = Series("preferred", "numbers.preferred-first").reads
_valid = Series("valid", "numbers.first-valid").reads
_fax = Series("fax", "numbers.fax-never")

_V3, _V4 = ("3.0",), ("4.0",)
_DIRECT = "40123"  # so long that no number of another card ends with it

_E164 = (
    _e164("plain", "A number in E.164 is changed.", f"TEL:{NUMBER}"),
    _e164("blanks", "Blanks are not taken out.", f"TEL:{grouped(' ')}"),
    _e164("hyphens", "Hyphens are not taken out.", f"TEL:{grouped('-')}"),
    _e164("dots", "Full stops are not taken out.", f"TEL:{grouped('.')}"),
    _e164(
        "blank-hyphen", "Blanks and hyphens are not taken out.", f"TEL:{CODE} ({REST_1})-{REST_2}"
    ),
    _e164("parentheses", "Parentheses are not taken out.", f"TEL:({CODE}) {REST}"),
    _e164("two-blanks", "Two blanks in a row are not taken out.", f"TEL:{grouped('  ')}"),
    _e164("no-break-space", "No-break spaces are not taken out.", f"TEL:{grouped(chr(0xA0))}"),
    _e164("slashes", "Slashes are not taken out.", f"TEL:{grouped('/')}"),
    _e164("types", "A number with types is changed.", f"TEL;TYPE=WORK,VOICE:{grouped(' ')}"),
)

_FREELY = (
    _freely(
        "trunk-zero", "The `(0)` of a number is not taken out.", f"TEL:{CODE} (0){REST_1} {REST_2}"
    ),
    _freely("blank-around-hyphens", "` - ` is not taken out.", f"TEL:{grouped(' - ')}"),
    _freely("blank-first", "A blank before the number belongs to it.", f"TEL: {NUMBER}"),
    _freely("blank-last", "A blank behind the number belongs to it.", f"TEL:{NUMBER} "),
    _freely("tabs", "Tabs are not taken out.", f"TEL:{CODE}\t{REST}"),
    _freely("narrow-space", "Narrow spaces are not taken out.", f"TEL:{grouped(chr(0x202F))}"),
    _freely("thin-space", "Thin spaces are not taken out.", f"TEL:{grouped(chr(0x2009))}"),
    _freely("unicode-hyphen", "U+2010 is not taken out.", f"TEL:{grouped(chr(0x2010))}"),
    _freely("no-break-hyphen", "U+2011 is not taken out.", f"TEL:{grouped(chr(0x2011))}"),
    _freely("en-dash", "En dashes are not taken out.", f"TEL:{grouped(chr(0x2013))}"),
    _freely("minus", "The minus sign U+2212 is not taken out.", f"TEL:{grouped(chr(0x2212))}"),
    _freely("zero-width", "Zero width spaces are not taken out.", f"TEL:{grouped(chr(0x200B))}"),
    _freely(
        "direction-marks",
        "Marks of direction (from a telephone's address book) belong to the number.",
        f"TEL:\u202a{NUMBER}\u202c",
    ),
    _freely("full-width-plus", "A full-width plus is not read.", f"TEL:＋{BARE}"),
)

_URI = (
    _uri("plain", "A tel: URI is not read.", f"TEL;VALUE=uri:tel:{NUMBER}"),
    _uri(
        "hyphens", "Hyphens in a tel: URI are not taken out.", f"TEL;VALUE=uri:tel:{grouped('-')}"
    ),
    _uri(
        "dots", "Full stops in a tel: URI are not taken out.", f"TEL;VALUE=uri:tel:{grouped('.')}"
    ),
    _uri("parentheses", "Parentheses in a tel: URI stay.", f"TEL;VALUE=uri:tel:{CODE}({REST})"),
    _uri("capitals", "`TEL:` as a scheme is not read.", f"TEL;VALUE=uri:TEL:{NUMBER}"),
    _uri("types", "A tel: URI with types is not read.", f"TEL;VALUE=uri;TYPE=cell:tel:{NUMBER}"),
    _uri("types-first", "VALUE behind TYPE is not read.", f"TEL;TYPE=work;VALUE=uri:tel:{NUMBER}"),
    _uri("pref", "A tel: URI with PREF is not read.", f"TEL;VALUE=uri;PREF=1:tel:{NUMBER}"),
    _uri(
        "quoted-types",
        "A tel: URI with quoted types is not read.",
        f'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:{grouped("-")}',
    ),
    _uri_parameters(
        "context",
        "A tel: URI with phone-context is not read.",
        f"TEL;VALUE=uri:tel:{REST};phone-context={CODE}",
    ),
    _freely("uri-without-value", "A tel: URI without VALUE is not read.", f"TEL:tel:{NUMBER}"),
    _freely("uri-slashes", "`tel://` is not read.", f"TEL;VALUE=uri:tel://{NUMBER}", versions=_V4),
    _freely(
        "uri-encoded",
        "`%2B` in a URI is no plus.",
        f"TEL;VALUE=uri:tel:{NUMBER}",
        versions=_V4,
        edit=lambda content: content.replace(b"tel:+", b"tel:%2B"),
    ),
    _extension(
        "uri",
        "`;ext=` belongs to the number.",
        f"TEL;VALUE=uri:tel:{NUMBER};ext={_DIRECT}",
        versions=_V4,
    ),
    _extension("ext", f"`ext. {_DIRECT}` belongs to the number.", f"TEL:{NUMBER} ext. {_DIRECT}"),
    _extension("x", f"`x{_DIRECT}` belongs to the number.", f"TEL:{NUMBER} x{_DIRECT}"),
)

_double_zero = Series("number", "numbers.double-zero").reads
_region = Series("number", "numbers.default-region").reads

_PREFIXES = (
    _double_zero("double-zero", "`00` is not read as `+`.", f"TEL:00{BARE}"),
    _double_zero(
        "double-zero-blanks",
        "`00` with blanks is not read as `+`.",
        f"TEL:00 {grouped(' ')}",
        edit=lambda content: content.replace(b"TEL:00 +", b"TEL:00 "),
    ),
    _region(
        "national",
        "A number in national form does not get the account's prefix.",
        f"TEL:{NATIONAL}",
        number=NATIONAL_E164,
    ),
    _region(
        "national-typed",
        "A number in national form with types does not get the account's prefix.",
        f"TEL;TYPE=CELL:{NATIONAL}",
        number=NATIONAL_E164,
    ),
)

_CHOICE = (
    _preferred(
        "type",
        "Of two TEL, the one with TYPE=pref is not taken.",
        f"TEL;TYPE=work:{OTHER}",
        f"TEL;TYPE=home,pref:{NUMBER}",
        versions=_V3,
    ),
    _preferred(
        "number",
        "Of two TEL, the one with PREF=1 is not taken.",
        f"TEL;PREF=2:{OTHER}",
        f"TEL;PREF=1:{NUMBER}",
        versions=_V4,
    ),
    _preferred(
        "two-digits",
        "PREF is compared as text: 10 comes before 9.",
        f"TEL;PREF=10:{OTHER}",
        f"TEL;PREF=9:{NUMBER}",
        versions=_V4,
    ),
    _preferred(
        "beside-none",
        "A TEL with PREF=50 does not come before one without.",
        f"TEL:{OTHER}",
        f"TEL;PREF=50:{NUMBER}",
        versions=_V4,
    ),
    _preferred(
        "quoted",
        "PREF in a joined, quoted TYPE is not read.",
        f"TEL;TYPE=work:{OTHER}",
        f'TEL;TYPE="home,pref":{NUMBER}',
        versions=_V3,
    ),
    _preferred(
        "lower-in-the-middle",
        "`type=pref` between others is not read.",
        f"TEL;type=WORK:{OTHER}",
        f"TEL;type=CELL;type=pref;type=VOICE:{NUMBER}",
        f"TEL;type=HOME:{THIRD}",
        versions=_V3,
    ),
    _preferred(
        "invalid",
        "An invalid preferred number hides a valid one.",
        "TEL;TYPE=pref:n/d",
        f"TEL;TYPE=work:{NUMBER}",
        versions=_V3,
    ),
    Series("several", "numbers.mobile-first").reads(
        "mobile",
        "Of two TEL, the one of TYPE=CELL is not taken.",
        f"TEL;TYPE=WORK:{OTHER}",
        f"TEL;TYPE=CELL:{NUMBER}",
    ),
    _valid(
        "after-letters", "An invalid TEL hides a valid one.", "TEL:n/d", f"TEL;TYPE=HOME:{NUMBER}"
    ),
    _valid("after-short", "A TEL that is too short hides a valid one.", "TEL:12", f"TEL:{NUMBER}"),
    _valid("after-empty", "An empty TEL hides a valid one.", "TEL:", f"TEL:{NUMBER}"),
    _valid("before-invalid", "An invalid TEL hides the one before it.", f"TEL:{NUMBER}", "TEL:n/d"),
    _valid(
        "third",
        "Two invalid TEL hide the third.",
        "TEL;TYPE=CELL:?",
        "TEL;TYPE=WORK:none",
        f"TEL;TYPE=HOME:{NUMBER}",
    ),
    _fax.reads(
        "first", "A fax number is taken.", f"TEL;TYPE=FAX:{OTHER}", f"TEL;TYPE=WORK:{NUMBER}"
    ),
    _fax.reads("work", "A fax number is taken.", f"TEL;TYPE=WORK,FAX:{OTHER}", f"TEL:{NUMBER}"),
    _fax.reads("pager", "A pager is taken.", f"TEL;TYPE=PAGER:{OTHER}", f"TEL:{NUMBER}"),
    _fax.refuses("alone", "A fax number alone is taken.", f"TEL;TYPE=FAX:{OTHER}", reason=MISSING),
)

FEATURES = (*_E164, *_FREELY, *_URI, *_PREFIXES, *_CHOICE)
