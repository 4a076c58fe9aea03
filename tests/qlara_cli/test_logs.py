"""A line of the log, for people and for machines."""

from __future__ import annotations

import asyncio
import json
import logging
from io import StringIO
from typing import Any

import pytest

from qlara_cli.colours import painted
from qlara_cli.logs import JsonLines, LogStream, TextLines
from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.web.observers import access_log
from qlara_sandbox.web.observers.journal import JournalEntry

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


def request(request_id: str, path: str = "/quota") -> JournalEntry:
    return JournalEntry(
        request_id=request_id,
        at=1000.0,
        seconds=0.00321,
        method="GET",
        path=path,
        query=b"",
        headers=[(b"x-api-key", b"sandbox_secret")],
        sent=None,
        operation="getContactQuota",
        key=WorldKey("sandbox_secret", "s", "default"),
        status=200,
        response_headers=[],
        response=b"{}",
        response_bytes=2,
        faults=(),
        weight=0,
    )


@pytest.fixture
def _informed() -> Any:
    before = access_log.log.level
    access_log.log.setLevel(logging.INFO)
    yield
    access_log.log.setLevel(before)


class CountedText(StringIO):
    """A text that counts how often something was written."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


@pytest.mark.usefixtures("_informed")
def test_the_lines_of_requests_go_out_together_and_all_of_them() -> None:
    text = CountedText()
    stream = LogStream(text, TextLines())

    async def some_requests() -> None:
        for number in range(3):
            stream.log_request(request(f"req_{number}"))
        assert text.getvalue() == ""
        await asyncio.sleep(0)

    asyncio.run(some_requests())

    lines = [line[8:] for line in text.getvalue().splitlines()]
    assert lines == [f"  200  GET /quota  3.2 ms  default/s  req_{number}" for number in range(3)]
    assert text.writes == 1


@pytest.mark.usefixtures("_informed")
def test_what_happens_after_a_request_is_logged_after_it() -> None:
    text = StringIO()
    stream = LogStream(text, TextLines())

    async def a_request_and_a_warning() -> None:
        stream.log_request(request("req_1"))
        stream.handle(record("evicted 1 world", level=logging.WARNING))

    asyncio.run(a_request_and_a_warning())

    assert [line[10:17] for line in text.getvalue().splitlines()] == ["200  GE", "warning"]


@pytest.mark.usefixtures("_informed")
def test_without_a_server_a_request_is_logged_at_once() -> None:
    text = StringIO()
    LogStream(text, JsonLines()).log_request(request("req_1"))

    entry = json.loads(text.getvalue())
    del entry["time"]
    assert entry == {
        "level": "info",
        "message": "GET /quota",
        "status": 200,
        "ms": 3.21,
        "scenario": "default",
        "session": "s",
        "request": "req_1",
        "traceId": None,
    }


def test_a_quiet_log_has_no_requests() -> None:
    text = StringIO()
    access_log.log.setLevel(logging.WARNING)
    LogStream(text, TextLines()).log_request(request("req_1"))

    assert text.getvalue() == ""


@pytest.mark.usefixtures("_informed")
def test_a_log_that_nobody_reads_any_more_stops_no_request() -> None:
    text = StringIO()
    stream = LogStream(text, TextLines())
    text.close()

    stream.log_request(request("req_1"))


@pytest.mark.usefixtures("_informed")
@pytest.mark.parametrize("lines", [TextLines(), JsonLines()])
def test_a_request_reads_the_same_through_logging(
    lines: TextLines | JsonLines, caplog: pytest.LogCaptureFixture
) -> None:
    entry = request("req_1", "/a\n\x1b[2J")
    with caplog.at_level(logging.INFO, access_log.log.name):
        access_log.observe(entry)
    [logged] = caplog.records
    text = StringIO()
    stream = LogStream(text, lines)
    stream.log_request(entry)

    shown, expected = text.getvalue().rstrip("\n"), lines.format(logged)
    assert shown.replace(shown[:8], "", 1) == expected.replace(expected[:8], "", 1) or (
        {**json.loads(shown), "time": ""} == {**json.loads(expected), "time": ""}
    )
