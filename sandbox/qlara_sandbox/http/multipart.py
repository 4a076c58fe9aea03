"""Body bytes to form fields and a file: multipart, sizes, character sets."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from qlara_sandbox.domain.errors import FileTooLarge, InvalidField, InvalidFields
from qlara_sandbox.http.operation import MULTIPART
from qlara_sandbox.http.request import KEPT_HEAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.http.operation import FormField, FormSchema
    from qlara_sandbox.http.request import RequestBody

KEPT_IN_MEMORY = 1024 * 1024
BESIDE_THE_FILE = 1024 * 1024
_TEXT_BYTES = 64 * 1024
_PREFERRED_FIELD = "file"


class UploadForm:
    """A form as it arrives: text fields, the one file, and what is wrong with them."""

    def __init__(self, form: FormSchema, file_limit: int) -> None:
        self._form = form
        self._file_limit = file_limit
        self._text: dict[str, bytearray] = {}
        self._seen: dict[str, int] = {}
        self._mistakes: dict[str, str] = {}
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self.file_bytes = 0
        self.file_head = b""
        self.file_name: str | None = None

    def open(self, part: MultipartSegment) -> FormField | None:
        """Begin a part; return its field, or None if its content is of no interest."""
        name = part.name or ""
        field = self._form.fields.get(name)
        if field is None:
            return None
        self._seen[name] = self._seen.get(name, 0) + 1
        sent_as_file = _is_file(part)
        if self._seen[name] > 1:
            self._mistakes[name] = f"Given {self._seen[name]} times. {field.expected}"
        elif sent_as_file != field.is_file:
            found = "a file" if sent_as_file else "text"
            self._mistakes[name] = f"{field.expected[:-1]}; found {found}."
        else:
            if field.is_file:
                self.file_name = part.filename or ""
            else:
                self._text[name] = bytearray()
            return field
        return None

    def write(self, field: FormField, chunk: bytes) -> None:
        """Add to the part that is open.

        Raises:
            FileTooLarge: the file is over the limit; what came before is not kept.
        """
        if field.is_file:
            self.file_bytes += len(chunk)
            if self.file_bytes > self._file_limit:
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

    def fields(self) -> dict[str, str]:
        """Return the text fields, checked against the contract, with defaults filled in.

        Raises:
            InvalidFields: every field at fault.
        """
        present = dict.fromkeys(self._seen, "")
        for name, raw in self._text.items():
            try:
                present[name] = raw.decode("utf-8")
            except UnicodeDecodeError:
                self._mistakes[name] = "Expected UTF-8 text."
        if self._mistakes:
            raise InvalidFields(self._mistakes)
        return self._form.check(present)

    def text(self) -> dict[str, str]:
        """Return the text fields as they arrived, unchecked."""
        return {name: raw.decode("utf-8", "replace") for name, raw in self._text.items()}

    def read(self) -> bytes:
        """Return the whole file."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give back memory and disk."""
        self._file.close()


async def read_form(body: RequestBody, headers: Mapping[str, str], upload: UploadForm) -> None:
    """Read a multipart body into *upload*, counting while it streams.

    Raises:
        FileTooLarge: as soon as one byte too many has arrived.
        InvalidField: the body is not multipart, or malformed.
        ClientGone: the client went away.
    """
    parser = _parser(headers)
    received = 0
    field: FormField | None = None
    try:
        async for chunk in body.chunks():
            received += len(chunk)
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    field = upload.open(event)
                elif event and field is not None:
                    upload.write(field, event)
            if received - upload.file_bytes > BESIDE_THE_FILE:
                raise InvalidField("body", "Expected at most 1 MB beside the file.")
        parser.close()
    except (MultipartError, ValueError) as error:
        message = f"Malformed multipart/form-data body: {error}."
        raise InvalidField(_PREFERRED_FIELD, message) from error


def _parser(headers: Mapping[str, str]) -> PushMultipartParser:
    media_type, options = parse_options_header(headers.get("content-type", ""))
    if media_type.lower() != MULTIPART:
        found = f"found {media_type}" if media_type else "found no Content-Type"
        message = f"Expected a multipart/form-data body with a vCard file; {found}."
        raise InvalidField(_PREFERRED_FIELD, message)
    boundary = options.get("boundary", "")
    if not 0 < len(boundary) <= 200:  # noqa: PLR2004 - RFC 2046 allows 70; nobody needs more
        message = "Expected a boundary of 1 to 200 characters in the Content-Type header."
        raise InvalidField(_PREFERRED_FIELD, message)
    try:
        # A file name in another character set must not spoil the part: latin-1 reads any bytes.
        return PushMultipartParser(boundary, header_charset="latin-1")
    except (MultipartError, ValueError) as error:
        message = f"Expected a usable boundary in the Content-Type header: {error}."
        raise InvalidField(_PREFERRED_FIELD, message) from error


def _is_file(part: MultipartSegment) -> bool:
    disposition = str(part.header("Content-Disposition", ""))
    return part.filename is not None or "filename*=" in disposition.lower()
