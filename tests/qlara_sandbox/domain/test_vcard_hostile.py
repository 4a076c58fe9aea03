"""Files that are made to cost time or memory. What is claimed is that they are read right; a reader that is
not linear in them would not end within anybody's patience.
"""

from __future__ import annotations

import pytest

from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.vcard import NOT_CLOSED, read_cards

pytestmark = pytest.mark.unmeasured

MEGABYTE = 1024 * 1024
HEAD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n"
TAIL = b"TEL:347\r\nEND:VCARD\r\n"


def read(body: bytes) -> list[Card]:
    return list(read_cards(HEAD + body + TAIL))


def expected(lines: int) -> list[Card]:
    """Return the one card, if *lines* lines stand between its name and its phone."""
    return [Card(1, "A", (Phone("347", 4 + lines),), 4 + lines)]


@pytest.mark.parametrize(
    "line",
    [
        b"X-A;TYPE=" + b"a=" * 40 + b'a"\r\n',
        b"X-A;" + b"a=b;" * 100_000 + b"\r\n",
        b"X-A" + b'"' * MEGABYTE + b":\r\n",
        b"FN;X=" + b'"a:b",' * 100_000 + b":\r\n",
        b"NOTE;ENCODING=QUOTED-PRINTABLE:" + b"=3D" * MEGABYTE + b"\r\n",
        b"QUOTED-PRINTABLE" * 100_000 + b"=\r\n",
        b"ADR:" + b"\\" * MEGABYTE + b"\r\n",
        b"PHOTO;ENCODING=b;TYPE=JPEG:" + b"A" * 10 * MEGABYTE + b"\r\n",
        b"PHOTO:data:image/jpeg;base64," + b"/" * 10 * MEGABYTE + b"==\r\n",
        b"NOTE:" + bytes(range(14, 256)) * 10_000 + b"\r\n",
        b"N;CHARSET=punycode:" + b"a-" * MEGABYTE + b"\xff\r\n",
    ],
    ids=range(11),
)
def test_a_line_that_is_long_or_twisted_is_one_line(line: bytes) -> None:
    (card,) = read(line)

    assert card._replace(address="") == expected(1)[0]


def test_a_parameter_that_never_ends_is_a_parameter() -> None:
    line = b"TEL;TYPE=" + b"a=" * 40 + b'a":348\r\n'

    assert [phone.text for phone in read(line)[0].phones] == ["348", "347"]


def test_a_photo_folded_over_ten_megabytes_is_passed_over() -> None:
    folds = 10 * MEGABYTE // 76

    assert read(b"PHOTO;ENCODING=b:" + b"\r\n A" * folds + b"\r\n") == expected(folds + 1)


def test_a_name_folded_between_all_its_characters_is_whole() -> None:
    (card,) = read_cards(b"BEGIN:VCARD\nVERSION:3.0\nFN:" + b"\n A" * MEGABYTE + b"\n" + TAIL)

    assert card == Card(1, "A" * MEGABYTE, (Phone("347", MEGABYTE + 4),), MEGABYTE + 4)


@pytest.mark.parametrize("line", [b"A:\n", b"\n", b"\r", b"a\n", b":\n", b"BEGIN:\n", b"AGENT:\n"])
def test_a_million_lines_in_a_card_are_passed_over(line: bytes) -> None:
    body = line * 1_000_000

    (card,) = read(body + b"X:\r\n")

    assert card == expected(1_000_001)[0]


def test_a_million_different_properties_are_passed_over() -> None:
    body = b"".join(b"X%d:\n" % number for number in range(1_000_000))

    assert read(body) == expected(1_000_000)


def test_soft_breaks_that_never_end_do_not_hide_the_next_card() -> None:
    body = b"NOTE;QUOTED-PRINTABLE:" + b"a=\r\n" * 1_000_000
    first, second = read_cards(HEAD + body + b"END:VCARD\r\n" + HEAD + TAIL)

    assert (first, second) == (
        Card(1, "A"),
        Card(1_000_005, "A", (Phone("347", 1_000_008),), 1_000_008),
    )


