"""Files before and after replacement read the same: as many cards, the same errors in the same lines."""

from __future__ import annotations

import re
from base64 import b64encode
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from qlara_contract.torture.catalogue import FEATURES, PLAIN
from qlara_proxy.fictional.cards import CardFiles
from qlara_proxy.fictional.numbers import FictionalNumbers
from qlara_proxy.fictional.texts import Texts
from qlara_proxy.fictional.words import Words
from qlara_proxy.sandbox import SCENARIOS, import_plan
from tests.qlara_contract.torture.importers import writer

if TYPE_CHECKING:
    from pathlib import Path

# Escapes in a response are those of JSON; a frame stays where it is, also where it is text.
_ODD_NAMES = {
    "escape.backslash-before-n",
    "verbatim.end-text",
    "verbatim.path",
    "verbatim.line-feed-escape",
    "form.many-marks",
}


_VERSION = re.compile(r"version .*: (?=expected 3\.0)", re.DOTALL)


class Invented:
    """A file, the one that stands for it, and what names and numbers become."""

    def __init__(self, data: bytes, secret: bytes = b"secret", region: str = "IT") -> None:
        self.words = words = Words(secret)
        self.numbers = FictionalNumbers(words, region)
        self.texts = Texts(words, self.numbers)
        cards = CardFiles(words, self.numbers, self.texts)
        cards.file(data)
        words.is_learning = False
        self.before, self.after = data, cards.file(data)
        self.region = region

    def outcomes(self) -> tuple[Any, Any]:
        """Return what an import of both does: counts, errors, and the numbers, those before replaced."""
        plans = [import_plan(data, self.region) for data in (self.before, self.after)]
        first, second = (plan and _outcome(plan) for plan in plans)
        if plans[0] and plans[1]:
            first = (first, [self.numbers.fictional(one.phone_number) for one in plans[0].created])
            second = (second, [one.phone_number for one in plans[1].created])
        return first, second

    def people(self) -> tuple[Any, Any]:
        """Return names and addresses of both, those before replaced."""
        before, after = (import_plan(data, self.region) for data in (self.before, self.after))
        assert before is not None
        assert after is not None
        first = [(self.texts.text(one.name), self.texts.text(one.email)) for one in before.created]
        return first, [(one.name, one.email) for one in after.created]


def _outcome(plan: Any) -> Any:
    # What stands where a version should is replaced, too, unless it is one.
    errors = [(one.line, _VERSION.sub("version …:", one.reason)) for one in plan.errors]
    made_of = [(bool(one.name), bool(one.email), bool(one.address)) for one in plan.created]
    return plan.total, plan.imported, plan.duplicates, plan.skipped, errors, made_of


