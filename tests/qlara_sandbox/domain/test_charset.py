from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.charset import decode, decode_strictly
from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.vcard import read_cards

# Written by people, in the alphabets that address books hold.
NAMES = [
    *("Società Agricola Perù", "Zoë Müller-Łukasz", "Ελένη Παπαδοπούλου", "Наталья Иванова"),
    *(
        "山田 花子",
        "김민준",
        "Marco 😀 Rossi",
        "שרה כהן",
        "فاطمة الزهراء",
        "Đặng Thị Hương",
        "Nguyễn",
    ),
]


def cesu_8(text: str) -> bytes:
    """Return *text* in UTF-8 of its UTF-16 code units, as Java and old databases write it."""
    units = text.encode("utf-16-be")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return b"".join(chr(int.from_bytes(pair)).encode("utf-8", "surrogatepass") for pair in pairs)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stray", [b"\xff", b"\x80", b"\xe9", b"\xc0", b"\xf8", b"\xed\xa0\xbd"])
def test_of_utf_8_the_bad_bytes_alone_are_replaced(name: str, stray: bytes) -> None:
    for raw, whole in (
        (name.encode() + b" " + stray + b" x", f"{name} ? x"),
        (stray + b" " + name.encode(), f"? {name}"),
    ):
        assert decode(raw).replace("\ufffd\ufffd\ufffd", "?").replace("\ufffd", "?") == whole


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_cut_in_a_character_keeps_all_others(name: str) -> None:
    raw = f"{name} {name}".encode()
    for end in range(len(name.encode()) + 1, len(raw)):
        whole = raw[:end].decode("utf-8", "ignore")
        assert decode(raw[:end]) in {whole, whole + "\ufffd"}


@pytest.mark.parametrize("name", NAMES)
def test_surrogates_of_three_bytes_are_characters(name: str) -> None:
    assert decode(cesu_8(name)) == name
    assert decode(cesu_8(name + "😀") + b"\xff") == f"{name}😀\ufffd"


def test_half_of_a_pair_of_surrogates_is_no_character() -> None:
    assert decode(b"Zo\xc3\xab \xed\xa0\xbd").rstrip("\ufffd") == "Zoë "
    assert decode(b"Zo\xc3\xab \xed\xb8\x80 x").startswith("Zoë \ufffd")


@pytest.mark.parametrize(
    "name",
    [
        *("Società Agricola Perù", "Müller", "“Nico” Müller", "„MENÜ“", "«CAFÉ»", "Université"),
        *("Sª Muñoz", "Ångström", "30 € – Ürün", "Straße", "L’été à Besançon", "„Spaß“", "Niccolò"),
        *("ÉÈÊ", "UNIVERSITÀ", "PERÙ", "São Paulo", "naïve café…"),
    ],
)
def test_what_is_windows_1252_is_read_as_such(name: str) -> None:
    assert decode(name.encode("cp1252")) == name


@pytest.mark.parametrize("charset", ["UTF-8", "utf8", "Utf-8", "U8"])
def test_what_is_declared_as_utf_8_is_never_windows_1252(charset: str) -> None:
    assert decode("Müller".encode("cp1252"), charset) == "M\ufffdller"
    assert decode(cesu_8("😀"), charset) == "😀"
    assert decode("Zoë".encode(), charset) == "Zoë"


def test_the_first_byte_of_a_letter_behind_a_small_one_is_no_capital() -> None:
    assert decode(b"Perug\xc3") == "Perug\ufffd"
    assert decode(b"PERUG\xc3") == "PERUGÃ"


@settings(deadline=None)
@given(st.binary(), st.sampled_from(["", "utf-8", "iso-8859-1", "shift_jis", "nonsense", "\0"]))
def test_any_bytes_are_a_text_without_halves_of_characters(raw: bytes, charset: str) -> None:
    assert decode(raw, charset).encode().decode() == decode(raw, charset)


@settings(deadline=None)
@given(st.text(), st.sampled_from(["", "UTF-8", "ISO-8859-1"]))
def test_valid_utf_8_is_utf_8(text: str, charset: str) -> None:
    if "\x1b" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
        assert decode(text.encode(), charset) == text


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("windows-1252", b"Caff\xe8", "Caffè"),
        ("CP-1252", b"Caff\xe8", "Caffè"),
        ("x-mac-roman", b"Caff\x8f", "Caffè"),
        ("ISO-8859-8-I", b"\xf9\xec\xe5\xed", "שלום"),
        ("Shift_JIS", "携帯".encode("shift_jis"), "携帯"),
        ("x-sjis", "携帯".encode("shift_jis"), "携帯"),
        ("KOI8-U", "Київ".encode("koi8_u"), "Київ"),
    ],
)
def test_a_charset_has_many_names(charset: str, raw: bytes, text: str) -> None:
    assert decode(raw, charset) == text
    assert decode_strictly(raw, charset) == text


def test_every_charset_of_python_that_text_is_written_in_can_be_declared() -> None:
    written = re.compile(
        r"iso8859-\d+|cp\d+|koi8-\w|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|iso2022_\w+|tis-620"
    )
    modules = [module.name for module in pkgutil.iter_modules(encodings.__path__)]
    here = [name for name in modules if name not in {"aliases", "mbcs", "oem"}]
    names = [name for name in here if written.fullmatch(codecs.lookup(name).name)]

    assert len(names) > 80
    for name in names:
        assert decode_strictly("A".encode(name), name) == "A"


@pytest.mark.parametrize(
    "charset", ["punycode", "utf-7", "rot13", "hex", "idna", "x" * 41, "ü", "a\0b"]
)
def test_what_no_text_is_sent_in_is_no_charset(charset: str) -> None:
    assert decode(b"A\xff", charset) == "Aÿ"
    with pytest.raises(LookupError):
        decode_strictly(b"A", charset)


def test_a_charset_that_nobody_knows_leaves_nothing_behind() -> None:
    program = """
import tracemalloc
from qlara_sandbox.domain.charset import decode
for number in range(2_000):
    decode(b"\\xff", f"first-{number}")
tracemalloc.start()
for number in range(20_000):
    decode(b"\\xff", f"second-{number}")
print(tracemalloc.get_traced_memory()[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 100_000


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"347\xa01234567", "347\xa01234567"),
        (b"347\xb71234567,1", "347\xb71234567,1"),
        (b"\xef\xbf\xbd347", "\ufffd347"),
        (b"347\xef\xbf\xbd\xff", "347\ufffd\ufffd"),
    ],
)
def test_a_number_is_read_in_the_encoding_that_it_looks_like(raw: bytes, text: str) -> None:
    (card,) = read_cards(b"BEGIN:VCARD\nVERSION:3.0\nTEL:" + raw + b"\nEND:VCARD\n")

    assert card == Card(1, "", (Phone(text, 3),), 3)
