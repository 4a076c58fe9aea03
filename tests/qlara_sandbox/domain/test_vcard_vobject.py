"""The reader beside vobject: the same where vobject is right, and not where it is known to be wrong."""

from __future__ import annotations

import binascii
import io
import re
import string
from typing import Any, NamedTuple

import pytest
import vobject
from hypothesis import given, settings, strategies as st
from vobject.base import ParseError, VObjectError

from qlara_sandbox.domain.email_address import bare
from qlara_sandbox.domain.vcard import NOT_CLOSED, read_cards
from qlara_sandbox.samples.generating import Spec, generate


class Reading(NamedTuple):
    """What a reader makes of a card."""

    name: str
    phones: tuple[str, ...] = ()
    email: str = ""
    address: str = ""


def by_us(data: bytes) -> list[Reading]:
    readings = []
    for card in read_cards(data):
        in_file_order = sorted(card.phones, key=lambda phone: phone.line)
        phones = tuple(phone.text for phone in in_file_order)
        readings.append(Reading(card.name, phones, card.email, card.address))
    return readings


def by_vobject(data: bytes) -> list[Reading] | type[Exception]:
    """Return what vobject reads, or how it fails; the cards before a failure are lost with it."""
    try:
        return [_reading(card) for card in vobject.readComponents(io.StringIO(data.decode()))]
    except (
        VObjectError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
        AttributeError,
    ) as error:
        return type(error)


def _reading(card: Any) -> Reading:
    usable = (phone for phone in getattr(card, "tel_list", ()) if not _is_fax(phone))
    phones = tuple(phone.value.strip() for phone in usable if phone.value.strip())
    emails = [email.value.strip() for email in getattr(card, "email_list", ())]
    addresses = [_address(address.value) for address in getattr(card, "adr_list", ())]
    name = card.fn.value.strip() if hasattr(card, "fn") else ""
    email = bare(next(filter(None, emails), ""))  # which has its own tests
    return Reading(name, phones, email, next(filter(None, addresses), ""))


def _is_fax(phone: Any) -> bool:
    return any("FAX" in value.upper() for value in phone.params.get("TYPE", ()))


def _address(value: Any) -> str:
    def joined(part: str | list[str]) -> str:
        parts = [part] if isinstance(part, str) else part
        return ", ".join(filter(None, map(str.strip, parts)))

    town = f"{joined(value.code)} {joined(value.city)}".strip()
    parts = (value.box, value.extended, value.street, town, value.region, value.country)
    return ", ".join(filter(None, map(joined, parts)))


# Where vobject is right

# No carriage returns or other line ends within a value, and nothing that is dropped or composed.
letters = st.text(
    string.ascii_letters + string.digits + " ,;:\\\"'ò山😀@+-/()", min_size=1, max_size=30
)
words = letters.map(str.strip).filter(bool)
# vobject knows no URIs, of which we read the number: that has its own tests.
numbers = words.filter(lambda text: not re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE))
types = st.lists(st.sampled_from(["CELL", "HOME", "WORK", "VOICE", "FAX"]), unique=True, max_size=3)


@st.composite
def written_by_vobject(draw: st.DrawFn) -> str:
    card = vobject.vCard()
    card.add("fn").value = draw(words)
    card.add("n").value = vobject.vcard.Name(family=draw(words), given=draw(words))
    for number, text in enumerate(draw(st.lists(numbers, max_size=3))):
        phone = card.add("tel")
        phone.value = text
        phone.group = f"item{number}" if draw(st.booleans()) else None
        if chosen := draw(types):
            phone.type_paramlist = chosen
    if draw(st.booleans()):
        card.add("email").value = draw(words)
    if draw(st.booleans()):
        parts = {part: draw(words) for part in ("street", "city", "region", "code", "country")}
        card.add("adr").value = vobject.vcard.Address(**parts)
    if draw(st.booleans()):
        card.add("note").value = draw(letters) * 9  # folded
    written: str = card.serialize()
    return written


@settings(deadline=None)
@given(st.lists(written_by_vobject(), min_size=1, max_size=3))
def test_what_vobject_writes_we_read_as_vobject_does(cards: list[str]) -> None:
    data = "".join(cards).encode()

    assert by_us(data) == by_vobject(data)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_realistic_file_is_read_as_vobject_does(seed: int) -> None:
    spec = Spec(contacts=250, duplicates=10, invalid_phones=10, missing_phones=10, seed=seed)
    data = generate(spec).data
    ours, theirs = by_us(data), by_vobject(data)

    assert isinstance(theirs, list)
    assert [_with_cut_phones(reading) for reading in theirs] == list(map(_with_cut_phones, ours))


def _with_cut_phones(reading: Reading) -> Reading:
    """Cut the numbers at the first comma, as vobject does (see below)."""
    return reading._replace(phones=tuple(phone.partition(",")[0] for phone in reading.phones))


# Where vobject is wrong


def card(*lines: str, end: str = "END:VCARD") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, end, ""]).encode()


A, B, C = Reading("A"), Reading("B"), Reading("C")

