"""What a program prints: read as it comes, of much of it the beginning and the end kept, as text without colours."""

from __future__ import annotations

import re
import threading
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import subprocess

MOST_KEPT = 200_000  # bytes
_HALF = MOST_KEPT // 2
_CHUNK = 65_536
# Colours, movements of the cursor and titles of windows (ECMA-48 section 5.4, and what xterm obeys).
_OBEYED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_LINE_END = re.compile(r"\r+\n")
_LAST_WAIT = 2.0  # seconds for what is on its way when the program has ended


class OutputReader:
    """Reads the standard output of a process in a thread, and keeps at most ``MOST_KEPT`` bytes of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._in_tail = 0
        self._has_more = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._read, args=[process.stdout], name="output", daemon=True
        )
        self._thread.start()

    def text(self) -> str:
        """Return what was printed, once the process has ended; a gap is marked with ``…``.

        A process that was left behind and holds the output open is not waited for.
        """
        self._thread.join(_LAST_WAIT)
        with self._lock:
            head, tail = bytes(self._head), b"".join(self._tail)[-_HALF:]
            gap = self._has_more
        if not gap:
            return readable(head + tail)
        return f"{readable(head)}\n…\n{readable(tail)}"

    def _read(self, stream: BinaryIO) -> None:
        with stream:
            while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]
                with self._lock:
                    self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        missing = _HALF - len(self._head)
        self._head += chunk[:missing] if missing > 0 else b""
        rest = chunk[max(missing, 0) :]
        if not rest:
            return
        self._tail.append(rest)
        self._in_tail += len(rest)
        self._has_more = self._has_more or self._in_tail > _HALF
        while self._in_tail - len(self._tail[0]) >= _HALF:
            self._in_tail -= len(self._tail.popleft())


def readable(printed: bytes) -> str:
    """Return what was printed as text: UTF-8 or UTF-16, without what a terminal obeys, each line on its own.

    What was written over and over in one line, as progress is, are several lines. One carriage return in a line
    stays, since it is rather a mistake that should be seen.
    """
    text = _LINE_END.sub("\n", printed.decode(_encoding(printed), "replace"))
    lines = (
        line.replace("\r", "\n") if line.count("\r") > 1 else line for line in text.split("\n")
    )
    text = "\n".join(lines)
    return _OBEYED.sub("", text).removeprefix("\ufeff")


def _encoding(printed: bytes) -> str:
    """Return how text is encoded: in UTF-16, every second byte of most languages of Europe is a null."""
    even, odd = printed[::2].count(0), printed[1::2].count(0)
    if max(even, odd) * 4 <= len(printed):
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"
