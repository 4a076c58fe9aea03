"""``wait``: return when a sandbox is ready, so that no script needs a loop. Standard library only."""

from __future__ import annotations

import json
import ssl
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import click

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

_READY = "/__health/ready"
_PAUSE = 0.1  # seconds
_LONGEST_TRY = 5.0
_MOST_BYTES = 1000


class _NotReady(Exception):
    """It is not ready yet; the message says why."""


@click.command(
    epilog="""\b
Exit codes: 0 it is ready, 2 it is not within the time.

\b
Examples:
  qlara-sandbox serve & qlara-sandbox wait
  qlara-sandbox wait http://sandbox:8080 --timeout 60
"""
)
@click.argument("url", default="http://127.0.0.1:8080", metavar="[URL]")
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    envvar="SANDBOX_WAIT_TIMEOUT",
    show_envvar=True,
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    help="How long to wait.",
)
@click.option(
    "--ca-file",
    envvar="SANDBOX_CA_FILE",
    show_envvar=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Trust this certificate authority (PEM): the one that `serve --tls` prints.",
)
def wait(url: str, timeout: float, ca_file: str | None) -> None:
    """Wait until the sandbox at URL responds; the default is http://127.0.0.1:8080."""
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        message = f"{url!r} is not a base URL; expected one like http://127.0.0.1:8080."
        raise click.UsageError(message)
    opener = _opener(ca_file)
    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            _require_ready(opener, url.rstrip("/"), min(max(left, _PAUSE), _LONGEST_TRY))
        except _NotReady as error:
            if left <= 0:
                _give_up(url, timeout, str(error))
            time.sleep(min(_PAUSE, left))
        else:
            return


def _opener(ca_file: str | None) -> OpenerDirector:
    try:
        trust = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise click.UsageError(f"--ca-file {ca_file}: expected certificates in PEM.") from error
    return build_opener(ProxyHandler({}), HTTPSHandler(context=trust))


def _require_ready(opener: OpenerDirector, url: str, seconds: float) -> None:
    """Raise ``_NotReady`` unless a sandbox at *url* says that it is ready."""
    try:
        with opener.open(url + _READY, timeout=seconds) as response:
            body = json.loads(response.read(_MOST_BYTES))
    except HTTPError as error:
        raise _NotReady(f"it responds with {error.code}") from error
    except URLError as error:
        raise _NotReady(str(error.reason)) from error
    except ValueError as error:
        raise _NotReady("what responds there is no sandbox") from error
    except (OSError, HTTPException) as error:
        raise _NotReady(str(error) or type(error).__name__) from error
    if not isinstance(body, dict) or body.get("status") != "ok":
        raise _NotReady("what responds there is no sandbox")


def _give_up(url: str, timeout: float, why: str) -> NoReturn:
    click.echo(f"{url} is not ready after {timeout:g} s: {why}.", err=True)
    raise SystemExit(2)
