"""A bundle played back: its requests in their order, and the responses beside those that were recorded."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qlara_contract.client import Client, Unreachable
from qlara_contract.errors import CannotRun, Interrupted, RunStopped
from qlara_contract.exchange import ApiRequest, ApiResponse
from qlara_contract.preflight import why_unusable
from qlara_contract.settings import Mode
from qlara_proxy.comparing import (
    ComparedResponses,
    Comparison,
    operation_of,
    reason_not_to_compare,
)
from qlara_proxy.recording import Recording
from qlara_proxy.sandbox import (
    SCENARIOS,
    InvalidContract,
    InvalidScenario,
    RunningSandbox,
    UnknownScenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.differential import DifferenceKind
    from qlara_contract.settings import RunSettings
    from qlara_proxy.bundling import ReadBundle
    from qlara_proxy.keeping import KeptExchange

_SENT = ("content-type", "accept")
_SAFE = ("GET", "HEAD")
_WRONG_KEY = "unknown"
_REFUSES_EVERYTHING = frozenset({401, 404, 405})
_SOME_LIST = "list_crm_migration"


class NotSent(Exception):
    """A request was not sent, or had no response; the message says why."""


class Target(Protocol):
    """Where a bundle is played back."""

    base_url: str

    def key_of(self, exchange: KeptExchange, account: int | None) -> str:
        """Return the key to send; empty for none. Raises `NotSent`."""
        ...

    def send(
        self, method: str, target: str, exchange: KeptExchange, body: bytes, key: str
    ) -> ApiResponse:
        """Send a request. Raises `NotSent`, or `CannotRun` where nothing more can be sent."""
        ...


@dataclass(frozen=True)
class Replayed:
    """One request that was played back. ``reason`` says why it was not compared; empty if it was."""

    exchange: KeptExchange
    status: int | None
    difference: tuple[DifferenceKind, str] | None = None
    reason: str = ""

    @property
    def said(self) -> str:
        """What became of it, for people."""
        if self.reason:
            return f"not compared: {self.reason}"
        return "same" if self.difference is None else f"{self.difference[0]}: {self.difference[1]}"


def replay(
    bundle: ReadBundle, target: Target, show: Callable[[Replayed], None] = lambda _: None
) -> ComparedResponses:
    """Play a bundle back and return what differs; *show* is called for each request.

    Raises:
        CannotRun: the target cannot be reached any more.
    """
    tally, comparisons = ComparedResponses(), dict[int | None, Comparison]()
    of_fiction = bundle.manifest.get("personalData") != "kept"
    for exchange in sorted(bundle.exchanges, key=lambda one: one.number):
        account = bundle.accounts.get(exchange.number)
        one = _replayed(exchange, account, target, comparisons, of_fiction=of_fiction)
        if one.reason:
            tally.not_compared[one.reason] += 1
        else:
            tally.note(exchange.number, operation_of(exchange), one.difference)
        show(one)
    return tally


def _replayed(
    exchange: KeptExchange,
    account: int | None,
    target: Target,
    comparisons: dict[int | None, Comparison],
    *,
    of_fiction: bool,
) -> Replayed:
    request = exchange.request
    is_plain = request.method.isalpha() and request.target.isascii()
    if not request.is_whole or not is_plain or not request.target.startswith("/"):
        return Replayed(exchange, None, reason="the recorded request is not whole")
    try:
        key = target.key_of(exchange, account)
        comparison = comparisons.get(account)
        if comparison is None:
            bases = ("http://recorded.invalid", target.base_url)
            keys = (exchange.key, key)
            comparison = comparisons[account] = Comparison(keys, bases, of_fiction=of_fiction)
        path, body = comparison.request(exchange)
        response = target.send(request.method, path, exchange, body, key)
    except NotSent as error:
        return Replayed(exchange, None, reason=str(error))
    reason = reason_not_to_compare(exchange)
    if reason:
        return Replayed(exchange, response.status, reason=reason)
    return Replayed(exchange, response.status, comparison.difference(exchange, response))


class SandboxTarget:
    """A sandbox in this process; each account begins as the recording shows that it began, or with one scenario."""

    def __init__(self, sandbox: RunningSandbox, scenarios: dict[int | None, str]) -> None:
        self._sandbox = sandbox
        self._scenarios = scenarios
        self.base_url = sandbox.base_url

    def key_of(self, exchange: KeptExchange, account: int | None) -> str:
        if account is None:
            return ""
        if exchange.response is not None and exchange.response.status == 401:
            return _WRONG_KEY
        return self._sandbox.key(f"replay-{account}", self._scenarios.get(account, ""))

    def send(
        self, method: str, target: str, exchange: KeptExchange, body: bytes, key: str
    ) -> ApiResponse:
        headers = _headers(exchange, key)
        try:
            return ApiResponse(*self._sandbox.send(method, target, headers, body))
        except (OSError, HTTPException, ValueError) as error:
            raise NotSent("the sandbox gave no response") from error


@contextmanager
def sandbox_for(bundle: ReadBundle, scenario: str = "") -> Iterator[SandboxTarget]:
    """Start a sandbox for a bundle: with *scenario*, a name or a file; without one, as the accounts began.

    Raises:
        CannotRun: there is no such scenario, or it has mistakes.
    """
    with tempfile.TemporaryDirectory(prefix="qlara-replay-") as name:
        folder, scenarios, first = Path(name), dict[int | None, str](), scenario or "default"
        if scenario.endswith((".yaml", ".yml")):
            folder, first = Path(scenario).resolve().parent, Path(scenario).stem
        elif scenario:
            folder = SCENARIOS
        else:
            scenarios = _recorded(bundle, folder)
        try:
            sandbox = RunningSandbox(first, folder)
        except (UnknownScenario, InvalidScenario, InvalidContract) as error:
            raise CannotRun(str(error)) from error
        try:
            yield SandboxTarget(sandbox, scenarios)
        finally:
            sandbox.close()


def _recorded(bundle: ReadBundle, folder: Path) -> dict[int | None, str]:
    """Write what each account held at the beginning; return the names of the scenarios."""
    scenarios: dict[int | None, str] = {}
    for account in sorted(set(bundle.accounts.values())):
        recording = Recording("", keep_data=True)
        for each in bundle.exchanges:
            if bundle.accounts.get(each.number) == account:
                recording.keep(each)
        try:
            written = recording.write(folder / f"account-{account}.yaml")
        except RuntimeError as error:
            raise CannotRun(f"What account {account} held cannot be told: {error}") from error
        finally:
            recording.close()
        scenarios[account] = written[0].stem
    return scenarios


class DeploymentTarget:
    """A deployment with one account: only the requests of one account of the bundle are sent to it."""

    def __init__(self, settings: RunSettings, account: int | None) -> None:
        self._settings = settings
        self._account = account
        self.base_url = settings.base_url
        self._client = Client(settings, watch=lambda _: None)
        self._has_answered = False

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def key_of(self, exchange: KeptExchange, account: int | None) -> str:
        if account is not None and account != self._account:
            raise NotSent("it is of another account, and there is one key")
        if (
            account is not None
            and exchange.response is not None
            and exchange.response.status == 401
        ):
            raise NotSent("it was sent with a key that was refused")
        is_read_only = self._settings.effective_mode is Mode.READ_ONLY
        if is_read_only and exchange.request.method not in _SAFE:
            raise NotSent("it writes, which needs --mode full")
        return self._settings.api_key if account is not None else ""

    def send(
        self, method: str, target: str, exchange: KeptExchange, body: bytes, key: str
    ) -> ApiResponse:
        headers = tuple(_headers(exchange, ""))
        # The request target as it was recorded, which need not be what a URL is encoded to.
        request = _Verbatim(method, target, headers=headers, body=body or None)
        try:
            response = self._client.send(request, key=key).response
        except (Interrupted, Unreachable) as error:
            raise NotSent("the deployment gave no response") from error
        except RunStopped as error:
            raise CannotRun(str(error)) from error
        if not self._has_answered:
            self._require_usable(exchange, response)
        return response

    def _require_usable(self, exchange: KeptExchange, response: ApiResponse) -> None:
        """Stop at a first response that says of every request that the path or the key is wrong: it is no difference.

        Nothing more is sent to find that out, unless it looks so.
        """
        self._has_answered = True
        recorded = exchange.response.status if exchange.response else None
        is_refused = response.status in _REFUSES_EVERYTHING or 300 <= response.status < 400
        if is_refused and response.status != recorded:
            reason = why_unusable(self._client, self.base_url, _SOME_LIST)
            if reason:
                raise CannotRun(reason)


class _Verbatim(ApiRequest):
    """A request whose ``path`` is the whole request target."""

    @property
    def target(self) -> str:
        return self.path


def busiest_account(bundle: ReadBundle) -> int | None:
    """Return the account with the most requests; None if there is none."""
    accounts = list(bundle.accounts.values())
    return max(sorted(set(accounts)), key=accounts.count, default=None)


def _headers(exchange: KeptExchange, key: str) -> list[tuple[str, str]]:
    headers = [each for each in exchange.request.headers if each[0].lower() in _SENT]
    return [*headers, ("X-Api-Key", key)] if key else headers


def as_json(rows: list[Replayed], tally: ComparedResponses) -> dict[str, Any]:
    """Return everything as a JSON value; its fields are stable."""
    return {
        **tally.as_json(),
        "exchanges": [
            {
                "number": one.exchange.number,
                "method": one.exchange.request.method,
                "target": one.exchange.request.target,
                "recorded": one.exchange.response.status if one.exchange.response else None,
                "now": one.status,
                "result": one.said,
            }
            for one in rows
        ],
    }
