"""One part of a multipart form: its file name, character set and transfer encoding."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from multipart import parse_options_header

from qlara_sandbox.domain.charset import decode_strictly

if TYPE_CHECKING:
    from multipart import MultipartSegment

_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
# RFC 8187 section 3.2: charset'language'percent-encoded text.
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*\"?([^'\";]+)'[^']*'([^\";\s]*)", re.IGNORECASE)
_WHITE = re.compile(rb"[ \t\r\n]+")


class UnreadablePart(Exception):
    """The content of a part is encoded in a way that is not read; the message says what is expected."""


class Base64Decoder:
    """Decodes base64 piece by piece, however it is cut (RFC 2045 section 6.8)."""

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False
        self._is_valid = True

    @property
    def is_complete(self) -> bool:
        """Whether all that has come is base64, in whole groups of four."""
        return self._is_valid and not self._rest

    def decode(self, chunk: bytes) -> bytes:
        """Return the bytes that *chunk* completes; none once something was not base64."""
        data = self._rest + _WHITE.sub(b"", chunk)
        whole = len(data) // 4 * 4
        self._rest = data[whole:]
        if self._ended and data:
            self._is_valid = False
        if self._is_valid and whole:
            self._ended = data[:whole].endswith(b"=")  # padding ends it
            try:
                return b64decode(data[:whole], validate=True)
            except Base64Error:
                self._is_valid = False
        return b""


def file_name(part: MultipartSegment) -> str | None:
    """Return the name of the file that a part is; None for a part that is text.

    Names are UTF-8 (RFC 7578 section 5.1), else Latin-1; ``filename*`` counts more than ``filename``.
    """
    disposition = str(part.header("Content-Disposition", ""))
    extended = _EXTENDED_NAME.search(disposition)
    if extended is not None:
        try:
            return decode_strictly(unquote_to_bytes(extended[2]), extended[1].strip())
        except (LookupError, ValueError):
            return extended[2]
    name: str | None = part.filename
    if name is None:
        return "" if "filename*=" in disposition.lower() else None
    raw = name.encode("latin-1", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return name


def charset_of(part: MultipartSegment) -> str:
    """Return the character set that a part declares, or an empty string."""
    _, options = parse_options_header(str(part.header("Content-Type", "")))
    return str(options.get("charset", "")).strip()


def decoder_of(part: MultipartSegment) -> Base64Decoder | None:
    """Return what decodes the content of a part; None for content that is sent as it is.

    Raises:
        UnreadablePart: its transfer encoding is not read.
    """
    encoding = str(part.header("Content-Transfer-Encoding", "")).strip().lower()
    if encoding in _PLAIN:
        return None
    if encoding == "base64":
        return Base64Decoder()
    message = f"Expected a part sent as it is, or in base64; found Content-Transfer-Encoding {encoding[:50]}."
    raise UnreadablePart(message)
