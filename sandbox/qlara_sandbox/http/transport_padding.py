"""Blanks after the boundary lines of a multipart body, which receivers must bear."""

from __future__ import annotations

import re


class PaddingFilter:
    """Takes blanks after boundary lines out of a body, however it is cut (RFC 2046 section 5.1.1).

    The multipart parser is strict about them; everything else passes as it is.
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"--" + boundary
        line = rb"\r\n" + re.escape(self._delimiter)
        self._padded = re.compile(rb"(" + line + rb"(?:--)?)[ \t]+(?=\r\n|\Z)")
        # A boundary line that may go on in the next piece.
        self._open = re.compile(line + rb"-{0,2}[ \t]*\r?\Z")
        # Every boundary line follows a line break, the first one then, too; a parser takes it for a
        # preamble.
        self._held = b"\r\n"

    def pass_on(self, chunk: bytes) -> bytes:
        """Return what is certain so far; the rest is held until more has come."""
        data = self._held + chunk if self._held else chunk
        has_line = self._delimiter in data  # seldom, and looking from the end takes longer
        at = self._uncertain_from(data, data.rfind(self._delimiter) if has_line else -1)
        self._held = data[at:]
        passed = data[:at]
        return self._padded.sub(rb"\1", passed) if has_line else passed

    def rest(self) -> bytes:
        """Return what was held, since nothing more comes."""
        held, self._held = self._held, b""
        return self._padded.sub(rb"\1", held)

    def _uncertain_from(self, data: bytes, last: int) -> int:
        """Return where a boundary line begins that *data* does not end; its length if none does.

        *last* is where its last delimiter is, -1 if there is none.
        """
        if last >= 0:
            found = self._open.search(data, max(last - 2, 0))
            if found is not None:
                return found.start()
        # The beginning of a delimiter at the very end: CRLF, dashes, and part of the boundary.
        tail = data.rfind(b"\r", max(len(data) - len(self._delimiter) - 2, 0))
        if tail >= 0 and (b"\r\n" + self._delimiter).startswith(data[tail:]):
            return tail
        return len(data)
