from __future__ import annotations

from qlara_sandbox.web.pages.templating import inline, paragraphs


def test_backticks_mark_code_and_everything_is_escaped() -> None:
    assert inline("a `<x>` b & c") == "a <code>&lt;x&gt;</code> b &amp; c"


def test_line_breaks_within_a_run_of_text_are_blanks() -> None:
    assert inline("one\n  two") == "one two"


def test_blank_lines_separate_paragraphs() -> None:
    assert paragraphs("one\ntwo\n \nthree\n") == ["one\ntwo", "three"]
