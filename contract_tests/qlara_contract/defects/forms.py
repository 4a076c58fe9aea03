"""Multipart forms as bytes: read, changed in one field, and written as they came."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_BOUNDARY = re.compile(r'multipart/form-data;.*?boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'name="([^"]*)"', re.IGNORECASE)
_FILE = "file"


@dataclass(frozen=True)
class Part:
    """One part: its head as it was sent (without the empty line) and its content."""

    head: bytes
    content: bytes

    @property
    def name(self) -> str:
        """The name of the field; empty if the head gives none."""
        found = _NAME.search(self.head)
        return found[1].decode("utf-8", "replace") if found else ""


@dataclass(frozen=True)
class Form:
    """A form (RFC 7578) and the boundary it is sent with."""

    boundary: str
    parts: tuple[Part, ...]

    @property
    def content_type(self) -> str:
        """The ``Content-Type`` that this form is sent with."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def file(self) -> bytes | None:
        """The content of the file, or ``None``."""
        return next((each.content for each in self.parts if each.name == _FILE), None)

    @property
    def file_head(self) -> bytes:
        """The head of the file's part; empty if there is none."""
        return next((each.head for each in self.parts if each.name == _FILE), b"")

    def value(self, name: str) -> str | None:
        """Return the first value of a field, or ``None``."""
        found = (each.content for each in self.parts if each.name == name)
        content = next(found, None)
        return None if content is None else content.decode("utf-8", "replace")

    def with_value(self, name: str, value: str | None) -> Form:
        """Return the form with one field of this name at its end, or with none."""
        kept = tuple(each for each in self.parts if each.name != name)
        if value is not None:
            head = f'Content-Disposition: form-data; name="{name}"'.encode()
            kept += (Part(head, value.encode()),)
        return replace(self, parts=kept)

    def with_file(self, content: bytes) -> Form:
        """Return the form with another content of its file; a form without one gets one."""
        if self.file is None:
            head = b'Content-Disposition: form-data; name="file"; filename="contacts.vcf"'
            return replace(self, parts=(Part(head, content), *self.parts))
        return replace(
            self,
            parts=tuple(
                replace(each, content=content) if each.name == _FILE else each
                for each in self.parts
            ),
        )

    def encode(self) -> bytes:
        """Return the body that this form is sent as."""
        mark = b"--" + self.boundary.encode("latin-1")
        return (
            b"".join(
                b"%b\r\n%b\r\n\r\n%b\r\n" % (mark, part.head, part.content) for part in self.parts
            )
            + mark
            + b"--\r\n"
        )


def boundary_of(content_type: str) -> str:
    """Return the boundary that a ``Content-Type`` names; empty if it is not of a form."""
    found = _BOUNDARY.match(content_type)
    return found[1] if found else ""


def read_form(content_type: str, body: bytes) -> Form | None:
    """Return the form in *body*; ``None`` if it is none, or not whole."""
    boundary = boundary_of(content_type)
    mark = b"--" + boundary.encode("latin-1", "replace")
    first, *sections = (b"\r\n" + body).split(b"\r\n" + mark)
    if not boundary or first or not sections or sections.pop().strip() != b"--":
        return None
    parts = []
    for section in sections:
        head, gap, content = section.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not gap or not section.startswith(b"\r\n"):
            return None
        parts.append(Part(head, content))
    return Form(boundary, tuple(parts))
