"""Multipart forms (RFC 7578): the one encoder, and a reader that keeps every byte as it came."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_BOUNDARY = re.compile(r'multipart/form-data;.*?boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'name="([^"]*)"', re.IGNORECASE)
_FILE = "file"


@dataclass(frozen=True)
class FormFile:
    """The file of an upload, as its part of the form carries it."""

    content: bytes
    filename: str = "contacts.vcf"
    media_type: str = "text/vcard"


@dataclass(frozen=True)
class ImportForm:
    """The form of an import: the file part first, then the fields in the order they are sent."""

    file: FormFile | None = None
    fields: tuple[tuple[str, str], ...] = ()

    def encode(self, boundary: str) -> bytes:
        """Return the request body of this form."""
        parts = [] if self.file is None else [FormPart.of_file(self.file)]
        parts += [FormPart.of_field(name, value) for name, value in self.fields]
        return MultipartForm(boundary, tuple(parts)).encode()


@dataclass(frozen=True)
class FormPart:
    """One part: its head as it is sent (without the empty line) and its content."""

    head: bytes
    content: bytes

    @classmethod
    def of_file(cls, file: FormFile) -> FormPart:
        """Return the part that carries *file*."""
        head = (
            f'Content-Disposition: form-data; name="{_FILE}"; filename="{file.filename}"\r\n'
            f"Content-Type: {file.media_type}"
        )
        return cls(head.encode(), file.content)

    @classmethod
    def of_field(cls, name: str, value: str) -> FormPart:
        """Return the part of one field."""
        return cls(f'Content-Disposition: form-data; name="{name}"'.encode(), value.encode())

    @property
    def name(self) -> str:
        """The name of the field; empty if the head gives none."""
        found = _NAME.search(self.head)
        return found[1].decode("utf-8", "replace") if found else ""


@dataclass(frozen=True)
class MultipartForm:
    """A form as it is on the wire: its boundary and its parts."""

    boundary: str
    parts: tuple[FormPart, ...]

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

    def with_value(self, name: str, value: str | None) -> MultipartForm:
        """Return the form with one field of this name at its end, or with none."""
        kept = tuple(each for each in self.parts if each.name != name)
        if value is not None:
            kept += (FormPart.of_field(name, value),)
        return replace(self, parts=kept)

    def with_file(self, content: bytes) -> MultipartForm:
        """Return the form with another content of its file; a form without one gets one."""
        if self.file is None:
            return replace(self, parts=(FormPart.of_file(FormFile(content)), *self.parts))
        parts = (
            replace(each, content=content) if each.name == _FILE else each for each in self.parts
        )
        return replace(self, parts=tuple(parts))

    def encode(self) -> bytes:
        """Return the request body of this form."""
        mark = b"--" + self.boundary.encode("latin-1")
        parts = (b"%b\r\n%b\r\n\r\n%b\r\n" % (mark, each.head, each.content) for each in self.parts)
        return b"".join(parts) + mark + b"--\r\n"


def boundary_of(content_type: str) -> str:
    """Return the boundary that a ``Content-Type`` names; empty if it is not a multipart form."""
    found = _BOUNDARY.match(content_type)
    return found[1] if found else ""


def read_form(content_type: str, body: bytes) -> MultipartForm | None:
    """Return the form in *body*; ``None`` if there is none, or it is incomplete."""
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
        parts.append(FormPart(head, content))
    return MultipartForm(boundary, tuple(parts))
