"""What a run would send: the run itself, against a sandbox of this process instead of the deployment."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from qlara_contract.engine import check_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.engine import Outcome, Progress
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.settings import RunSettings

_OWN_KEY = "sandbox_dry-run"


def rehearse(
    settings: RunSettings, progress: Callable[[Progress], None]
) -> tuple[Outcome, list[tuple[str, ApiExchange]]]:
    """Run with *settings* against a sandbox; return the outcome, and each exchange with its story.

    Nothing is sent to the deployment.
    """
    record: list[tuple[str, ApiExchange]] = []
    with _sandbox() as url:
        outcome = check_deployment(_instead(settings, url), (), progress, record)
    return outcome, record


def _instead(settings: RunSettings, url: str) -> RunSettings:
    """Return settings for the sandbox at *url* that allow what these do, with keys of its own."""

    def of(scenario: str, key: str) -> str:
        return f"{_OWN_KEY}__{scenario}" if key else ""

    return replace(
        settings,
        base_url=url,
        api_key=_OWN_KEY,
        mode=settings.effective_mode,
        max_writes=settings.effective_max_writes,
        list_id="",
        rate=None,
        credentials="",
        headers=(),
        proxy="",
        ca_file="",
        client_certificate="",
        overlay="",
        assume={},
        exhausted_key=of("quota-exhausted", settings.exhausted_key),
        nearly_exhausted_key=of("quota-nearly-exhausted", settings.nearly_exhausted_key),
        unpermitted_key=of("no-permission", settings.unpermitted_key),
    )


@contextmanager
def _sandbox() -> Iterator[str]:
    """Serve a sandbox that does not say that it is one; yield its URL."""
    from qlara_cli import logs
    from qlara_sandbox.http.server import configure
    from qlara_sandbox.http.threaded import ThreadedServer
    from qlara_sandbox.web.app import assemble
    from qlara_sandbox.web.runtime import Runtime, SandboxSettings

    logs.configure("text", quiet=True)
    runtime = Runtime(SandboxSettings(sandbox_headers=False))
    with ThreadedServer(configure(assemble(runtime), timeout_graceful_shutdown=1)) as server:
        yield f"http://127.0.0.1:{server.ports[0]}"
