"""The sender knows when a response has arrived, and sends until its time is over."""

from __future__ import annotations

import pytest

from benchmarks.sender import is_whole

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("received", "whole"),
    [
        (b"", False),
        (HEAD, False),
        (HEAD + b"Content-Length: 2\r\n\r\n", False),
        (HEAD + b"Content-Length: 2\r\n\r\n{", False),
        (HEAD + b"Content-Length: 2\r\n\r\n{}", True),
        (HEAD + b"content-length: 2\r\nDate: today\r\n\r\n{}", True),
        (HEAD + b"Content-Length: 0\r\n\r\n", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
    ],
)
def test_a_response_is_whole_when_its_body_is(received: bytes, whole: bool) -> None:
    assert is_whole(received) is whole
