"""Reads multipart/form-data (RFC 7578), by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PARAMETER = re.compile(r';\s*([\w!#$&+.^`|~*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_ESCAPE = re.compile(r'\\(["\\])')


class MalformedForm(ValueError):
    """The body is not the form that its header announces."""


@dataclass(frozen=True)
class Part:
    """One part: its name, its file name if it is a file, and its content."""

    name: str
    filename: str | None
    content: bytes
    media_type: str = ""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


@dataclass(frozen=True)
class Form:
    """The parts of a form in the order in which they were sent."""

    parts: tuple[Part, ...] = field(default_factory=tuple)

    def all(self, name: str) -> list[Part]:
        return [each for each in self.parts if each.name == name]


def parameters(header: str) -> dict[str, str]:
    """Return the parameters of a header such as Content-Disposition, names in lower case."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        if value.startswith('"'):
            value = _ESCAPE.sub(r"\1", value[1:-1])  # noqa: PLW2901 - the value without its quotes
        found.setdefault(name.lower(), value)
    return found


def read_form(content_type: str, body: bytes) -> Form:
    """Return the form in *body*; raise ``MalformedForm``."""
    boundary = parameters(content_type).get("boundary", "")
    if not boundary:
        raise MalformedForm("no boundary")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    _preamble, *pieces = (b"\r\n" + body).split(delimiter)
    parts: list[Part] = []
    for piece in pieces:
        if piece.startswith(b"--"):
            return Form(tuple(parts))
        parts.append(_part(piece))
    raise MalformedForm("no closing boundary")


def _part(piece: bytes) -> Part:
    padding, line_end, rest = piece.partition(b"\r\n")
    if padding.strip(b" \t") or not line_end:
        raise MalformedForm("text after a boundary")
    if rest.startswith(b"\r\n"):
        raise MalformedForm("a part without headers")
    head, blank, content = rest.partition(b"\r\n\r\n")
    if not blank:
        raise MalformedForm("a part without an end of its headers")
    headers = _headers(head)
    disposition = headers.get("content-disposition", "")
    values = parameters(disposition)
    if not disposition.lower().startswith("form-data") or "name" not in values:
        raise MalformedForm("a part without a name")
    filename = values.get("filename", values.get("filename*"))
    return Part(values["name"], filename, content, headers.get("content-type", ""))


def _headers(head: bytes) -> dict[str, str]:
    found = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
    return found
