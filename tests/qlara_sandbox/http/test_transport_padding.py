"""Blanks after boundary lines are taken out, however the body is cut, and nothing else is."""

from __future__ import annotations

import itertools

from hypothesis import given, strategies as st

from qlara_sandbox.http.transport_padding import PaddingFilter

PADDED = (
    b"--B==_7 \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx --B==_7  \r\n"
    b"--B==_7x  \r\n--B==_7\t\r\n\r\n\r\ny \r\n--B==_7--  "
)
CLEAN = (
    b"\r\n--B==_7\r\nContent-Disposition: form-data; name=a\r\n\r\nx --B==_7  \r\n"
    b"--B==_7x  \r\n--B==_7\r\n\r\n\r\ny \r\n--B==_7--"
)


def passed(body: bytes, cuts: list[int], boundary: bytes = b"B==_7") -> bytes:
    padding = PaddingFilter(boundary)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[begin:end] for begin, end in itertools.pairwise(edges)]
    return b"".join([*map(padding.pass_on, pieces), padding.rest()])


@given(st.lists(st.integers(0, len(PADDED)), max_size=12))
def test_blanks_after_boundary_lines_go_however_the_body_is_cut(cuts: list[int]) -> None:
    assert passed(PADDED, cuts) == CLEAN


def test_a_body_that_comes_byte_by_byte_is_the_same_body() -> None:
    assert passed(PADDED, list(range(len(PADDED)))) == CLEAN


@given(
    st.lists(
        st.sampled_from([b"--B", b"\r\n", b"\r", b"-", b" ", b"B", b"x", b"\n", b"--B--"]),
        max_size=30,
    ),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_cutting_a_body_never_changes_what_comes_out(parts: list[bytes], cuts: list[int]) -> None:
    body = b"".join(parts)

    assert passed(body, cuts, b"B") == passed(body, [], b"B")


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_a_body_without_boundary_lines_passes_as_it_is(body: bytes, cuts: list[int]) -> None:
    assert passed(body, cuts, b"boundary that is not in it") == b"\r\n" + body
