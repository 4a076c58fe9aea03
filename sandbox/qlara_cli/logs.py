"""One line per request, for people or for machines."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING

from qlara_cli.colours import painter, plain

if TYPE_CHECKING:
    from qlara_cli.colours import Paint

_FIELDS = ("status", "ms", "scenario", "session", "request", "traceId", "reason")
# By the first figure of the status; 0: nothing was sent.
_STYLES = {1: "notice", 2: "good", 3: "notice", 4: "refused"}


class TextLines(logging.Formatter):
    """``12:00:01  200  POST /path  3.2 ms  scenario/session  req_00000001``, the trace, and the reason of a refusal.

    *paint* is what paints a text in a style.
    """

    def __init__(self, paint: Paint = plain) -> None:
        super().__init__()
        self._paint = paint

    default_time_format = "%H:%M:%S"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        paint = self._paint
        time, message = paint("dim", self.formatTime(record)), record.getMessage()
        if not hasattr(record, "status"):
            trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
            level = paint(_style_of(record.levelno), record.levelname.lower())
            return f"{time}  {level}  {printable(message)}{trace}"
        fields = record.__dict__
        trace = f"  trace {fields['traceId']}" if fields.get("traceId") else ""
        world = f"  {fields['scenario']}/{fields['session']}" if fields["scenario"] else ""
        style = _STYLES.get(fields["status"] // 100, "bad")
        status = paint(style, str(fields["status"]))
        rest = paint("dim", f"{fields['ms']:.1f} ms{world}  {fields['request']}{trace}")
        reason = fields.get("reason")
        why = f"  {paint(style, printable(reason))}" if reason else ""
        return f"{time}  {status}  {printable(message)}  {rest}{why}"


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if entry.get("reason", "") is None:
            del entry["reason"]
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def _style_of(level: int) -> str:
    if level >= logging.ERROR:
        return "bad"
    return "refused" if level >= logging.WARNING else "notice"


def printable(text: str) -> str:
    """Return *text* without what would steer a terminal or forge a line."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def configure(form: str, *, quiet: bool) -> None:
    """Send the sandbox's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines(painter(sys.stderr)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("qlara_sandbox").setLevel(logging.WARNING if quiet else logging.INFO)
