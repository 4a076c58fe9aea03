from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import vobject
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

from qlara_cli import main
from qlara_cli.vcard.conversion import CUT_OFF, convert as converted
from qlara_sandbox.domain.importing import usable_number
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import NOT_CLOSED, read_cards

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_cli.vcard.properties import Version

# What a telephone of 2009 writes.
OLD = """\
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Rossi;Nicol=C3=B2;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Nicol=C3=B2 =
Rossi
TEL;CELL;PREF:+39 347 123 4567
TEL;HOMEFAX:02 123456
EMAIL;INTERNET:nicolo@example.it
NOTE;ENCODING=QUOTED-PRINTABLE:riga 1=0D=0Ariga 2, fine
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ
 SkZJRg==

X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Nico;1;;;
garbage
AGENT:
END:VCARD
"""


def run(path: Path, *arguments: str, data: bytes = OLD.encode()) -> tuple[int, str, str]:
    """Convert a file; return the exit code, what was printed, and what was written."""
    (path / "old.vcf").write_bytes(data)
    options = [str(path / "old.vcf"), "-o", str(path / "new.vcf"), *arguments]
    result = CliRunner().invoke(main, ["vcard", "convert", *options])
    new = path / "new.vcf"
    return result.exit_code, result.output, new.read_bytes().decode() if new.exists() else ""


def test_a_card_of_an_old_telephone_becomes_version_3(tmp_path: Path) -> None:
    code, output, written = run(tmp_path)

    assert code == 0
    assert written.split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "EMAIL;TYPE=INTERNET:nicolo@example.it",
        "FN:Nicolò Rossi",
        "N:Rossi;Nicolò;;;",
        r"NOTE:riga 1\nriga 2\, fine",
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==",
        "TEL;TYPE=CELL,PREF:+39 347 123 4567",
        "TEL;TYPE=HOMEFAX:02 123456",
        "X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Nico;1;;;",
        "END:VCARD",
        "",
    ]
    assert output.splitlines() == [
        "Changed:",
        "  version 2.1 made 3.0                    1  line 1",
        "  quoted-printable text decoded           3  lines 3, 4, 9",
        "  bare types written as TYPE=             4  lines 6, 7, 8, 10",
        "  line that is no property left out       1  line 14",
        f"{tmp_path / 'new.vcf'}: cards written as vCard 3.0: 1",
    ]


def test_a_card_of_an_old_telephone_becomes_version_4(tmp_path: Path) -> None:
    code, _, written = run(tmp_path, "--version", "4.0")

    assert code == 0
    assert "VERSION:4.0\r\n" in written
    assert "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRg==\r\n" in written
    assert "TEL;PREF=1;TYPE=CELL:+39 347 123 4567\r\n" in written


def test_json_says_the_same(tmp_path: Path) -> None:
    _, output, _ = run(tmp_path, "--json")
    document: dict[str, Any] = json.loads(output)

    assert document["cards"] == 1
    assert document["leftOut"] == []
    assert document["changes"][1] == {
        "change": "quoted-printable text decoded",
        "count": 3,
        "lines": [3, 4, 9],
    }


def test_what_is_clean_needs_no_change(tmp_path: Path) -> None:
    _, _, once = run(tmp_path)
    code, output, twice = run(tmp_path, data=once.encode())

    assert (code, twice) == (0, once)
    assert output.splitlines()[0] == "Nothing had to be changed."


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_a_file_of_another_encoding_becomes_utf_8(tmp_path: Path, encoding: str) -> None:
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë Müller\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
    code, output, written = run(tmp_path, data=text.encode(encoding))

    assert code == 0
    assert "FN:Zoë Müller\r\n" in written
    assert " made UTF-8 " in output


def test_joined_cards_are_set_apart(tmp_path: Path) -> None:
    data = (OLD.rstrip() + OLD).encode()
    code, output, written = run(tmp_path, data=data)

    assert code == 0
    assert written.count("\r\nEND:VCARD\r\n") == 2
    assert "card set apart from what stands before it on its line       1  line 16\n" in output


def test_a_card_that_is_never_closed_is_left_out_and_named(tmp_path: Path) -> None:
    open_card = "BEGIN:VCARD\nVERSION:3.0\nFN:Open\nTEL:347 1\n"
    code, output, written = run(tmp_path, data=(open_card + OLD + open_card).encode())

    assert code == 1
    assert written.count("BEGIN:VCARD") == 1
    assert f"  line 1: Open: {NOT_CLOSED}\n" in output
    assert f"  line 21: (no name): {CUT_OFF}\n" in output


def test_where_no_card_is_complete_nothing_is_written(tmp_path: Path) -> None:
    code, output, written = run(tmp_path, data=b"BEGIN:VCARD\nFN:A\n")

    assert (code, written) == (1, "")
    assert "Nothing was written: no card is complete." in output


def test_a_file_that_is_no_vcard_file_is_refused(tmp_path: Path) -> None:
    code, output, written = run(tmp_path, data=b"name;number\n")

    assert (code, written) == (1, "")
    assert output == (
        f"{tmp_path / 'old.vcf'}: cannot be converted: "
        "Invalid VCard format. Expected BEGIN:VCARD header.\n"
    )


@pytest.mark.parametrize("other", ["old.vcf", "./old.vcf", "link.vcf"])
def test_the_file_itself_is_never_overwritten(tmp_path: Path, other: str) -> None:
    (tmp_path / "link.vcf").symlink_to(tmp_path / "old.vcf")
    code, output, _ = run(tmp_path, "-o", str(tmp_path / other))

    assert code == 2
    assert "expected a file other than FILE" in output
    assert (tmp_path / "old.vcf").read_text() == OLD


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    code, output, _ = run(tmp_path, "-o", str(tmp_path / "no" / "new.vcf"))

    assert code == 1
    assert f"cannot write {tmp_path / 'no' / 'new.vcf'}" in output


