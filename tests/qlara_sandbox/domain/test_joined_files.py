"""Files that were joined, marked, indented or cut off: every card is found, and none is mixed with another."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.encoding import CHUNK
from qlara_sandbox.domain.errors import UnterminatedVCard
from qlara_sandbox.domain.vcard import ADVICE, IS_GROUP, NOT_CLOSED, read_cards

Person = tuple[str, str, str]  # name, number, mail

INVISIBLE = [
    *("\ufeff", "\u200b", "\u200e", "\u2060", "\u2066", "\u00ad", "\u00a0", "\u2009", "\u3000"),
    *("\x00", "\x1a", "\x0c", "\x07", "\t", " ", "\u2028", "\u180e", "\ufe0f", "\u2800"),
]


def card(person: Person, eol: str = "\r\n") -> str:
    name, number, mail = person
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{name}"]
    lines += [f"TEL;TYPE=CELL:{number}"] if number else []
    lines += [f"EMAIL:{mail}"] if mail else []
    return eol.join([*lines, "END:VCARD", ""])


def found(data: bytes) -> list[Person]:
    """Return what the cards of a file hold; a card with a fault holds nothing."""
    return [
        (it.name, "".join(phone.text for phone in it.phones), it.email)
        if not it.fault
        else ("", "", it.fault)
        for it in read_cards(data)
    ]


ANNA: Person = ("Anna Neri", "", "anna@example.it")
LUCA: Person = ("Luca Verdi", "+393489876543", "")


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """Draw people of whom each has a name of their own, and some a number and an address."""
    count = draw(st.integers(1, 4))
    start = draw(st.integers(1_000_000, 9_000_000))
    return [
        (
            f"{draw(st.sampled_from(['Zoë', 'Ольга', '山田', 'Anna', '😀']))} {start + index}",
            f"+39347{start + index}" if draw(st.booleans()) else "",
            f"p{start + index}@example.com" if draw(st.booleans()) else "",
        )
        for index in range(count)
    ]


between = st.lists(st.sampled_from([*INVISIBLE, "\r\n", "\n", "\r"]), max_size=4).map("".join)
ends = st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"])


@st.composite
def joined(draw: st.DrawFn) -> tuple[bytes, list[Person]]:
    """Draw a file that was made of several ones, and who is in it."""
    everybody: list[Person] = []
    text = ""
    for _ in range(draw(st.integers(1, 4))):
        some = draw(people())
        eol = draw(ends)
        for person in some:
            written = card(person, eol)
            if draw(st.booleans()):
                written = written[: -len(eol)]
            text += draw(between) + written + draw(between)
        everybody += some
    return text.encode(), everybody


@settings(deadline=None, max_examples=200)
@given(joined())
def test_whatever_stands_between_cards_everybody_is_found(
    file: tuple[bytes, list[Person]],
) -> None:
    data, everybody = file

    assert found(data) == everybody


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            people(),
            st.sampled_from(
                ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "marked-utf-16-be"]
            ),
            ends.filter(lambda eol: eol != "\r\r\n"),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_files_of_several_encodings_may_be_joined(
    files: list[tuple[list[Person], str, str, bool]],
) -> None:
    data = b""
    for some, encoding, eol, cut in files:
        text = "".join(card(person, eol) for person in some)
        text = text.removesuffix(eol) if cut else text
        mark = "\ufeff" if encoding.startswith("marked") else ""
        data += (mark + text).encode(encoding.removeprefix("marked-"))

    assert found(data) == [person for some, *_ in files for person in some]


@settings(deadline=None, max_examples=200)
@given(people(), st.lists(people(), min_size=1, max_size=3), st.data(), ends)
def test_a_file_that_was_cut_off_takes_nobody_of_the_next_one_with_it(
    cut_off: list[Person], others: list[list[Person]], draw: st.DataObject, eol: str
) -> None:
    *whole, last = cut_off
    text = card(last, eol)
    end = draw.draw(st.integers(len("BEGIN:VCARD"), text.index("END:VCARD") + len("END:VCAR")))
    data = "".join([*(card(person, eol) for person in whole), text[:end]]).encode()
    data += "".join(card(person) for some in others for person in some).encode()

    assert found(data) == [
        *whole,
        ("", "", NOT_CLOSED),
        *(person for some in others for person in some),
    ]


@pytest.mark.parametrize("sign", INVISIBLE)
def test_a_sign_that_nobody_sees_is_no_part_of_a_frame(sign: str) -> None:
    for text in (
        sign + card(ANNA) + card(LUCA),
        card(ANNA) + sign + card(LUCA),
        card(ANNA).rstrip() + sign + "\r\n" + card(LUCA),
        card(ANNA).rstrip() + sign + card(LUCA),
        card(ANNA) + sign * 3 + "\r\n" + sign + card(LUCA) + sign,
    ):
        assert found(text.encode()) == [ANNA, LUCA], repr(text)


def test_every_format_character_and_every_blank_may_stand_between_cards() -> None:
    signs = "".join(
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cf", "Zs", "Zl", "Zp"}
    )

    assert found(f"{signs}{card(ANNA)}{signs}{card(LUCA)}{signs}".encode()) == [ANNA, LUCA]


@pytest.mark.parametrize(
    "joint",
    [
        *(b"", b"\xa0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xef\xbb\xbf", b",", b"; ", b"---"),
        *(b"\r\n  ", b"\r\n\t\r\n \t", b"\r\n>", b"\xc3\xaf\xc2\xbb\xc2\xbf", b"\r\nEND:VCARD\r\n"),
        *(b"\r\nhello\r\n", b"-->\r\n<!--\r\n", b"\x85", b"\r\n\xc2\xa0\r\n "),
    ],
)
def test_cards_may_be_joined_by_what_is_no_vcard(joint: bytes) -> None:
    data = card(ANNA).rstrip().encode() + joint + card(LUCA).encode()

    assert found(data) == [ANNA, LUCA]
    lines = re.split(rb"\r\n", data[: data.rindex(b"BEGIN:VCARD")])
    assert [it.line for it in read_cards(data)] == [1, len(lines)]


@pytest.mark.parametrize("indent", [" ", "  ", "\t", "    \t"])
def test_a_file_may_be_indented_as_a_whole(indent: str) -> None:
    long = ("Maria Antonietta", "+393471234567", "")
    text = (card(ANNA) + card(long) + card(LUCA)).replace("Antonietta", "Anto\r\n nietta")
    indented = "".join(f"{indent}{line}\r\n" for line in text.splitlines())

    assert found(indented.encode()) == [ANNA, long, LUCA]
    assert [it.line for it in read_cards(indented.encode())] == [1, 6, 12]


@pytest.mark.parametrize("frame", ["END:VCARD", "BEGIN:VCARD", "end:vcard", " END:VCARD\t"])
@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t"])
def test_a_frame_that_is_folded_into_a_property_is_a_part_of_its_value(
    frame: str, fold: str
) -> None:
    first = card(ANNA).replace("EMAIL:", f"NOTE:remove{fold}{frame}\r\nEMAIL:")
    last = card(LUCA).replace("FN:", f"NOTE:a{fold}b{fold}{frame}{fold}c{fold}\r\nFN:")

    assert found((first + last).encode()) == [ANNA, LUCA]
    assert [it.line for it in read_cards((first + last).encode())] == [1, 8]


def test_a_name_may_be_folded_before_what_looks_like_a_frame() -> None:
    data = card(ANNA).replace("Anna Neri", "Anna\r\n END:VCARD\r\n BEGIN:VCARD\r\n Neri")

    # Where both stand together, they end a card and begin one: no exporter folds after nine octets.
    assert found(data.encode()) == [
        ("Anna", "", ""),
        ("", "", f"Unsupported vCard version: none given, expected 3.0 or 4.0. {ADVICE}"),
    ]
    data = data.replace(" BEGIN:VCARD\r\n", "")
    assert found(data.encode()) == [("AnnaEND:VCARDNeri", "", "anna@example.it")]


@pytest.mark.parametrize("behind", ["", "\r\n", "X-NOTHING:1\r\nTEL:1\r\n", "TEL:1\r\n \r\n"])
def test_an_indented_end_ends_its_card_if_no_other_end_does(behind: str) -> None:
    first = card(ANNA).replace("END", " END") + behind

    for data in (first, first + card(LUCA), first + "  " + card(LUCA)):
        assert found(data.encode()) == ([ANNA, LUCA] if LUCA[0] in data else [ANNA])


def test_of_several_indented_ends_the_last_one_may_end_the_card() -> None:
    first = card(ANNA).replace("FN:", "NOTE:a\r\n END:VCARD\r\nFN:").replace("\r\nEND", "\r\n END")

    assert found((first + card(LUCA)).encode()) == [ANNA, LUCA]


@pytest.mark.parametrize(
    "indented",
    [
        "  " + card(LUCA),
        "  " + card(LUCA).replace("\r\n", "\r\n  ").rstrip(" "),
        "  " + card(LUCA).replace("END", " END"),
    ],
)
def test_an_indented_begin_begins_a_card_if_its_version_is_next(indented: str) -> None:
    cut_off = card(ANNA).removesuffix("END:VCARD\r\n")

    for data in (cut_off + indented, cut_off + "PHOTO:abc\r\n def\r\n" + indented):
        assert found(data.encode()) == [("", "", NOT_CLOSED), LUCA]
        assert found((data + card(ANNA)).encode()) == [("", "", NOT_CLOSED), LUCA, ANNA]


def test_frames_may_be_indented_where_the_lines_between_them_are_not() -> None:
    data = (card(ANNA) + card(LUCA)).replace("BEGIN", " BEGIN").replace("END", "\tEND")

    assert found(data.encode()) == [ANNA, LUCA]


def test_an_agent_is_not_ended_by_what_is_folded_into_its_properties() -> None:
    agent = card(LUCA).replace("FN:", "NOTE:a\r\n END:VCARD\r\nFN:")
    data = card(ANNA).replace("EMAIL:", f"AGENT:\r\n{agent}EMAIL:")

    assert found(data.encode()) == [ANNA]


@settings(deadline=None, max_examples=200)
@given(st.data(), people())
def test_whatever_is_folded_into_notes_everybody_is_found(
    draw: st.DataObject, everybody: list[Person]
) -> None:
    words = st.sampled_from(["END:VCARD", "BEGIN:VCARD", "a", "x END:VCARD", "TEL:1", ""])
    text = ""
    for person in everybody:
        some = draw.draw(st.lists(words, max_size=4))
        note = "\r\n ".join(["NOTE:a", *(f"{word}\r\n -" for word in some)])
        text += card(person).replace("FN:", f"{note}\r\nFN:")

    assert found(text.encode()) == everybody


def test_a_version_is_next_to_its_begin_wherever_a_large_file_is_cut_into_chunks() -> None:
    cut_off = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cut\r\n "
    small = card(LUCA)

    for length in range(CHUNK - 200, CHUNK + 10):
        data = small + f"NOTE:{'x' * length}\r\n" + cut_off + small
        assert [it.fault for it in read_cards(data.encode())] == ["", NOT_CLOSED, ""], length


def test_a_line_that_was_lost_before_a_frame_costs_no_card() -> None:
    data = b"BEGIN:VCARDVERSION:3.0\r\nFN:Anna Neri\r\nEMAIL:anna@example.it\r\nEND:VCARD"

    assert found(data + card(LUCA).encode()) == [ANNA, LUCA]


@pytest.mark.parametrize("case", [str.lower, str.title, str.swapcase])
def test_frames_that_are_joined_may_be_in_any_case(case: object) -> None:
    assert callable(case)
    data = re.sub("(BEGIN|END):VCARD", lambda frame: case(frame[0]), card(ANNA) + card(LUCA))

    assert found(data.replace("\r\n" + case("BEGIN:VCARD"), case("BEGIN:VCARD")).encode()) == [
        ANNA,
        LUCA,
    ]


def test_a_begin_behind_an_end_begins_a_card_wherever_both_stand() -> None:
    data = card(ANNA).replace("\r\nEND:VCARD\r\n", "END:VCARD").encode() + card(LUCA).encode()

    assert found(data) == [ANNA, LUCA]


@pytest.mark.parametrize(
    "value",
    [
        "NOTE:ends with END:VCARD",
        "NOTE:BEGIN:VCARD begins it",
        "NOTE:a BEGIN:VCARD b",
        "X:END:VCARD",
    ],
)
def test_a_frame_in_the_middle_of_a_value_is_a_part_of_it(value: str) -> None:
    data = card(LUCA).replace("FN:", f"{value}\r\nFN:")

    assert found(data.encode()) == [LUCA]


def test_a_card_that_was_glued_to_another_has_its_number_on_its_own_line() -> None:
    data = card(ANNA).rstrip().encode() + card(LUCA).encode()

    assert list(read_cards(data)) == [
        Card(1, "Anna Neri", email="anna@example.it"),
        Card(5, "Luca Verdi", (Phone("+393489876543", 8),), 8),
    ]


def test_what_seemed_to_be_an_agent_is_reported_if_its_card_is_never_closed() -> None:
    open_card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Boss\r\nAGENT:\r\n"
    data = (open_card + card(ANNA) + card(LUCA)).encode()

    assert [(it.line, it.name, it.fault) for it in read_cards(data)] == [
        (1, "Boss", NOT_CLOSED),
        (5, "", NOT_CLOSED),
        (10, "Luca Verdi", ""),
    ]


def test_an_agent_that_nobody_gave_is_not_the_card_of_the_next_file() -> None:
    data = card(ANNA).replace("EMAIL:", "AGENT:\r\nEMAIL:").replace("END", "AGENT:\r\nEND")

    assert found((data.rstrip() + card(LUCA)).encode()) == [ANNA, LUCA]


# The end of the file


@pytest.mark.parametrize(
    "stray", ["x", "\x1a", "\x00", "\ufeff", " ", "}", "%", "\u200b\r\n\t", "\r\nZ", "\x04"]
)
def test_a_stray_character_behind_the_last_end_refuses_nothing(stray: str) -> None:
    assert found((card(ANNA).rstrip() + stray).encode()) == [ANNA]
    assert found((card(ANNA) + stray).encode()) == [ANNA]


@pytest.mark.parametrize("complete", [0, 1, 3])
def test_a_last_card_that_is_cut_off_says_where_it_begins(complete: int) -> None:
    data = (card(ANNA) * complete + "\r\n" + card(LUCA)).removesuffix("END:VCARD\r\n").encode()

    with pytest.raises(UnterminatedVCard) as refused:
        list(read_cards(data))

    assert refused.value.data == {
        "file": (
            "Invalid VCard format. Expected END:VCARD footer. "
            f"The card that begins on line {complete * 5 + 2} has none; "
            f"complete cards before it: {complete}."
        )
    }


def test_cards_that_are_not_closed_are_not_complete() -> None:
    data = (card(ANNA) + "BEGIN:VCARD\r\n" * 3).encode()

    with pytest.raises(UnterminatedVCard) as refused:
        list(read_cards(data))

    assert (refused.value.line, refused.value.complete) == (8, 1)


# Groups


@pytest.mark.parametrize(
    "kind", ["KIND:group", "kind:Group", "X-ADDRESSBOOKSERVER-KIND:group", "item1.KIND: group "]
)
def test_a_group_is_no_contact(kind: str) -> None:
    data = f"BEGIN:VCARD\nVERSION:4.0\nFN:Friends\n{kind}\nMEMBER:urn:uuid:1\nEND:VCARD\n"

    assert list(read_cards(data.encode())) == [Card(1, "Friends", fault=IS_GROUP, fault_line=1)]


def test_a_group_that_has_a_number_can_be_called_like_anybody() -> None:
    data = b"BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Team\nTEL:347\nEND:VCARD\n"

    assert list(read_cards(data)) == [Card(1, "Team", (Phone("347", 5),), 5)]


def test_another_kind_is_no_group() -> None:
    data = b"BEGIN:VCARD\nVERSION:4.0\nKIND:org\nFN:Team\nEND:VCARD\n"

    assert list(read_cards(data)) == [Card(1, "Team")]
