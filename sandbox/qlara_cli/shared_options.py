"""What options of commands accept, each refused in a sentence that says what was expected, and those that several have alike."""

from __future__ import annotations

import math
import re
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from qlara_cli.overlay_file import OverlayFile

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OWN_HEADERS = {"content-length", "content-type", "transfer-encoding", "host", "x-api-key"}
_PROXIES = {"http", "https", "socks5", "socks5h"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Amount(click.ParamType[float]):
    """A finite number from *least* to *most*."""

    name = "number"

    def __init__(self, least: float, most: float, what: str) -> None:
        self._least, self._most, self._what = least, most, what

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self._least <= number <= self._most:  # nan is never within
            expected = f"expected {self._what} from {self._least:g} to {self._most:g}"
            self.fail(f"{expected}; found {str(value)!r}.", param, ctx)
        return number


class Key(click.ParamType[str]):
    """An API key: text that a header can carry (RFC 9110 section 5.5)."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        key = str(value)
        if _CONTROL.search(key) or key != key.strip():
            self.fail(
                "expected a key without line ends or blanks around it; one read from a file often "
                "ends with a line end.",
                param,
                ctx,
            )
        return key


class WritableFolder(click.ParamType[Path]):
    """A folder that is there, or can be made."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        found = next(each for each in (path.resolve(), *path.resolve().parents) if each.exists())
        if not str(value) or not found.is_dir():
            self.fail(f"expected a folder; {str(found)!r} is none.", param, ctx)
        return path


def ensure_writable(folder: Path) -> None:
    """Make *folder*, and see that files can be written to it, before much time is spent.

    Raises:
        click.UsageError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise click.UsageError(f"{folder}: cannot be written to: {error.strerror}.") from error


def required(_: click.Context, param: click.Parameter, value: str) -> str:
    """Return a value that is not empty."""
    if not value.strip():
        raise click.BadParameter(f"expected a {param.metavar}; it is empty.")
    return value


def known_promises(
    _: click.Context, __: click.Parameter, value: tuple[str, ...]
) -> tuple[PromiseId, ...]:
    """Return the ids of promises, given one by one or with commas between them."""
    if not value:
        return ()
    from qlara_contract.promises import UnknownPromise, promise

    ids = [part.strip() for each in value for part in each.split(",") if part.strip()]
    if not ids:
        raise click.BadParameter("expected the id of a promise; `verify --list` shows them.")
    try:
        return tuple(promise(each).id for each in ids)
    except UnknownPromise as error:
        raise click.BadParameter(str(error)) from error


def headers(
    _: click.Context, __: click.Parameter, value: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return headers as names and values."""
    found = []
    for each in value:
        name, colon, content = each.partition(":")
        if not colon or not _HEADER.fullmatch(name.strip()) or not _VALUE.fullmatch(content):
            raise click.BadParameter(
                f"{name!r}: expected NAME:VALUE in ASCII, such as X-Tenant:demo."
            )
        if name.strip().lower() in _OWN_HEADERS:
            raise click.BadParameter(f"{name.strip()}: the run sets this header itself.")
        found.append((name.strip(), content.strip()))
    return tuple(found)


def proxy(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return the URL of a proxy; it may hold a password, and is not repeated in the error."""
    if not value:
        return value
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in _PROXIES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        is_one = False
    if not is_one or re.search(r"\s", value):
        raise click.BadParameter(
            "expected a URL such as http://proxy.example:3128, which begins with "
            "http://, https:// or socks5://."
        )
    return value


def writable(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    """Return the path, if a file can be there: its folder is made before a run, see `ensure_writable`."""
    if value is not None:
        found = next(each for each in value.resolve().parents if each.exists())
        if not found.is_dir():
            raise click.BadParameter(f"{value}: expected a file in a folder; {found} is none.")
    return value


def assumed(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> dict[str, int | str]:
    """Return conventions by name, given as ``NAME=VALUE`` one by one or with commas between them."""
    if not value:
        return {}
    from qlara_contract.conventions import InvalidConvention, convention

    found: dict[str, int | str] = {}
    for each in (part.strip() for entry in value for part in entry.split(",")):
        name, equals, text = (part.strip() for part in each.partition("="))
        if not equals:
            raise click.BadParameter(f"{each!r}: expected NAME=VALUE, such as region=DE.")
        try:
            found[name] = convention(name).read_text(text)
        except InvalidConvention as error:
            raise click.BadParameter(str(error)) from error
        if name == "region":
            _require_region(str(found[name]))
    return found


def _require_region(code: str) -> None:
    import phonenumbers

    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise click.BadParameter(
            f"region: expected the ISO 3166-1 code of a country with telephone numbers, such as IT; "
            f"found {code!r}."
        )


# Options that several commands have alike.
ca_file_option = click.option(
    "--ca-file",
    envvar="SANDBOX_CA_FILE",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Also trust this certificate authority (PEM).",
)
insecure_option = click.option(
    "--insecure",
    envvar="SANDBOX_INSECURE",
    is_flag=True,
    help="Do not check the deployment's certificate. Anybody in between can read the key.",
)
header_option = click.option(
    "--header",
    envvar="SANDBOX_HEADER",
    multiple=True,
    metavar="NAME:VALUE",
    callback=headers,
    help="Send this header with every request; repeatable.",
)
timeout_option = click.option(
    "--timeout",
    envvar="SANDBOX_TIMEOUT",
    default=30.0,
    show_default=True,
    type=Amount(0.1, 3600, "a number of seconds"),
    metavar="SECONDS",
    help="How long to wait for a response.",
)
overlay_option = click.option(
    "--overlay",
    envvar="SANDBOX_OVERLAY",
    metavar="FILE",
    type=OverlayFile(),
    help="Judge assumed promises by this overlay, a file or api-reference.",
)
