"""One line per request, for people or for machines."""

from __future__ import annotations

import json
import logging
import sys

_FIELDS = ("status", "ms", "scenario", "session", "request", "traceId")


class TextLines(logging.Formatter):
    """``12:00:01  200  POST /path  3.2 ms  scenario/session  req_00000001``, and the trace if there is one."""

    default_time_format = "%H:%M:%S"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        time, message = self.formatTime(record), record.getMessage()
        if not hasattr(record, "status"):
            trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
            return f"{time}  {record.levelname.lower()}  {printable(message)}{trace}"
        fields = record.__dict__
        trace = f"  trace {fields['traceId']}" if fields.get("traceId") else ""
        world = f"  {fields['scenario']}/{fields['session']}" if fields["scenario"] else ""
        return (
            f"{time}  {fields['status']}  {printable(message)}  {fields['ms']:.1f} ms"
            f"{world}  {fields['request']}{trace}"
        )


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def printable(text: str) -> str:
    """Return *text* without what would steer a terminal or forge a line."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def configure(form: str, *, quiet: bool) -> None:
    """Send the sandbox's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("qlara_sandbox").setLevel(logging.WARNING if quiet else logging.INFO)
