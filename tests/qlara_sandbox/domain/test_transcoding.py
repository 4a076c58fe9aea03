from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.transcoding import as_utf8

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë 山田 😀\r\nEND:VCARD\r\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_text_of_16_or_32_bits_becomes_utf_8(encoding: str, mark: str) -> None:
    assert as_utf8((mark + CARD).encode(encoding)) == CARD.encode()


def test_blank_lines_at_the_start_of_a_file_are_kept() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        assert as_utf8(("\r\n\r\n" + CARD).encode(encoding)) == b"\r\n\r\n" + CARD.encode()


def test_text_of_8_bits_is_left_as_it_is() -> None:
    for data in (
        CARD.encode(),
        CARD.encode().replace(b"\xc3\xab", b"\xeb"),
        b"\0\0",
        b"",
        b"\xff\xfe",
    ):
        assert as_utf8(data) == data


def test_a_file_that_lost_a_byte_loses_a_character() -> None:
    data = CARD.encode("utf-16-le")[:-3] + CARD.encode("utf-16-le")

    assert as_utf8(data) == (CARD[:-2] + "\ufffd" + CARD).encode()


@settings(deadline=None)
@given(st.lists(st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]), min_size=1, max_size=5))
def test_parts_of_several_encodings_follow_one_another(encodings: list[str]) -> None:
    data = b"".join(CARD.encode(encoding) for encoding in encodings)

    assert as_utf8(data) == CARD.encode() * len(encodings)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["utf-16-le", "utf-16-be", "utf-8"]), min_size=2, max_size=5),
    st.sampled_from([b"\r\n", b"\r\n\xff\xfe"]),
)
def test_what_stands_between_parts_shifts_nothing(encodings: list[str], joint: bytes) -> None:
    data = joint.join(CARD.encode(encoding) for encoding in encodings)

    assert as_utf8(data).count(CARD.encode().rstrip()) == len(encodings)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("joint", [b"\n", b"\x1a", b"\n\n\n"])
def test_an_odd_number_of_bytes_between_parts_shifts_nothing(encoding: str, joint: bytes) -> None:
    data = CARD.encode() + joint + CARD.encode(encoding) + joint + CARD.encode(encoding)

    assert as_utf8(data).count(CARD.encode().rstrip()) == 3


@settings(deadline=None)
@given(st.binary().map(lambda noise: b"\0" + noise + b"B\0E\0G\0I\0N\0" + noise))
def test_any_bytes_are_read(data: bytes) -> None:
    as_utf8(data)