def test_of_a_million_numbers_the_first_thousand_count() -> None:
    (card,) = read_cards(HEAD + b"TEL:1\n" * 1_000_000 + TAIL)

    assert card == Card(1, "A", tuple(Phone("1", 4 + number) for number in range(1_000)), 4)


def test_two_hundred_thousand_cards_without_an_end_are_as_many_errors() -> None:
    number = 200_000
    faults = [card.fault for card in read_cards(b"BEGIN:VCARD\n" * number + HEAD + TAIL)]

    assert faults == [NOT_CLOSED] * number + [""]


def test_nested_beginnings_that_nobody_closes_are_refused() -> None:
    with pytest.raises(UnterminatedVCard):
        list(read_cards(b"BEGIN:VCARD\r\nAGENT:\r\n" * 2_000))


def test_agents_two_thousand_deep_are_one_card() -> None:
    agents = b"AGENT:\r\nBEGIN:VCARD\r\nFN:Deep\r\n" * 2_000 + b"END:VCARD\r\n" * 2_000

    assert read(agents) == expected(8_000)


def test_four_hundred_thousand_empty_cards_are_cards() -> None:
    cards = list(read_cards(b"BEGIN:VCARD\nEND:VCARD\n" * 400_000))

    assert (len(cards), cards[-1].line) == (400_000, 799_999)


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" ", b" \n", b"\r"])
def test_ten_megabytes_of_nothing_are_no_card(blank: bytes) -> None:
    with pytest.raises(NotAVCard):
        list(read_cards(blank * (10 * MEGABYTE // len(blank))))


def test_zeros_are_no_card() -> None:
    with pytest.raises(NotAVCard):
        list(read_cards(b"\0" * MEGABYTE))


def test_a_name_of_endless_combining_marks_is_kept_as_it_is() -> None:
    name = "a" + "\u0301\u0323" * 200_000
    (card,) = read_cards(
        f"BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL:347 123 4567\nEND:VCARD\n".encode()
    )

    assert card.name == name


FRAME = b"END:VCARDBEGIN:VCARD"


def test_half_a_million_frames_on_one_line_are_as_many_cards() -> None:
    cards = list(read_cards(b"BEGIN:VCARD" + FRAME * 500_000 + b"END:VCARD"))

    assert (len(cards), {card.line for card in cards}) == (500_001, {1})


@pytest.mark.parametrize(
    "line",
    [
        b"NOTE:" + b"\xe2\x80\x8b" * 300_000 + b"x" + b"END:VCARD " * 100_000 + b"\r\n",
        b"NOTE:" + b"xBEGIN:VCARD y" * 100_000 + b"\r\n",
        b"NOTE:" + b"B\0E\0G\0I\0N\0" * 100_000 + b"\r\n",
        b"EMAIL:x " + b" " * MEGABYTE + b"y\r\n",
        b"EMAIL:" + b"<a@b " * 200_000 + b"\r\n",
        b"EMAIL:x " + b"(" * MEGABYTE + b"\r\n",
        b"TEL;TYPE=FAX" + b"aB-" * 300_000 + b":1\r\n",
        b"item1.X-ABLabel:" + b"aB-" * 300_000 + b"\r\n",
        b"TEL;VALUE=uri:https://api.whatsapp.com/send?" + b"&phone=" * 200_000 + b"\r\n",
    ],
    ids=range(9),
)
def test_a_line_of_what_is_sought_in_it_is_one_line(line: bytes) -> None:
    (card,) = read(line)

    assert card._replace(email="") == expected(1)[0]


def test_a_file_that_is_indented_as_a_whole_is_read_in_one_pass() -> None:
    data = (HEAD + TAIL).replace(b"\r\n", b"\r\n  ") * 50_000

    assert len(list(read_cards(b"  " + data))) == 50_000


@pytest.mark.parametrize("blank", [b"\xef\xbb\xbf\r\n", b"\x00", b"\xe2\x80\x8b", b"\x1a\r\n"])
def test_ten_megabytes_of_what_nobody_sees_are_no_card(blank: bytes) -> None:
    with pytest.raises(NotAVCard):
        list(read_cards(blank * (10 * MEGABYTE // len(blank))))
