"""Multipart forms: text fields and one file, counted and checked while they arrive (RFC 7578)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from qlara_sandbox.domain.charset import decode_strictly
from qlara_sandbox.domain.errors import FileTooLarge, InvalidField, InvalidFields, NotAForm
from qlara_sandbox.http.operation import MULTIPART, FormField
from qlara_sandbox.http.part import Base64Decoder, UnreadablePart, charset_of, decoder_of, file_name
from qlara_sandbox.http.request import KEPT_HEAD
from qlara_sandbox.http.spool import Spool
from qlara_sandbox.http.transport_padding import PaddingFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.http.operation import FormSchema
    from qlara_sandbox.http.request import RequestBody

BESIDE_THE_FILE = 1024 * 1024
# Base64 takes four bytes for three, and line breaks. A part of more is nothing but blanks.
_MOST_SENT_PER_BYTE = 2
_TEXT_BYTES = 64 * 1024
_LENGTH_DIGITS = 15
_BLAMED_FIELD = "file"
_EXPECTED = "Expected a multipart/form-data body with a vCard file"
# RFC 2046 section 5.1.1 lets a boundary hold "=" and the like, which must be quoted and often is not.
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";]*))', re.IGNORECASE)
# What JavaScript makes of a FormData that is turned into text.
_OBJECT_AS_TEXT = re.compile(rb"\s*\[object \w+\]\s*")
# The character set of all fields that declare none (RFC 7578 section 4.6).
_CHARSET = FormField("_charset_", is_file=False, expected="Expected a charset.", max_bytes=None)


class UploadForm:
    """A form as it arrives: text fields, the one file, and what is wrong with them."""

    def __init__(self, schema: FormSchema, file_limit: int, headers: Mapping[str, str]) -> None:
        """Prepare to read the body that *headers* announce; its file may have *file_limit* bytes.

        Raises:
            InvalidField: the body is not a multipart form.
        """
        boundary = _boundary(headers)
        try:
            # A file name in another character set must not spoil the part: latin-1 reads any bytes.
            self._parser = PushMultipartParser(boundary, header_charset="latin-1")
        except (MultipartError, ValueError) as error:
            message = f"Expected a usable boundary in the Content-Type header: {error}."
            raise InvalidField(_BLAMED_FIELD, message) from error
        self._boundary = boundary
        self._has_parts = False
        self._padding = PaddingFilter(boundary.encode("latin-1"))
        self._schema = schema
        self._file_limit = file_limit
        self._text: dict[str, bytearray] = {}
        self._charsets: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._mistakes: dict[str, str] = {}
        self._decoder: Base64Decoder | None = None
        self._file_bytes_sent = 0
        self._file = Spool(announced=min(_announced(headers), file_limit))
        self.file_bytes = 0
        self.file_head = b""
        self.file_name: str | None = None

    async def receive(self, body: RequestBody) -> None:
        """Read *body*, counting while it streams.

        Raises:
            FileTooLarge: as soon as one byte too many has arrived.
            InvalidField: the body is malformed.
            InvalidFields: there is too much beside the file.
            ClientGone: the client went away.
        """
        received = 0
        field: FormField | None = None
        try:
            async for chunk in body.chunks():
                received += len(chunk)
                field = self._take(self._padding.pass_on(chunk), field)
                if received - self._file_bytes_sent > BESIDE_THE_FILE:
                    # A file that was sent as text, or twice, is the reason rather than the size.
                    too_much = {"body": "Expected at most 1 MB beside the file."}
                    raise InvalidFields(self._mistakes or too_much)
            self._take(self._padding.rest(), field)
        except (MultipartError, ValueError) as error:
            raise InvalidField(_BLAMED_FIELD, _malformed(body, str(error))) from error
        self._close_parser(body)

    def fields(self) -> dict[str, str]:
        """Return the text fields, checked against the contract, with defaults filled in.

        Raises:
            InvalidFields: every field at fault.
        """
        present = dict.fromkeys(self._seen, "")
        for name, raw in self._text_fields():
            charset = self._charset(name)
            try:
                present[name] = decode_strictly(raw, charset)
            except UnicodeError:
                shown = "UTF-8" if charset.lower() in {"utf-8", "utf8"} else charset
                self._mistakes[name] = f"Expected {shown} text."
            except LookupError:
                self._mistakes[name] = f"Unknown charset {charset[:50]!r}. Expected UTF-8 text."
        if self._mistakes:
            raise InvalidFields(self._mistakes)
        return self._schema.check(present)

    def text(self) -> dict[str, str]:
        """Return the text fields as they arrived, unchecked."""
        shown = {}
        for name, raw in self._text_fields():
            try:
                shown[name] = decode_strictly(raw, self._charset(name))
            except (LookupError, UnicodeError):
                shown[name] = raw.decode("utf-8", "replace")
        return shown

    def read(self) -> bytes:
        """Return the whole file."""
        return self._file.read()

    def close(self) -> None:
        """Give back memory and disk."""
        self._file.close()

    def _text_fields(self) -> list[tuple[str, bytes]]:
        return [(name, bytes(raw)) for name, raw in self._text.items() if name != _CHARSET.name]

    def _charset(self, name: str) -> str:
        default = self._text.get(_CHARSET.name, b"").decode("ascii", "replace").strip()
        return self._charsets.get(name) or default or "utf-8"

    def _close_parser(self, body: RequestBody) -> None:
        try:
            self._parser.close()
        except MultipartError as error:
            line = f"--{self._boundary}"
            cause = f"expected {line}-- at its end"
            if not self._has_parts:
                cause = f"found no line {line}, the boundary of the Content-Type header"
            raise InvalidField(_BLAMED_FIELD, _malformed(body, cause)) from error

    def _take(self, chunk: bytes, field: FormField | None) -> FormField | None:
        if not chunk:
            return field
        for event in self._parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                field = self._open(event)
            elif event is None:
                self._end(field)
                field = None
            elif field is not None:
                self._write(field, event)
        return field

    def _open(self, part: MultipartSegment) -> FormField | None:
        """Begin a part; return its field, or None if its content is of no interest."""
        self._has_parts = True
        name = part.name or ""
        if name == _CHARSET.name:
            self._text[name] = bytearray()
            return _CHARSET
        field = self._schema.fields.get(name)
        if field is None:
            return None
        self._seen[name] = self._seen.get(name, 0) + 1
        sent_name = file_name(part)
        sent_as_file = sent_name is not None
        is_repeated, counts = self._seen[name] > 1, self._schema.given_twice
        if is_repeated and (field.is_file or counts == "refused"):
            self._mistakes[name] = f"Given {self._seen[name]} times. {field.expected}"
        elif is_repeated and counts == "first":
            return None
        elif sent_as_file != field.is_file:
            found = "a file" if sent_as_file else "text"
            self._mistakes[name] = f"{field.expected[:-1]}; found {found}."
        else:
            return self._begin(field, part, sent_name)
        return None

    def _begin(
        self, field: FormField, part: MultipartSegment, sent_name: str | None
    ) -> FormField | None:
        try:
            self._decoder = decoder_of(part)
        except UnreadablePart as error:
            self._mistakes[field.name] = str(error)
            return None
        if field.is_file:
            self.file_name = sent_name
            return field
        self._text[field.name] = bytearray()
        charset = charset_of(part)
        self._charsets.pop(field.name, None)  # of one that was given before
        if charset:
            self._charsets[field.name] = charset
        return field

    def _write(self, field: FormField, chunk: bytes) -> None:
        """Add to the part that is open.

        Raises:
            FileTooLarge: the file is over the limit; what came before is not kept.
        """
        sent = len(chunk)
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk)
        if field.is_file:
            self._file_bytes_sent += sent
            self.file_bytes += len(chunk)
            if max(self.file_bytes, self._file_bytes_sent / _MOST_SENT_PER_BYTE) > self._file_limit:
                raise FileTooLarge(self._file_limit)
            self._file.write(chunk)
            if len(self.file_head) < KEPT_HEAD:
                self.file_head += chunk[: KEPT_HEAD - len(self.file_head)]
            return
        text = self._text[field.name]
        text += chunk
        if len(text) > _TEXT_BYTES:
            self._mistakes[field.name] = field.expected
            text.clear()

    def _end(self, field: FormField | None) -> None:
        decoder, self._decoder = self._decoder, None
        if decoder is not None and field is not None and not decoder.is_complete:
            self._mistakes[field.name] = "Expected base64, as Content-Transfer-Encoding says."


def require_plain_body(headers: Mapping[str, str]) -> None:
    """Let a body pass that is sent as it is.

    Raises:
        InvalidField: it is compressed.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        message = f"Expected a body without Content-Encoding; found {coding[:50]}."
        raise InvalidField("content-encoding", message)


