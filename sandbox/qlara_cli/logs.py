"""The log: one line per request, for people or for machines, and what else there is to tell."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from qlara_cli.colours import painter, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qlara_cli.colours import Paint
    from qlara_sandbox.web.observers.journal import JournalEntry

_FIELDS = ("status", "ms", "scenario", "session", "request", "traceId", "reason", "found")
# By the first figure of the status; 0: nothing was sent.
_STYLES = {1: "notice", 2: "good", 3: "notice", 4: "refused"}


class _TimeOfDay:
    """The local time of a second as text, made once for all lines of that second."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._known = (0, "")

    def at(self, moment: float) -> str:
        """Return the time of *moment*, in seconds since 1970."""
        second, text = self._known
        if int(moment) != second:
            text = time.strftime(self._form, time.localtime(moment))
            self._known = int(moment), text
        return text


class TextLines(logging.Formatter):
    """``12:00:01  200  POST /path  3.2 ms  scenario/session  req_00000001``, the trace, and the reason of a refusal.

    *paint* is what paints a text in a style.
    """

    def __init__(self, paint: Paint = plain) -> None:
        super().__init__()
        self._paint = paint
        self._time = _TimeOfDay("%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, "status"):
            return self.of_request(record.created, record.getMessage(), record.__dict__)
        paint = self._paint
        moment = paint("dim", self._time.at(record.created))
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        level = paint(_style_of(record.levelno), record.levelname.lower())
        return f"{moment}  {level}  {printable(record.getMessage())}{trace}"

    def of_request(self, at: float, message: str, fields: Mapping[str, Any]) -> str:
        """Return the line of a request; *fields* are those of `access_log.fields`."""
        paint = self._paint
        trace = f"  trace {fields['traceId']}" if fields.get("traceId") else ""
        world = f"  {fields['scenario']}/{fields['session']}" if fields["scenario"] else ""
        style = _STYLES.get(fields["status"] // 100, "bad")
        status = paint(style, str(fields["status"]))
        rest = paint("dim", f"{fields['ms']:.1f} ms{world}  {fields['request']}{trace}")
        reason = fields.get("reason")
        why = f"  {paint(style, printable(reason))}" if reason else ""
        found = "".join(f"  {paint('bad', printable(each))}" for each in fields.get("found", ()))
        moment = paint("dim", self._time.at(at))
        return f"{moment}  {status}  {printable(message)}  {rest}{why}{found}"


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def __init__(self) -> None:
        super().__init__()
        self._time = _TimeOfDay("%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        entry = self._entry(record.created, record.levelname, record.getMessage(), record.__dict__)
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)

    def of_request(self, at: float, message: str, fields: Mapping[str, Any]) -> str:
        """Return the line of a request; *fields* are those of `access_log.fields`."""
        return json.dumps(self._entry(at, "info", message, fields))

    def _entry(
        self, at: float, level: str, message: str, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "time": self._time.at(at),
            "level": level.lower(),
            "message": message,
        }
        entry |= {name: fields[name] for name in _FIELDS if name in fields}
        if entry.get("reason", "") is None:
            del entry["reason"]
        return entry


class LogStream(logging.StreamHandler[TextIO]):
    """Writes log lines to a stream. Those of requests go out together, once in a turn of the event loop.

    Through `logging`, the line of a request would cost as much as the request.
    """

    def __init__(self, stream: TextIO, lines: TextLines | JsonLines) -> None:
        from qlara_sandbox.web.observers import access_log

        super().__init__(stream)
        self.setFormatter(lines)
        self._access = access_log
        self._lines = lines
        self._unwritten: list[str] = []

    def log_request(self, entry: JournalEntry, found: Sequence[str] = ()) -> None:
        """Log a request that is over, and what else was found of it."""
        if not self._access.log.isEnabledFor(logging.INFO):
            return
        message = f"{entry.method} {entry.path}"
        fields = self._access.fields(entry)
        if found:
            fields["found"] = list(found)
        line = self._lines.of_request(time.time(), message, fields)
        with self._locked():
            self._unwritten.append(line)
            is_first = len(self._unwritten) == 1
        if is_first:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:  # a request to the application itself, without a server
                self.flush()

    def emit(self, record: logging.LogRecord) -> None:
        self._write_requests()  # in the order in which things happened
        super().emit(record)

    def flush(self) -> None:
        self._write_requests()
        super().flush()

    def _write_requests(self) -> None:
        with self._locked():
            lines, self._unwritten = self._unwritten, []
            if lines:
                with suppress(OSError, ValueError):  # nobody reads the log any more
                    self.stream.write("\n".join([*lines, ""]))

    def _locked(self) -> Any:
        assert self.lock is not None, "made with the handler"
        return self.lock


def _style_of(level: int) -> str:
    if level >= logging.ERROR:
        return "bad"
    return "refused" if level >= logging.WARNING else "notice"


def printable(text: str) -> str:
    """Return *text* without what would steer a terminal or forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def configure(form: str, *, quiet: bool) -> Callable[..., None]:
    """Send the sandbox's log to standard error, and return what logs requests there."""
    stream = LogStream(
        sys.stderr, JsonLines() if form == "json" else TextLines(painter(sys.stderr))
    )
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(logging.WARNING)
    logging.getLogger("qlara_sandbox").setLevel(logging.WARNING if quiet else logging.INFO)
    return stream.log_request