def card(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


def after(*lines: str, version: str = "3.0") -> list[str]:
    """Return what becomes of the lines of a card."""
    return Invented(card(*lines, version=version)).after.decode().split("\r\n")[2:-2]


@pytest.mark.unmeasured
def test_every_feature_of_the_torture_files_imports_as_before() -> None:
    for feature in (*PLAIN, *FEATURES):
        invented = Invented(writer(0).alone(feature).content)

        first, second = invented.outcomes()

        assert (feature.id, first) == (feature.id, second)
        if first is not None and feature.id not in _ODD_NAMES:
            assert invented.people()[0] == invented.people()[1], feature.id


@pytest.mark.parametrize(
    "path", sorted((SCENARIOS / "files").glob("*.vcf")), ids=lambda path: path.stem
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_shipped_files_import_as_before_in_every_encoding(path: Path, encoding: str) -> None:
    data = path.read_text(encoding="utf-8").encode(encoding)
    invented = Invented(data)

    first, second = invented.outcomes()

    assert first == second
    assert invented.after != data
    assert len(invented.after.decode(encoding)) == len(data.decode(encoding))


_PIECES = st.sampled_from(
    [
        *(
            "BEGIN:VCARD",
            "END:VCARD",
            "VERSION:3.0",
            "VERSION:4.0",
            "FN:Marco Rossi",
            "N:Rossi;Marco;;;",
        ),
        *(
            "TEL:347 123 4567",
            "TEL;TYPE=CELL:+44 20 7946 0018",
            "TEL;FAX:02 1234567",
            "item1.TEL:n/d",
        ),
        *(
            "EMAIL:marco@rossi.it",
            "EMAIL;PREF=1:a@b.it",
            "NOTE:über, \\n 3471234567",
            "ADR:;;Via 1;;;;",
        ),
        *(
            ":",
            ";",
            "\r\n",
            "\n",
            "\r",
            "\r\n ",
            "\n\t",
            "=",
            "=C3=A9",
            "\0",
            "\ufeff",
            "é",
            "山",
            "🍕",
            "\\n",
        ),
        *(
            "TEL;VALUE=uri:tel:+39-347-1234567;ext=9",
            "FN;ENCODING=QUOTED-PRINTABLE:M=C3=BCller=",
            "PHOTO;ENCODING=b:",
        ),
        *(
            "AGENT:",
            "BEGIN:VCARDEND:VCARD",
            "X-ABLabel:_$!<HomeFAX>!$_",
            "KIND:group",
            "TEL:",
            "FN:",
            '"',
        ),
        *("+39 347 1234567 / 348 7654321", "(0)", "ext. 5", "3471234567", "Иванов", "\x1b$B"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(_PIECES | st.text(max_size=8), max_size=30),
    eol=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_any_file_imports_as_before(pieces: list[str], eol: str) -> None:
    text = f"BEGIN:VCARD{eol}VERSION:3.0{eol}" + eol.join(pieces) + f"{eol}END:VCARD{eol}"
    invented = Invented(text.encode("utf-8", "replace"))

    first, second = invented.outcomes()

    assert first == second


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_are_replaced_without_an_error(data: bytes) -> None:
    Invented(data)
    Invented(b"BEGIN:VCARD\nVERSION:3.0\nFN:" + data + b"\nTEL:3471234567\nEND:VCARD\n")


def test_folds_stay_where_they_were_also_in_the_middle_of_a_character() -> None:
    data = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Mü".encode()
    data = (
        data[:-1]
        + b"\r\n "
        + data[-1:]
        + b"ller\r\n\t Gie\r\n ssen\r\nTEL:3471\r\n 234567\r\nEND:VCARD\r\n"
    )
    invented = Invented(data)

    folds = [at for at, octet in enumerate(data) if octet in b"\r\n"]

    assert [at for at, octet in enumerate(invented.after) if octet in b"\r\n"] == folds
    assert invented.outcomes()[0] == invented.outcomes()[1]


def test_the_same_word_becomes_the_same_one_in_names_mail_addresses_and_notes() -> None:
    name, structured, mail, note = after(
        "FN:Marco Rossi", "N:Rossi;Marco;;;", "EMAIL:marco.rossi@email.com", "NOTE:MARCO"
    )
    given, family = name.removeprefix("FN:").split()

    assert structured == f"N:{family};{given};;;"
    assert mail.startswith(f"EMAIL:{given}.{family}@".lower().replace("email", "EMAIL", 1))
    assert note == f"NOTE:{given.upper()}"
    assert mail.endswith((".test", ".example", ".example.org"))


def test_scripts_letter_case_and_emoji_stay() -> None:
    [line] = after("FN:ИВАН Müller 山田 🍕 김")
    first, second, third, fourth, fifth = line.removeprefix("FN:").split()

    assert first.isupper()
    assert all("\u0400" < letter < "\u0500" for letter in first)
    assert (second[0].isupper(), second[1] in "äëïöüÿ", len(second)) == (True, True, 6)
    assert (len(third), fourth, len(fifth)) == (2, "🍕", 1)
    assert all("\u4e00" <= letter <= "\u9fff" for letter in third)
    assert fifth != "김"


def test_what_is_structure_stays() -> None:
    lines = [
        "item1.TEL;TYPE=CELL;TYPE=pref:",
        "EMAIL;TYPE=INTERNET,HOME;PREF=1:",
        "PHOTO;MEDIATYPE=image/jpeg;VALUE=uri:",
        "FN;CHARSET=ISO-8859-1;LANGUAGE=de-AT:",
        "item1.X-ABLabel:_$!<HomeFAX>!$_",
        "KIND:group",
    ]

    assert after(*lines) == lines


def test_what_is_unknown_is_replaced() -> None:
    lines = [
        "X-ROSSI:Rossi",
        "ROSSI;BIANCHI=Rossi:Rossi",
        "TEL;TYPE=Rossi:",
        "Rossi",
        "rossi.NOTE:",
    ]

    assert [
        line for line in after(*lines) if "ross" in line.lower() or "bianc" in line.lower()
    ] == []


def test_a_picture_is_replaced_by_as_many_octets_and_text_in_base64_by_text() -> None:
    picture = b64encode(bytes(range(256))).decode()
    name = b64encode(b"Marco Rossi").decode()
    photo, encoded, plain = after(
        f"PHOTO;ENCODING=b;TYPE=JPEG:{picture}", f"FN;ENCODING=b:{name}", "NOTE:Marco Rossi"
    )

    assert (len(photo), picture in photo) == (
        len(picture) + len("PHOTO;ENCODING=b;TYPE=JPEG:"),
        False,
    )
    assert encoded == f"FN;ENCODING=b:{b64encode(plain.removeprefix('NOTE:').encode()).decode()}"


@pytest.mark.parametrize("version", ["3.0", "\x1a3.0", " 4.0\x0b", "V3.0", "2.1"])
def test_a_version_stays_whatever_stands_around_it(version: str) -> None:
    invented = Invented(card("FN:Marco Rossi", "TEL:347 123 4567", version=version))

    assert f"\r\nVERSION:{version}\r\n".encode() in invented.after
    assert invented.outcomes()[0] == invented.outcomes()[1]


def test_a_picture_in_a_uri_is_noise_of_which_nothing_is_taken_for_a_word_or_a_number() -> None:
    picture = b64encode(Random(1).randbytes(6000) + b"Marco Rossi").decode().rstrip("=")
    data = card(
        "FN:Marco Rossi",
        "TEL:347 123 4567",
        f"PHOTO:data:image/jpeg;base64,{picture}",
        f"PHOTO;VALUE=uri:data:image/jpeg;base64\\,{picture}",
        f"X-KEY:{picture}",
    )
    invented = Invented(data)
    one, two, three = invented.after.decode().split("\r\n")[4:-2]

    assert (len(one), one[:11], two[:21]) == (
        len(picture) + len("PHOTO:data:image/jpeg;base64,"),
        "PHOTO:data:",
        "PHOTO;VALUE=uri:data:",
    )
    assert one[-len(picture) :] == two[-len(picture) :] == three[-len(picture) :] != picture
    assert not any(picture[at : at + 8] in one for at in range(len(picture) - 8))
    assert invented.words.people | invented.words.mentioned == {
        *("marco", "rossi", "image", "jpeg", "base")
    }


def test_a_birthday_becomes_another_day_in_the_same_notation() -> None:
    one, two, three = after("BDAY:1977-08-23", "BDAY:19770823T101500Z", "BDAY:--0823")

    assert (len(one), one[9], one[12], len(two), two[13], two[-1]) == (15, "-", "-", 21, "T", "Z")
    assert three.startswith("BDAY:--")
    assert one != "BDAY:1977-08-23"
    assert 1 <= int(one[10:12]) <= 12


def test_a_file_that_is_no_text_becomes_noise() -> None:
    data = b"PK\x03\x04" + bytes(range(256)) * 8

    new = Invented(data).after

    assert (new[:4], len(new)) == (b"PK\x03\x04", len(data))
    assert bytes(range(64)) not in new


def test_of_two_thousand_numbers_that_differ_by_one_no_two_become_one() -> None:
    people = [f"FN:Person {number}\r\nTEL:+39347{number:07}" for number in range(2_000)]
    data = b"".join(card(*one.split("\r\n")) for one in people)
    invented = Invented(data)

    assert len(set(invented.numbers.known.values())) == 2_000
    assert invented.outcomes()[0] == invented.outcomes()[1]