async def require_multipart(headers: Mapping[str, str], body: RequestBody) -> None:
    """Let a request pass that brings a multipart form.

    Raises:
        NotAForm: it does not; the message names what it brings instead.
        ClientGone: the client went away.
    """
    if body.complete:
        raise NotAForm(_BLAMED_FIELD, f"{_EXPECTED}; the body is empty.")
    media_type = _media_type(headers)
    if media_type == MULTIPART:
        return
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) < KEPT_HEAD:
        text = bytes(await body.read(KEPT_HEAD))
        if _OBJECT_AS_TEXT.fullmatch(text):
            raise NotAForm(_BLAMED_FIELD, _object_as_text(text))
    found = f"found {media_type[:100]}" if media_type else "found no Content-Type"
    raise NotAForm(_BLAMED_FIELD, f"{_EXPECTED}; {found}.")


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _announced(headers: Mapping[str, str]) -> int:
    """Return how long a body is said to be; 0 if nothing is said."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _LENGTH_DIGITS else 0


def _boundary(headers: Mapping[str, str]) -> str:
    found = _BOUNDARY.search(headers.get("content-type", ""))
    quoted, bare = found.groups() if found else (None, "")
    boundary = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (bare or "").rstrip()
    if not 0 < len(boundary) <= 200:  # noqa: PLR2004 - RFC 2046 allows 70; nobody needs more
        message = (
            "Expected a boundary of 1 to 200 characters in the Content-Type header; a client that "
            "builds the form sets it itself."
        )
        raise InvalidField(_BLAMED_FIELD, message)
    return boundary


def _malformed(body: RequestBody, cause: str) -> str:
    if _OBJECT_AS_TEXT.fullmatch(body.head):
        return _object_as_text(body.head)
    return f"Malformed multipart/form-data body: {cause}."


def _object_as_text(text: bytes) -> str:
    found = text.decode("ascii", "replace").strip()
    return f"{_EXPECTED}; found the text {found!r}: pass the form object itself as the body."
