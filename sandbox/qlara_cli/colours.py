"""Colours on a terminal, and none anywhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    Paint = Callable[[str, str], str]

_STYLES: Mapping[str, Mapping[str, object]] = {
    "dim": {"dim": True},
    "bold": {"bold": True},
    "good": {"fg": "green"},
    "notice": {"fg": "cyan"},
    "refused": {"fg": "yellow"},
    "bad": {"fg": "red", "bold": True},
}


def painter(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> Paint:
    """Return what paints a text in a style for *stream*: ``paint("bad", text)``.

    It leaves the text alone if the stream is closed or no terminal, if ``NO_COLOR`` is set (no-color.org), or
    if the terminal is dumb.
    """
    is_terminal = stream is not None and stream.isatty()
    is_plain = not is_terminal or environment.get("NO_COLOR") or _is_dumb(environment)
    return plain if is_plain else painted


def plain(_: str, text: str) -> str:
    """Return *text* as it is."""
    return text


def painted(style: str, text: str) -> str:
    """Return *text* in a style: ``dim``, ``bold``, ``good``, ``notice``, ``refused`` or ``bad``."""
    return click.style(text, **_STYLES[style])  # type: ignore[arg-type] # what click.style takes


def _is_dumb(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM") == "dumb"
