from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings, strategies as st

from qlara_sandbox.domain import encoding
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.vcard import NOT_CLOSED, read_cards

if TYPE_CHECKING:
    from qlara_sandbox.domain.contacts import Card

LINE_END = re.compile(rb"\r\n|\n|\r")

heads = st.sampled_from(
    [
        *(
            "FN",
            "fn",
            "item1.FN",
            "N",
            "ORG",
            "TEL",
            "TEL;TYPE=CELL",
            "tel;type=home,fax",
            "TEL;PREF=1",
        ),
        *('TEL;TYPE="voice,cell"', 'TEL;X=a"b', 'X-A;P="a:b"', "EMAIL", "EMAIL;TYPE=pref", "ADR"),
        *("VERSION", "NOTE", "AGENT", "FN;ENCODING=QUOTED-PRINTABLE", "FN;CHARSET=ISO-2022-JP"),
        *("TEL;VALUE=uri", "", "X", "BEGIN", "END", "NOTE;QUOTED-PRINTABLE"),
    ]
)
values = st.one_of(
    st.text(max_size=12),
    st.text("\\,;:nN\"'=3C2\x00\x1b\u0301e \t", max_size=12),
    st.sampled_from(["VCARD", "3.0", "4.0", "2.1", "tel:+39-347-1", "sip:a@b", "", "abc="]),
)


def _one_line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


lines = st.builds(lambda head, value: f"{head}:{_one_line(value)}", heads, values)
bodies = st.lists(lines.filter(lambda line: not line.upper().startswith(("BEGIN", "END", "AGENT"))))


def _card(body: list[str]) -> str:
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *body, "END:VCARD", ""])


# Files of closed cards, in which no value could go on in the next line.
closed_files = st.lists(bodies.map(_card), min_size=1, max_size=4).map(
    lambda cards: re.sub("=+\r", "\r", "".join(cards)).encode("utf-8", "replace")
)
# Files of anything that could matter, in any order.
any_files = st.lists(lines, max_size=20).map(
    lambda body: "\n".join(["BEGIN:VCARD", *body]).encode("utf-8", "replace")
)


def read(data: bytes) -> list[Card] | type[Exception]:
    try:
        return list(read_cards(data))
    except (NotAVCard, UnterminatedVCard) as refusal:
        return type(refusal)


def without_lines(cards: list[Card] | type[Exception]) -> object:
    if not isinstance(cards, list):
        return cards
    return [
        card._replace(
            line=0,
            first_phone_line=0,
            fault_line=0,
            phones=tuple(phone._replace(line=0) for phone in card.phones),
        )
        for card in cards
    ]


def texts(card: Card) -> list[str]:
    return [card.name, card.email, card.address, card.fault, *(phone.text for phone in card.phones)]


@settings(deadline=None)
@given(st.one_of(st.binary(), st.binary().map(b"BEGIN:VCARD\n".__add__), any_files))
@example(b"\xff\xfe\x00")
@example(b"\xfe\xff\xd8\x00")
@example(b"BEGIN:VCARD\nTEL;CHARSET=\xff\x00:\xff\nEND:VCARD")
def test_any_bytes_are_either_cards_or_refused(data: bytes) -> None:
    cards = read(data)

    for card in cards if isinstance(cards, list) else []:
        for text in texts(card):
            text.encode()  # no half of a character
            assert text == text.strip()
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


@settings(deadline=None)
@given(closed_files, st.data())
def test_folding_anywhere_changes_nothing_but_line_numbers(
    data: bytes, draw: st.DataObject
) -> None:
    pairs = ((at, data[at - 1 : at + 1]) for at in range(1, len(data)))
    # Not at a line end, and not behind "=", where a fold of a quoted-printable value means a soft break.
    inside = [at for at, pair in pairs if pair[0] not in b"\r\n=" and pair[1] not in b"\r\n"]
    places = set(draw.draw(st.lists(st.sampled_from(inside), max_size=8)))
    folded = b"".join(
        (b"\r\n " if at in places else b"") + data[at : at + 1] for at in range(len(data))
    )

    assert without_lines(read(folded)) == without_lines(read(data))


@settings(deadline=None)
@given(any_files, st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_the_style_of_line_ends_changes_nothing(data: bytes, line_end: bytes) -> None:
    assert read(data.replace(b"\n", line_end)) == read(data)


@settings(deadline=None)
@given(closed_files, closed_files)
def test_files_one_after_the_other_are_their_cards_one_after_the_other(
    first: bytes, second: bytes
) -> None:
    before, after = read(first), read(second)
    assert isinstance(before, list)
    assert isinstance(after, list)

    cards = read(first + second)

    assert without_lines(cards) == without_lines(before + after)


@settings(deadline=None)
@given(any_files)
def test_line_numbers_point_at_the_lines_that_they_speak_of(data: bytes) -> None:
    cards = read(data)
    physical = ["", *(line.decode("utf-8", "replace").upper() for line in LINE_END.split(data))]

    for card in cards if isinstance(cards, list) else []:
        assert physical[card.line].startswith("BEGIN:")
        for phone in card.phones:
            assert physical[phone.line].startswith("TEL")
        assert (card.first_phone_line == 0) == (not card.phones)
        assert card.first_phone_line in {0, *(phone.line for phone in card.phones)}
        if card.fault and card.fault != NOT_CLOSED:
            assert physical[card.fault_line].startswith(("VERSION", "BEGIN"))


@settings(deadline=None)
@given(any_files)
def test_every_card_ends_before_the_next_one_begins(data: bytes) -> None:
    cards = read(data)
    begins = [card.line for card in cards] if isinstance(cards, list) else []

    assert begins == sorted(set(begins))


@settings(max_examples=50, deadline=None)
@given(st.one_of(any_files, closed_files), st.integers(1, 40))
def test_where_the_chunks_end_changes_nothing(data: bytes, size: int) -> None:
    whole = read(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", size)
        assert read(data) == whole


def test_a_file_of_many_chunks_is_one_file() -> None:
    sizes = [1, 70, 1_000, 100_000, 300_000, 3]
    cards = [_card([f"FN:{size}", "NOTE:" + "x" * size, "TEL:1"]) for size in sizes * 5]
    begins = [1, *accumulate((card.count("\n") for card in cards), initial=1)][1:-1]

    found = list(read_cards("".join(cards).encode()))

    assert [(card.line, card.name, card.first_phone_line) for card in found] == [
        (begin, str(size), begin + 4) for begin, size in zip(begins, sizes * 5, strict=True)
    ]