FAULTS: dict[str, tuple[bytes, list[Reading] | type[Exception], list[Reading]]] = {
    # what it is: (file, what vobject makes of it, what it is and we read)
    "a name is cut at a comma": (card("FN:Rossi, Marco"), [Reading("Rossi")], [Reading("Rossi, Marco")]),
    "a number is cut at a comma": (
        card("FN:A", "TEL:347 1,348 2"),
        [Reading("A", ("347 1",))],
        [Reading("A", ("347 1,348 2",))],
    ),
    "an e-mail address is cut at a comma": (
        card("FN:A", "EMAIL:a@example.com,b@example.com"),
        [Reading("A", (), "a@example.com")],
        [Reading("A", (), "a@example.com,b@example.com")],
    ),
    "a backslash at the end lets an internal mark out": (
        card("FN:x\\"),
        [Reading("x\\eof")],
        [Reading("x\\")],
    ),
    "one line that is no property ends the file": (
        card("FN:A") + card("FN:B", "garbage") + card("FN:C"),
        ParseError,
        [A, B, C],
    ),
    "a card without END costs all": (
        card("FN:A") + card("FN:B", end="X:1") + card("FN:C"),
        ParseError,
        [A, B, C],
    ),
    "a blank after END is an error": (card("FN:A", end="END:VCARD "), ParseError, [A]),
    "an END between cards ends the file": (card("FN:A") + b"END:VCARD\r\n" + card("FN:B"), ParseError, [A, B]),
    "a byte order mark is an error": (b"\xef\xbb\xbf" + card("FN:A"), ParseError, [A]),
    "ENCODING=8BIT is taken as base64": (card("FN:A", "TEL;ENCODING=8BIT:347"), binascii.Error, [Reading("A", ("347",))]),
    "a broken photo ends the file": (card("FN:A", "PHOTO;ENCODING=b:AAAAA") + card("FN:B"), binascii.Error, [A, B]),
    "a group of groups is an error": (card("FN:A", "a.b.TEL:347"), ParseError, [Reading("A", ("347",))]),
    "a name with an accent is an error": (card("FN:A", "X-Città:x"), ParseError, [A]),
    "a name with a blank is an error": (card("FN:A", "X-GOOGLE TALK:x"), ParseError, [A]),
    "a blank before the colon is an error": (card("FN :A"), ParseError, [A]),
    "a quoted-printable soft break is an error": (
        card("FN;ENCODING=QUOTED-PRINTABLE:A=", "B"),
        ParseError,
        [Reading("AB")],
    ),
    "an unknown charset ends the file": (
        card("FN;CHARSET=x;ENCODING=QUOTED-PRINTABLE:A") + card("FN:B"),
        LookupError,
        [A, B],
    ),
    "a wrong charset ends the file": (
        card("FN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:=FC") + card("FN:B"),
        UnicodeDecodeError,
        [Reading("\ufffd"), B],
    ),
    "PROFILE in mixed case ends the file": (card("PROFILE:VCard", "FN:A"), VObjectError, [A]),
    "a property before the first card hides its name": (
        card("FN:A") + b"X-A:hello\r\n" + card("FN:B"),
        [A, Reading("")],
        [A, B],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_vobject_has_the_fault_and_we_do_not(fault: str) -> None:
    data, theirs, ours = FAULTS[fault]

    assert by_vobject(data) == theirs
    assert by_us(data) == ours


def test_vobject_takes_lower_case_quoted_printable_for_base64_and_we_do_not() -> None:
    data = card("FN;charset=utf-8;encoding=quoted-printable:Nicol=C3=B2")

    (theirs,) = vobject.readComponents(io.StringIO(data.decode()))
    assert theirs.fn.value == b"6'(\x94-"
    assert by_us(data) == [Reading("Nicolò")]


def test_vobject_does_not_split_a_quoted_list_of_types_and_we_do() -> None:
    data = card("FN:A", "TEL:1", 'TEL;TYPE="voice,cell":2')

    (theirs,) = vobject.readComponents(io.StringIO(data.decode()))
    assert theirs.tel_list[1].params == {"TYPE": ["voice,cell"]}
    (ours,) = read_cards(data)
    assert [phone.text for phone in ours.phones] == ["2", "1"]


def test_vobject_miscounts_lines_and_we_do_not() -> None:
    data = card("FN:A") + card("FN:B", "garbage")

    with pytest.raises(ParseError) as raised:
        list(vobject.readComponents(io.StringIO(data.decode())))
    assert raised.value.lineNumber == 15  # the line is the eighth
    assert [found.line for found in read_cards(data)] == [1, 5]


def test_vobject_accepts_any_version_and_we_do_not() -> None:
    data = card("FN:A").replace(b"3.0", b"5.0")

    assert by_vobject(data) == [A]
    (ours,) = read_cards(data)
    assert ours.fault.startswith("Unsupported vCard version '5.0': expected 3.0 or 4.0. ")


def test_vobject_decodes_before_it_unfolds_and_we_do_not() -> None:
    data = card("FN:Nicolò").replace(b"\xb2", b"\r\n \xb2")

    assert by_vobject(data) is UnicodeDecodeError
    assert by_us(data) == [Reading("Nicolò")]


def test_vobject_gives_up_on_deep_nesting_and_we_do_not() -> None:
    data = b"BEGIN:VCARD\r\n" * 2_000 + card("FN:A") + b"END:VCARD\r\n" * 2_000

    assert by_vobject(data) is RecursionError
    cards = list(read_cards(data))
    assert [found.fault for found in cards] == [NOT_CLOSED] * 2_000 + [""]
