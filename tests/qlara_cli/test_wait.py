"""``wait`` returns when a sandbox is ready, and says why not when the time is over."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli.wait import wait
from tests.qlara_contract.deployments import serving as serving_pages
from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = (sys.executable, "-m", "qlara_sandbox", "serve", "--quiet")


@pytest.fixture
def free_port() -> Iterator[int]:
    """Return a port that is bound, so that nobody else takes it, and not listened on."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_it_returns_at_once_where_a_sandbox_is_ready() -> None:
    with serving() as running:
        result = CliRunner().invoke(wait, [running.url, "--timeout", "0.1"])
    assert (result.exit_code, result.output) == (0, "")


def test_it_waits_for_one_that_is_still_starting() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with subprocess.Popen([*SERVE, "--port", port], stdout=subprocess.DEVNULL) as process:
        try:
            result = CliRunner().invoke(wait, [f"http://127.0.0.1:{port}", "--timeout", "60"])
        finally:
            process.terminate()
    assert (result.exit_code, result.output) == (0, "")


def test_it_says_why_it_gave_up(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    result = CliRunner().invoke(wait, [url, "--timeout", "0.3"])
    assert result.exit_code == 2
    assert re.fullmatch(rf"{url} is not ready after 0\.3 s: .*refused\.\n", result.output)


def test_another_server_is_no_sandbox() -> None:
    with serving_pages(lambda *_: (200, "<html>Welcome</html>")) as url:
        result = CliRunner().invoke(wait, [url, "--timeout", "0.1"])
    assert (result.exit_code, result.output) == (
        2,
        f"{url} is not ready after 0.1 s: what responds there is no sandbox.\n",
    )


def test_a_sandbox_with_tls_is_trusted_by_the_authority_that_it_prints() -> None:
    with serving("--tls") as running:
        authority = re.search(r"\S+\.pem", running.banner)
        assert authority is not None, running.banner
        trusting = CliRunner().invoke(wait, [running.url, "--ca-file", authority[0]])
        result = CliRunner().invoke(wait, [running.url, "--timeout", "0.1"])
    assert (trusting.exit_code, trusting.output) == (0, "")
    assert result.exit_code == 2
    assert "certificate verify failed" in result.output


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    result = CliRunner().invoke(wait, [url])
    assert result.exit_code == 2
    assert f"{url!r} is not a base URL" in result.output
