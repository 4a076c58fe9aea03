"""The demo shows what it says, in a terminal of 100 columns."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from docs import demo

DOCUMENTED = [200, 200, 200, 200, 400, 400, 401, 403, 404, 409, 413, 429]


@pytest.fixture(scope="module")
def shown() -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "docs.demo"],
        cwd=demo.ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    return done.stdout


def test_the_demo_walks_through_the_use_case_and_every_documented_error(shown: str) -> None:
    assert [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", shown)] == DOCUMENTED


def test_the_demo_fits_into_a_hundred_columns(shown: str) -> None:
    assert [line for line in shown.splitlines() if len(line) > 100] == []


def test_the_demo_has_no_colours_where_nobody_sees_them(shown: str) -> None:
    assert "\x1b" not in shown


def test_the_demo_fails_if_an_answer_is_not_the_expected_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(os.getcwd())  # noqa: PTH109 - the demo changes it
    wrong = demo.USE_CASE[0]._replace(status=409)

    assert demo.main({"Wrong": [wrong]}) == 1
    assert "1 of 1 responses are not as documented." in capsys.readouterr().out


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_demo_ends_when_it_is_interrupted_and_says_what_it_has_shown(
    sent: signal.Signals,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "docs.demo"],
        cwd=demo.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith(" 3  "):
                process.send_signal(sent)
                break
        rest, said = process.stdout.read(), process.stderr.read()
    assert (process.returncode, said) == (130, "")
    assert re.search(
        r"\nInterrupted\. \d+ of 12 responses were shown, all as documented\.\n$", rest
    ), rest
