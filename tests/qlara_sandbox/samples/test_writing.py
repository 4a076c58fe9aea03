from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies as st

from qlara_sandbox.samples import writing
from qlara_sandbox.samples.writing import GeneratedProperty

CARD = (
    GeneratedProperty("N", ("Rossi, Ing.", "Zoë", "", "", "")),
    GeneratedProperty("FN", "Zoë Rossi, Ing."),
    GeneratedProperty("TEL", "tel:+39-347-123-4567", ("cell", "voice"), preferred=True),
    GeneratedProperty("TEL", "02 5550100; int. 5", ("work",), group="item1"),
    GeneratedProperty("X-ABLabel", "Ufficio", group="item1"),
    GeneratedProperty("CATEGORIES", ("clienti", "amici, famiglia")),
    GeneratedProperty("NOTE", "C:\\rubrica\nriga due"),
    GeneratedProperty("URL", "https://www.example.com/a,b"),
)


def test_version_3_is_written_as_rfc_2426_has_it() -> None:
    assert writing.write("3.0", CARD) == (
        "BEGIN:VCARD\r\n"
        "VERSION:3.0\r\n"
        "CATEGORIES:clienti,amici\\, famiglia\r\n"
        "FN:Zoë Rossi\\, Ing.\r\n"
        "N:Rossi\\, Ing.;Zoë;;;\r\n"
        "NOTE:C:\\\\rubrica\\nriga due\r\n"
        "TEL;TYPE=CELL,VOICE,PREF:tel:+39-347-123-4567\r\n"
        "item1.TEL;TYPE=WORK:02 5550100\\; int. 5\r\n"
        "URL:https://www.example.com/a,b\r\n"
        "item1.X-ABLABEL:Ufficio\r\n"
        "END:VCARD\r\n"
    )


def test_version_4_is_written_as_rfc_6350_has_it() -> None:
    assert writing.write("4.0", CARD) == (
        "BEGIN:VCARD\r\n"
        "VERSION:4.0\r\n"
        "N:Rossi\\, Ing.;Zoë;;;\r\n"
        "FN:Zoë Rossi\\, Ing.\r\n"
        'TEL;VALUE=uri;TYPE="cell,voice";PREF=1:tel:+39-347-123-4567\r\n'
        "item1.TEL;TYPE=work:02 5550100\\; int. 5\r\n"
        "item1.X-ABLabel:Ufficio\r\n"
        "CATEGORIES:clienti,amici\\, famiglia\r\n"
        "NOTE:C:\\\\rubrica\\nriga due\r\n"
        "URL:https://www.example.com/a,b\r\n"
        "END:VCARD\r\n"
    )


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=400))
def test_folding_keeps_every_character_whole_and_every_line_short(text: str) -> None:
    lines = writing.fold(text).encode().removesuffix(b"\r\n").split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert lines[0].decode() + "".join(line.decode()[1:] for line in lines[1:]) == text


@given(st.integers(writing.SMALLEST_FILLER, 5000))
def test_a_filler_is_one_note_of_exactly_the_size(octets: int) -> None:
    filler = writing.filler(octets)
    lines = filler.removesuffix("\r\n").split("\r\n")

    assert len(filler.encode()) == octets
    assert lines[0].startswith("NOTE:")
    assert all(line.startswith(" ") and len(line) > 1 for line in lines[1:])
    assert max(map(len, lines)) <= 75


def test_a_filler_below_the_smallest_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 8, not 7"):
        writing.filler(7)


@pytest.mark.parametrize(
    ("version", "head"),
    [("3.0", "PHOTO;ENCODING=b;TYPE=JPEG:"), ("4.0", "PHOTO:data:image/jpeg;base64,")],
)
def test_a_photo_is_folded_base64(version: writing.Version, head: str) -> None:
    octets = bytes(range(256))
    lines = writing.photo(version, octets).removesuffix("\r\n").split("\r\n ")

    assert "".join(lines) == head + base64.b64encode(octets).decode()
    assert {len(line) for line in lines[1:-1]} == {74}


def test_ready_lines_go_before_the_end_of_a_card() -> None:
    card = writing.write("4.0", [GeneratedProperty("FN", "Zoë")])

    assert writing.with_lines(card, "NOTE:x\r\n") == (
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Zoë\r\nNOTE:x\r\nEND:VCARD\r\n"
    )
