"""Where `serve --state` keeps accounts, and what it says where it cannot."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli import main
from tests.engine import start_engine
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

SCHEMES = "redis://, valkey://, rediss://, valkeys://, unix://, redis+cluster://, valkey+cluster://"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("mysql://host/db", f"expected a file or an engine ({SCHEMES}); found mysql://."),
        ("redis:///0", "expected a URL like redis://HOST:6379."),
        ("unix://", "expected a URL like unix:///run/redis.sock."),
        ("redis://host:99999/0", "expected a URL like redis://HOST:6379/0: Port out of range"),
    ],
)
def test_a_url_of_no_engine_is_refused(place: str, expected: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--state", place])

    assert result.exit_code == 2
    assert expected in " ".join(result.output.split())


@pytest.mark.parametrize("text", ["30", "s", "-1s", "1d"])
def test_the_time_to_wait_has_a_unit(text: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--state-wait", text])

    assert result.exit_code == 2
    assert "expected a time such as 500ms, 90s, 10m or 2h" in " ".join(result.output.split())


@pytest.mark.parametrize("prefix", ["a b:", "{a}:", "a}b", "{}", "a\n", "\udcff"])
def test_a_prefix_that_would_mix_up_names_in_an_engine_is_refused(prefix: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--state-prefix", prefix])

    assert result.exit_code == 2
    assert f"{prefix!r}: expected text without white space and braces." in " ".join(
        result.output.split()
    )


def test_an_engine_that_is_not_there_is_told_in_a_sentence_without_its_password() -> None:
    result = CliRunner().invoke(main, ["serve", "--state", "redis://me:hush@127.0.0.1:9/0"])

    assert result.exit_code == 2
    assert result.output.startswith("redis://…@127.0.0.1:9/0 does not respond: ")
    assert result.output.endswith(" To wait for it: --state-wait 30s.\n")
    assert "hush" not in result.output


def test_an_engine_that_takes_too_long_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qlara_sandbox.store.engine._START_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        result = CliRunner().invoke(main, ["serve", "--state", url])

    expected = f"{url} does not respond: not in time. To wait for it: --state-wait 30s.\n"
    assert (result.exit_code, result.output) == (2, expected)


def test_a_password_that_is_refused_is_told(tmp_path: Path) -> None:
    engine = start_engine(tmp_path)
    try:
        place = engine.url.replace("127.0.0.1", "somebody:hush@127.0.0.1")
        result = CliRunner().invoke(main, ["serve", "--state", place])
    finally:
        engine.stop()

    assert result.exit_code == 2
    assert "refuses the user or password" in result.output
    assert "hush" not in result.output


def test_an_engine_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    engine = start_engine(tmp_path)
    engine.stop()
    later = threading.Timer(0.5, engine.start)
    later.start()
    try:
        with serving("--state", engine.url, "--state-wait", "20s") as running:
            running.process.terminate()
            _, said = running.process.communicate(timeout=20)
            assert said == f"Accounts are kept by {engine.url}.\nStopped.\n"
    finally:
        later.join()
        engine.stop()


def test_the_wait_ends() -> None:
    place = ["--state", "redis://127.0.0.1:9/0", "--state-wait", "300ms"]
    result = CliRunner().invoke(main, ["serve", *place])

    assert result.exit_code == 2
    assert "does not respond within 0.3 s" in result.output


def test_what_speaks_to_an_engine_may_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlara_cli.state.find_spec", lambda _: None)
    result = CliRunner().invoke(main, ["serve", "--state", "redis://127.0.0.1:9/0"])

    assert result.exit_code == 2
    assert "pip install 'qlara-sandbox[redis]'" in result.output
