"""Colours are for terminals, and for people who want them."""

from __future__ import annotations

import io

import pytest

from qlara_cli.colours import painter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours() -> None:
    paint = painter(Terminal(), {"TERM": "xterm-256color", "NO_COLOR": ""})

    assert paint("refused", "400") == "\x1b[33m400\x1b[0m"


@pytest.mark.parametrize(
    ("stream", "environment"),
    [
        (io.StringIO(), {"TERM": "xterm"}),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}),
        (Terminal(), {"TERM": "dumb"}),
    ],
)
def test_a_file_a_dumb_terminal_and_who_wants_none_get_none(
    stream: io.StringIO, environment: dict[str, str]
) -> None:
    assert painter(stream, environment)("refused", "400") == "400"


def test_a_closed_stream_is_no_terminal() -> None:
    assert painter(None, {})("bad", "x") == "x"
