"""``--state``: a file that outlives the sandbox, or an engine that several sandboxes share."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from qlara_sandbox.web.runtime import Runtime
    from qlara_sandbox.web.state_file import StateFile

SCHEMES = ("redis", "valkey", "rediss", "valkeys", "unix", "redis+cluster", "valkey+cluster")
_POLL_SECONDS = 0.25


class EngineUrl(str):
    """The URL of an engine."""

    __slots__ = ()


class StatePlace(click.ParamType[Path | EngineUrl]):
    """A file, or the URL of an engine."""

    name = "file or URL"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | EngineUrl:
        if isinstance(value, Path | EngineUrl):
            return value
        scheme, mark, _ = value.partition("://")
        if not mark:
            return Path(str(click.Path(dir_okay=False).convert(value, param, ctx)))
        if scheme.lower() not in SCHEMES:
            known = ", ".join(f"{one}://" for one in SCHEMES)
            self.fail(f"expected a file or an engine ({known}); found {scheme}://.", param, ctx)
        try:
            parts = urlsplit(value)
            has_place = bool(parts.path if scheme.lower() == "unix" else parts.hostname)
            _ = parts.port
        except ValueError as error:  # it may hold a password
            self.fail(f"expected a URL like redis://HOST:6379/0: {error}.", param, ctx)
        if not has_place:
            expected = (
                "unix:///run/redis.sock" if scheme.lower() == "unix" else f"{scheme}://HOST:6379"
            )
            self.fail(f"expected a URL like {expected}.", param, ctx)
        return EngineUrl(value)


class StatePrefix(click.ParamType[str]):
    """What all keys in an engine begin with. White space separates keys there, and braces choose the node of a cluster."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.isprintable() or set(value) & set(" {}"):
            self.fail(f"{value!r}: expected text without white space and braces.", param, ctx)
        return str(value)


def require_client() -> None:
    """Exit with 2 where what speaks to an engine is not installed."""
    if find_spec("redis") is None:
        fail(
            "--state with the URL of an engine needs the package redis, which is not installed: "
            "pip install 'qlara-sandbox[redis]' (in a checkout: pip install -c constraints.txt '.[redis]')."
        )


def connect(runtime: Runtime, place: EngineUrl, wait_seconds: float) -> None:
    """See that the engine is there, and wait for it so long; exit with 2 if it is not."""
    from qlara_sandbox.domain.errors import StateUnavailable
    from qlara_sandbox.store.engine import without_password
    from qlara_sandbox.store.errors import UnusableEngine

    deadline = monotonic() + wait_seconds
    while True:
        try:
            asyncio.run(_prepare(runtime))
        except UnusableEngine as error:
            fail(str(error))
        except StateUnavailable as error:
            if monotonic() + _POLL_SECONDS < deadline:
                sleep(_POLL_SECONDS)
                continue
            waited = f" within {wait_seconds:g} s" if wait_seconds else ""
            again = "" if wait_seconds else " To wait for it: --state-wait 30s."
            why = str(error.__cause__).rstrip(".") if error.__cause__ else "no connection"
            fail(f"{error.engine} does not respond{waited}: {why or 'not in time'}.{again}")
        click.echo(f"Accounts are kept by {without_password(place)}.", err=True)
        return


async def _prepare(runtime: Runtime) -> None:
    try:
        await runtime.store.prepare()
    finally:
        await runtime.store.close()


def restored(path: Path, runtime: Runtime) -> StateFile:
    """Return the state file, once its worlds are restored; exit with 2 if it cannot be used."""
    from qlara_sandbox.testing.counting import counted
    from qlara_sandbox.web.state_file import StateFile, UnusableState

    file = StateFile(path, runtime)
    try:
        count = file.read()
    except UnusableState as error:
        fail(
            f"{error}\nNothing was changed. Mend it, move it away, or name another file: --state FILE"
        )
    found = (
        f"{counted(count, 'account')} restored from {path}" if count else f"State goes to {path}"
    )
    click.echo(f"{found}; it is written when accounts have changed, and on stop.", err=True)
    keys = runtime.settings.keys
    strange = {key.api_key for key, _ in runtime.worlds if not keys.accept(key.api_key)}
    if strange:
        has = "key of theirs is" if len(strange) == 1 else "keys of theirs are"
        click.echo(f"{len(strange)} {has} not accepted now: add --accept-key KEY.", err=True)
    return file


def fail(message: str) -> NoReturn:
    """Say why it does not work, and exit with 2."""
    click.echo(message, err=True)
    raise SystemExit(2)
