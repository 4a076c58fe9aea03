"""The Jinja2 environment of the pages: where templates lie, and the filters that they use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile(r"`([^`]+)`")
_BLANK_LINES = re.compile(r"\n\s*\n")


def render(name: str, **values: Any) -> str:
    """Return the template *name* filled in; text in *values* is escaped."""
    return _environment().get_template(name).render(values)


def inline(text: str) -> Markup:
    """Return one run of text in which backticks mark code."""
    pieces = _CODE.split(" ".join(text.split()))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of plain text, which blank lines separate."""
    return [part for part in _BLANK_LINES.split(text.strip()) if part]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["inline"] = inline
    environment.filters["paragraphs"] = paragraphs
    return environment
