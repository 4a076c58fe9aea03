"""``coverage``: what clients of a running sandbox have met of the contract, for people and for CI."""

from __future__ import annotations

import json
import shutil
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import click

if TYPE_CHECKING:
    from qlara_sandbox.web.observers.coverage import Coverage

_SECONDS = 30
_MOST_BYTES = 16 * 1024 * 1024
_MOST_COLUMNS = 120


@click.command(
    epilog="""\b
Exit codes: 0 enough was met, 1 less than --fail-under, 2 a sandbox could not be asked.

\b
Examples:
  qlara-sandbox coverage http://127.0.0.1:8080
  qlara-sandbox coverage http://127.0.0.1:8080 --json --fail-under 60 > coverage.json
"""
)
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--api-key", metavar="KEY", help="Only requests with this key.")
@click.option("--session", metavar="LABEL", help="Only requests of this session.")
@click.option(
    "--admin-token",
    envvar="SANDBOX_ADMIN_TOKEN",
    metavar="TOKEN",
    help="What the control API asks for beyond this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /__admin/coverage does.")
@click.option("-v", "--verbose", is_flag=True, help="Also show what was met, and how often.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 if less than PERCENT of the contract was met.",
)
@click.pass_context
def coverage(
    ctx: click.Context,
    /,
    urls: tuple[str, ...],
    admin_token: str | None,
    fail_under: float | None,
    *,
    as_json: bool,
    verbose: bool,
    **account: str | None,
) -> None:
    """Show what of the contract tests have met in a running sandbox, and what never.

    Several sandboxes are added up.
    """
    from qlara_sandbox.testing.coverage_table import lines
    from qlara_sandbox.web.observers import coverage as coverages

    found = coverages.merged([_ask(url, admin_token, account) for url in urls])
    if as_json:
        click.echo(json.dumps(coverages.as_json(found), indent=2, ensure_ascii=False))
    else:
        width = min(shutil.get_terminal_size().columns, _MOST_COLUMNS)
        click.echo("\n".join(lines(found, width, verbose=verbose)))
    if fail_under is not None and found.percent < fail_under:
        message = f"Contract coverage of {found.percent:g} % is less than {fail_under:g} %."
        click.echo(message, err=True)
        ctx.exit(1)


def _ask(url: str, token: str | None, account: dict[str, str | None]) -> Coverage:
    from qlara_sandbox.web.observers.coverage import from_json

    names = {"api_key": "apiKey", "session": "session"}
    query = urlencode({names[name]: value for name, value in account.items() if value is not None})
    target = f"{url.rstrip('/')}/__admin/coverage{'?' if query else ''}{query}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if not url.lower().startswith(("http://", "https://")):
        _fail(url, "expected a URL that begins with http:// or https://")
    try:
        request = Request(target, headers=headers)  # noqa: S310 - asked for above
        with _opener(url).open(request, timeout=_SECONDS) as response:
            return from_json(json.loads(response.read(_MOST_BYTES)))
    except HTTPError as error:
        with error:
            _fail(url, _refusal(error))
    except URLError as error:
        _fail(url, str(error.reason))
    except (OSError, HTTPException) as error:
        _fail(url, f"no complete response: {error!r}")
    except ValueError:
        _fail(url, "not a sandbox that knows its contract coverage")


def _opener(url: str) -> OpenerDirector:
    from qlara_cli.listening import is_loopback

    # The token goes nowhere else; and no proxy stands before this machine.
    own = is_loopback(urlsplit(url).hostname or "")
    return build_opener(_NoRedirects, *([ProxyHandler({})] if own else []))


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _refusal(error: HTTPError) -> str:
    try:
        data: dict[str, Any] = json.loads(error.read(_MOST_BYTES))["data"]
        return f"{error.code}: {' '.join(map(str, data.values()))}"
    except (ValueError, LookupError, TypeError, AttributeError, OSError):
        return f"{error.code} {error.reason}"


def _fail(url: str, message: str) -> NoReturn:
    click.echo(f"{url}: {message}", err=True)
    raise SystemExit(2)
