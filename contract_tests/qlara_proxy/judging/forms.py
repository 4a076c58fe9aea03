"""Any valid multipart form, whatever client wrote it (RFC 7578, RFC 2046 section 5.1), and what is special about it."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.promise_ids import PromiseId

_FILE = "file"
_MOST_PARTS = 100
_FIELDS = frozenset({"file", "listId", "listName", "duplicateStrategy", "tags", "fileName"})
_PLAIN_STEM = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
_PLAIN_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="[A-Za-z]+"(; filename="[^"\\]*")?(\r\nContent-Type: [^\r\n]+)?'
)
_PLAIN_TYPE = re.compile(r"multipart/form-data; ?boundary=[A-Za-z0-9'()+_,./:=?-]+", re.ASCII)
_MEDIA_TYPES = frozenset({"", "text/vcard", "application/octet-stream", "text/x-vcard"})


class SeenPart:
    """One part of a form: its head, as it is sent, and its content."""

    def __init__(self, head: bytes, content: bytes) -> None:
        self.head, self.content = head, content

    @cached_property
    def _headers(self) -> Message:
        return BytesHeaderParser(policy=compat32).parsebytes(self.head + b"\r\n\r\n")

    @cached_property
    def name(self) -> str:
        """The name of the field; empty if the head gives none."""
        return self._parameter("name") or ""

    @cached_property
    def filename(self) -> str | None:
        """The name of the file; ``None`` if the part has none."""
        return self._parameter("filename")

    @property
    def media_type(self) -> str:
        return self._headers.get_content_type() if "content-type" in self._headers else ""

    @property
    def is_plain(self) -> bool:
        """Whether the head is written as most clients write it."""
        return _PLAIN_HEAD.fullmatch(self.head) is not None

    def _parameter(self, name: str) -> str | None:
        value = self._headers.get_param(name, header="content-disposition")
        if isinstance(value, tuple):  # RFC 2231: charset, language, value
            value = value[2]
        if value is None:
            return None
        try:
            return str(value).encode("ascii", "surrogateescape").decode("utf-8", "replace")
        except UnicodeEncodeError:  # in another charset, as RFC 2231 writes it
            return str(value)


class SeenForm:
    """A multipart form as it was sent."""

    def __init__(
        self, content_type: str, parts: Sequence[SeenPart], *, is_framed_plainly: bool
    ) -> None:
        self.parts = tuple(parts)
        self._is_framed_plainly = is_framed_plainly and bool(_PLAIN_TYPE.fullmatch(content_type))

    @cached_property
    def file(self) -> bytes | None:
        """The content of the file, or ``None``."""
        return next((each.content for each in self.parts if each.name == _FILE), None)

    def value(self, name: str) -> str | None:
        """Return the first value of a field, or ``None``."""
        found = (each.content for each in self.parts if each.name == name)
        content = next(found, None)
        return None if content is None else content.decode("utf-8", "replace")

    @cached_property
    def rests_on(self) -> frozenset[PromiseId]:
        """The promises that reading the form rests on, beside that a plain one is read."""
        found: set[PromiseId] = set()
        file = next((each for each in self.parts if each.name == _FILE), None)
        others = [each for each in self.parts if each.name != _FILE]
        if any(each.name not in _FIELDS for each in others):
            found.add("upload.unknown-fields-ignored")
        if file is not None:
            name = file.filename or ""
            stem, _, ending = name.rpartition(".") if "." in name else (name or "none", "", "")
            if not _PLAIN_STEM.fullmatch(stem):
                found.add("upload.file-name-free")
            elif ending != "vcf":
                found.add("upload.part-headers-free")
            if file.media_type not in _MEDIA_TYPES:
                found.add("upload.part-headers-free")
        is_first = not self.parts or self.parts[0].name == _FILE
        heads = all(each.is_plain for each in self.parts)
        is_plain = self._is_framed_plainly and heads and is_first
        if not is_plain and not found:
            found.add("upload.any-valid-form")
        return frozenset(found)


def boundary_of(content_type: str) -> str:
    """Return the boundary that a ``Content-Type`` names; empty if it is not a multipart form."""
    headers = Message()
    headers["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    if headers.get_content_type() != "multipart/form-data":
        return ""
    boundary = headers.get_boundary("")
    return boundary if boundary.isascii() else ""


def read_form(content_type: str, body: bytes) -> SeenForm | None:
    """Return the form in *body*; ``None`` if there is none, or it is incomplete."""
    boundary = boundary_of(content_type)
    if not boundary:
        return None
    mark = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    marks = list(mark.finditer(body))
    if len(marks) < 2 or marks[-1][1] is None or len(marks) > _MOST_PARTS:
        return None
    parts = []
    for begin, end in pairwise(marks):
        if begin[1] is not None:
            break
        head, gap, content = body[begin.end() + 2 : end.start()].partition(b"\r\n\r\n")
        if not gap:
            return None
        parts.append(SeenPart(head, content))
    is_framed_plainly = marks[0].start() == 0 and marks[-1].end() >= len(body) - 2
    return SeenForm(content_type, parts, is_framed_plainly=is_framed_plainly)
