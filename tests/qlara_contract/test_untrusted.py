"""What a deployment sends costs a bounded amount of memory, and no report obeys it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from qlara_contract.contract import contract
from qlara_contract.conventions import Conventions
from qlara_contract.generated import RequestGenerator
from qlara_contract.promises import LIST, QUOTA
from qlara_contract.settings import Mode, RunSettings, split_credentials
from qlara_contract.untrusted import KEPT_OF_LONGER, LONGEST_BODY, read_within_bounds, visible
from tests.qlara_contract.deployments import SECRET, asked, serving_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qlara_contract.exchange import ApiExchange, ApiRequest

MIB = 1024 * 1024
QUOTA_BODY = json.dumps({"used": 1, "total": 2}).encode()

Response = tuple[dict[str, str], bytes]


@contextmanager
def deployment(respond: Callable[[str, dict[str, str]], Response]) -> Iterator[str]:
    """Serve what *respond* returns for a path and request headers, with 200; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers, body = respond(
                self.path, {name.lower(): value for name, value in self.headers.items()}
            )
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the suite has read enough

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with serving_with(Handler) as url:
        yield url


def bomb(mebibytes: int) -> bytes:
    """Return a JSON text of that size, compressed to a thousandth."""
    return gzip.compress(b'["' + b"0" * MIB * mebibytes + b'"]')


JSON_GZIP = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}


def test_a_compressed_response_is_read_to_a_bound_and_no_further() -> None:
    body = bomb(300)
    with deployment(lambda *_: (JSON_GZIP, body)) as url:
        tracemalloc.start()
        exchange = asked(RunSettings(url, SECRET))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (exchange.response.is_cut, len(exchange.response.body)) == (True, KEPT_OF_LONGER)
    assert exchange.shown_response().endswith("bytes, which were not read)")
    assert peak < 40 * MIB


def test_a_response_compressed_twice_or_in_many_members_expands_no_further() -> None:
    twice = gzip.compress(bomb(300))
    members = gzip.compress(b"0" * MIB) * 300
    for encoding, body in (("gzip, gzip", twice), ("gzip", members)):
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        with deployment(lambda *_, sent=(headers, body): sent) as url:
            tracemalloc.start()
            exchange = asked(RunSettings(url, SECRET))
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

        assert len(exchange.response.body) <= max(KEPT_OF_LONGER, len(body))
        assert peak < 40 * MIB


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_compressed_response_is_read_as_what_it_stands_for(
    compress: Callable[[bytes], bytes],
) -> None:
    encoding = "gzip" if compress is gzip.compress else "deflate"
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    with deployment(lambda *_: (headers, compress(QUOTA_BODY))) as url:
        assert asked(RunSettings(url, SECRET)).response.json == {"used": 1, "total": 2}


@dataclass
class Noting:
    """The bounds of a run that writes nothing and notes each exchange."""

    note: Callable[[ApiExchange], None]

    def may_write(self, cards: int) -> bool:  # noqa: ARG002 - as the protocol has it
        return False

    def charge(self, request: ApiRequest) -> None:
        raise AssertionError(request)

    def pace(self) -> None:
        return


def test_generated_requests_read_no_further_either() -> None:
    body, sizes = bomb(LONGEST_BODY // MIB + 8), set[int]()
    with deployment(lambda *_: (JSON_GZIP, body)) as url:
        generator = RequestGenerator(
            RunSettings(url, SECRET, mode=Mode.READ_ONLY),
            list_id="list_a",
            headers=(),
            bounds=Noting(lambda exchange: sizes.add(len(exchange.response.body))),
            conventions=Conventions(),
        )
        for _ in generator.run():
            generator.stopped = True

    assert sizes == {KEPT_OF_LONGER}


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_a_body_within_the_bound_is_read_as_it_is(chunks: list[bytes]) -> None:
    assert read_within_bounds(iter(chunks)) == (b"".join(chunks), False)


@given(st.text())
def test_what_is_shown_holds_nothing_that_a_terminal_or_browser_obeys(text: str) -> None:
    shown = visible(text + "\x1b[2J\x9b31m\u202e\x00\x7f\t\n")

    assert all(sign.isprintable() or sign in "\t\n" or sign > "\x9f" for sign in shown)
    assert "\u202e" not in shown
    assert shown.endswith("\\x1b[2J\\x9b31m\\u202e\\x00\\x7f\t\n")


def verify(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qlara_sandbox", "verify", *arguments, "--report", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_no_control_characters_of_a_deployment_reach_a_terminal_or_a_report(tmp_path: Path) -> None:
    contacts = "\x1b]0;owned\x07\x1b[31m\u202e"
    hostile = json.dumps({"listId": contacts, "contacts": contacts}, ensure_ascii=False).encode()

    def respond(path: str, _: dict[str, str]) -> Response:
        return (JSON, QUOTA_BODY) if path == contract().path_of(QUOTA) else (JSON, hostile)

    with deployment(respond) as url:
        done = verify(
            "--base-url", url, "--api-key", SECRET, "--mode", "read-only", folder=tmp_path
        )

    assert done.returncode == 1
    written = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()]
    assert any("\\\\x1b" in text or "\\x1b" in text or "u001b" in text for text in written)
    for text in (done.stdout, done.stderr, *written):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.parametrize(
    ("given", "url", "credentials"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1", ""),
        ("https://anna:geheim@api.example.com", "https://api.example.com", "anna:geheim"),
        ("http://anna:p%40ss%2F@127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b", "anna:p@ss/"),
        ("http://anna@[::1]:80", "http://[::1]:80", "anna:"),
    ],
)
def test_user_and_password_are_taken_out_of_a_url(given: str, url: str, credentials: str) -> None:
    assert split_credentials(given) == (url, credentials)


def test_user_and_password_of_a_gateway_are_sent_and_shown_nowhere(tmp_path: Path) -> None:
    seen = set()

    def respond(path: str, headers: dict[str, str]) -> Response:
        seen.add(headers.get("authorization", ""))
        if path == contract().path_of(QUOTA):
            return JSON, QUOTA_BODY
        return JSON, json.dumps({"echo": headers}).encode()

    with deployment(respond) as url:
        own = url.replace("http://", "http://anna:correct-horse@")
        done = verify(
            "--base-url", own, "--api-key", SECRET, "--mode", "read-only", folder=tmp_path
        )

    assert seen == {"Basic YW5uYTpjb3JyZWN0LWhvcnNl"}
    written = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()]
    assert contract().path_of(LIST, listId="").split("list/")[0] in "".join(written)
    for text in (done.stdout, done.stderr, *written):
        for secret in ("correct-horse", "YW5uYTpjb3JyZWN0LWhvcnNl", SECRET):
            assert secret not in text