@pytest.mark.parametrize(
    ("line", "version", "expected"),
    [
        ("TEL;VALUE=uri;TYPE=cell:tel:+39-347-1234567;ext=12", "3.0", "TEL;TYPE=cell:+39-347-1234567 ext. 12"),
        ("TEL;VALUE=uri:tel:347;phone-context=+39", "3.0", "TEL:+39347"),
        ("TEL;PREF=1:347", "3.0", "TEL;TYPE=pref:347"),
        ("TEL;TYPE=HOME,pref:347", "4.0", "TEL;PREF=1;TYPE=HOME:347"),
        ("TEL:tel:+39347", "4.0", "TEL;VALUE=uri:tel:+39347"),
        ("PHOTO:data:image/png;base64,AAAA", "3.0", "PHOTO;ENCODING=b;TYPE=PNG:AAAA"),
        ("PHOTO;VALUE=uri:http://example.com/a,b.png", "4.0", "PHOTO;VALUE=uri:http://example.com/a,b.png"),
        ("FN;CHARSET=ISO-8859-1;LANGUAGE=it:A", "3.0", "FN;LANGUAGE=it:A"),
        ("ADR;TYPE=WORK:;;Via Roma 1,Scala C;Mila\\;no;;;", "3.0", "ADR;TYPE=WORK:;;Via Roma 1,Scala C;Mila\\;no;;;"),
        ("item1.X-ABLabel:_$!<Other>!$_", "4.0", "item1.X-ABLABEL:_$!<Other>!$_"),
        ("X-GOOGLE TALK:x", "3.0", "X-GOOGLE-TALK:x"),
        ("a.b.NOTE:C:\\temp, x", "3.0", "a-b.NOTE:C:\\\\temp\\, x"),
        ("TEL;TYPE=FAX\\,WORK:1", "3.0", "TEL;TYPE=FAX,WORK:1"),
        ("REV:2026-04-09T11:00:10Z", "4.0", "REV:2026-04-09T11:00:10Z"),
        ("CATEGORIES:a,b\\,c", "4.0", "CATEGORIES:a,b\\,c"),
    ],
)  # fmt: skip
def test_a_property_is_written_as_its_version_has_it(
    line: str, version: Version, expected: str
) -> None:
    data = f"BEGIN:VCARD\nVERSION:3.0\n{line}\nFN:Zoë\nEND:VCARD\n"

    written = converted(data.encode(), version).data.decode()

    assert f"\r\n{expected}\r\n" in written


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Co", "Cn"]),
    min_size=1,
    max_size=12,
).map(lambda text: " ".join(text.split()))
names = words.filter(lambda text: text and not text.isspace())
numbers = st.sampled_from(
    ["+39 347 123 4567", "347 1234568", "02 1234567", "+44 7911 123456", "n/d", "3481234567"]
)


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """Draw a card as some program writes it, in UTF-8."""
    version = draw(st.sampled_from(["2.1", "3.0", "4.0"]))
    name = draw(names)
    if version == "2.1":  # knows no escapes: an import reads it as 3.0, and so another name
        name = name.replace("\\", "/")
    escape = str.maketrans({} if version == "2.1" else {"\\": "\\\\", ",": "\\,", ";": "\\;"})
    lines = [f"VERSION:{version}"]
    if draw(st.booleans()):
        quoted = "".join(f"={octet:02X}" for octet in name.encode())
        lines.append(f"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{quoted}")
    else:
        lines.append(f"FN:{name.translate(escape)}")
    for number in draw(st.lists(numbers, max_size=3)):
        head = draw(
            st.sampled_from(
                ["TEL", "TEL;TYPE=CELL", "TEL;CELL", "item1.TEL", "TEL;FAX", "TEL;TYPE=pref"]
            )
        )
        lines.append(f"{head}:{number}")
    if draw(st.booleans()):
        lines.append("EMAIL;INTERNET:anna@example.it")
    eol = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    return eol.join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()


def people(data: bytes, region: str = "IT") -> list[tuple[str, object, str]]:
    """Return name, number and mail of every card, whatever its version."""
    sound = (card._replace(fault="") for card in read_cards(data))
    found = ((card.name, usable_number(card, normaliser(region)), card.email) for card in sound)
    return [
        (name, number if isinstance(number, str) else number.reason, email)
        for name, number, email in found
    ]


@settings(deadline=None, max_examples=150)
@given(st.lists(cards(), min_size=1, max_size=4), st.booleans(), st.sampled_from(["3.0", "4.0"]))
def test_names_numbers_and_addresses_are_kept(
    some: list[bytes], glued: bool, version: Version
) -> None:
    data = b"".join(card.rstrip() if glued else card for card in some)

    result = converted(data, version)

    assert people(result.data) == people(data)
    assert all(not card.fault for card in read_cards(result.data))
    assert result.cards == len(some)
    again = converted(result.data, version)
    assert (again.data, again.changes) == (result.data, {})


def test_what_is_written_is_valid_for_vobject(tmp_path: Path) -> None:
    _, _, written = run(tmp_path, data=(OLD + OLD.rstrip() + OLD).encode())

    for card in vobject.readComponents(io.StringIO(written)):
        assert card.validate(raiseException=True)
        assert card.fn.value == "Nicolò Rossi"
        assert card.note.value == "riga 1\nriga 2, fine"


def test_serving_imports_neither_vobject_nor_the_samples() -> None:
    program = (
        "import sys, qlara_cli.serve, qlara_sandbox.web.app, qlara_sandbox.domain.vcard\n"
        "print([name for name in sys.modules if 'vobject' in name or 'samples' in name or 'vcard.con' in name])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
