"""A line of the log, for people and for machines."""

from __future__ import annotations

import json
import logging
from typing import Any

from qlara_cli.colours import painted
from qlara_cli.logs import JsonLines, TextLines

ACCESS: dict[str, Any] = {
    "status": 200,
    "ms": 3.21,
    "scenario": "default",
    "session": "s",
    "request": "req_1",
}


def record(message: str, *, level: int = logging.INFO, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("qlara_sandbox", level, __file__, 1, message, None, None)
    made.__dict__.update(fields)
    return made


def failed() -> logging.LogRecord:
    try:
        int("of no avail")
    except ValueError as error:
        why = (type(error), error, error.__traceback__)
        return record("a bug", level=logging.ERROR, exc_info=why)
    raise AssertionError


def test_a_request_is_one_line_with_the_place_of_its_world() -> None:
    line = TextLines().format(record("GET /quota", **ACCESS))

    assert line[8:] == "  200  GET /quota  3.2 ms  default/s  req_1"


def test_a_request_without_a_world_names_none() -> None:
    line = TextLines().format(record("GET /nowhere", **{**ACCESS, "scenario": None}))

    assert line[8:] == "  200  GET /nowhere  3.2 ms  req_1"


def test_a_refusal_says_why_on_the_same_line() -> None:
    why = {"status": 400, "reason": "listId: Missing\nvalue"}
    line = TextLines().format(record("POST /upload", **{**ACCESS, **why}))
    entry = json.loads(JsonLines().format(record("POST /upload", **{**ACCESS, **why})))

    assert line[8:] == "  400  POST /upload  3.2 ms  default/s  req_1  listId: Missing\\x0avalue"
    assert entry["reason"] == "listId: Missing\nvalue"


def test_a_request_that_passed_has_no_reason() -> None:
    entry = json.loads(JsonLines().format(record("GET /quota", **ACCESS, reason=None)))

    assert "reason" not in entry


def test_a_status_and_its_reason_stand_out_on_a_terminal() -> None:
    why = {"status": 404, "reason": "path: none"}
    line = TextLines(painted).format(record("GET /x", **{**ACCESS, **why}))

    assert "\x1b[33m404\x1b[0m  GET /x" in line
    assert line.endswith("  \x1b[33mpath: none\x1b[0m")


def test_a_request_of_a_trace_names_it() -> None:
    line = TextLines().format(record("GET /quota", **ACCESS, traceId="4bf92f35"))
    entry = json.loads(JsonLines().format(record("GET /quota", **ACCESS, traceId="4bf92f35")))

    assert line[8:] == "  200  GET /quota  3.2 ms  default/s  req_1  trace 4bf92f35"
    assert entry["traceId"] == "4bf92f35"


def test_what_a_client_sent_cannot_forge_a_line_or_steer_the_terminal() -> None:
    line = TextLines().format(record("GET /a\n12:00:00  200\x1b[2J"))

    assert line[8:] == "  info  GET /a\\x0a12:00:00  200\\x1b[2J"


def test_a_bug_is_logged_with_its_traceback() -> None:
    text = TextLines().format(failed())
    entry = json.loads(JsonLines().format(failed()))

    assert text[8:].startswith("  error  a bug\nTraceback (most recent call last):\n")
    assert (entry["level"], entry["message"]) == ("error", "a bug")
    assert entry["trace"].endswith("invalid literal for int() with base 10: 'of no avail'")
