"""Frames where they should not be: what is read quickly, since it is common, is what thorough reading finds."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.encoding import FOLD
from qlara_sandbox.domain.frames import (
    PieceKind,
    _of_one_line,
    _of_several_lines,
    may_hold_frame,
    pieces,
)

_FRAMES = (b"BEGIN:VCARD", b"END:VCARD", b"end:vcard", b"Begin:Vcard", b"BEGIN : VCARD")
_SIGNS = (b" ", b"\t", b":", b",", b"\xc2\xa0", b"\xe2\x80\x8b", b"\xff")
_WORDS = (b"a", b"1", b"TEL:1", b"FN:x", b"BEGIN", b"END", b"VCARD", b"E", b"d", b"VERSION:3.0")
some = st.lists(st.sampled_from((*_FRAMES, *_FRAMES, *_SIGNS, *_WORDS)), max_size=5).map(b"".join)


@settings(deadline=None, max_examples=1_000)
@given(some, st.booleans())
def test_one_physical_line_is_read_alike(line: bytes, in_card: bool) -> None:
    thoroughly = _of_one_line(line, in_card)

    if may_hold_frame(line, in_card=in_card):
        assert [*pieces(line, in_card)] == thoroughly
    else:
        kinds = {kind for kind, _, _ in thoroughly}
        assert kinds <= ({PieceKind.LINE} if in_card else {PieceKind.LINE, PieceKind.END})


@settings(deadline=None, max_examples=1_000)
@given(st.lists(some, min_size=2, max_size=5), st.booleans(), st.booleans())
def test_folded_lines_are_read_alike(
    lines: list[bytes], in_card: bool, before_version: bool
) -> None:
    line = FOLD.join(lines)

    found = pieces(line, in_card, lambda: before_version)

    assert [*found] == _of_several_lines(line, in_card, before_version)
