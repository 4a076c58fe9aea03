"""Sends requests to a deployment at a limited rate, waits out 429, and records every exchange."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import certifi
import httpx2

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.untrusted import read_within_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.settings import RunSettings

_BOUNDARY = "contract-check-3f9a1c7e5b2d4860"
_MAX_WAIT = 120.0
_PATIENCE = 6
SESSION_HEADER = "X-Sandbox-Session"
SCENARIO_HEADER = "x-sandbox-scenario"


class Unreachable(Exception):
    """The deployment did not respond; the message says why."""


class Client:
    """One deployment and one key to it.

    ``session`` separates this run from everything else in a sandbox; real deployments never see it.
    ``watch`` is called with each exchange, 429 that were waited out included.
    """

    def __init__(
        self, settings: RunSettings, *, session: str = "", watch: Callable[[ApiExchange], None]
    ) -> None:
        self._settings = settings
        self._session = session
        self._watch = watch
        self._next_at = 0.0
        self.waited = 0.0
        self.requests = 0
        self._http = httpx2.Client(
            timeout=httpx2.Timeout(settings.timeout, connect=10.0),
            trust_env=not settings.is_loopback,
            verify=_trusted(settings.ca_file),
            headers={"Accept-Encoding": "gzip, deflate"},  # what can be read within bounds
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def use_session(self, session: str) -> None:
        """Send this sandbox session with each request from now on."""
        self._session = session

    @property
    def session_headers(self) -> tuple[tuple[str, str], ...]:
        """The header that keeps this run apart in a sandbox, if any."""
        return ((SESSION_HEADER, self._session),) if self._session else ()

    def send(
        self, request: ApiRequest, *, key: str | None = None, patient: bool = True
    ) -> ApiExchange:
        """Send *request* and return the exchange; raise ``Unreachable``.

        *key* replaces the run's key (empty: none is sent). A patient request that gets a 429 is sent
        again after the time that the response asks for.
        """
        key = self._settings.api_key if key is None else key
        exchange = self._send_once(request, key)
        for _ in range(_PATIENCE):
            if exchange.response.status != 429 or not patient:
                break
            self.wait(_seconds(exchange.response))
            exchange = self._send_once(request, key)
        return exchange

    def wait(self, seconds: float) -> None:
        """Sleep for *seconds*, as a 429 asked."""
        seconds = min(seconds, _MAX_WAIT)
        self.waited += seconds
        time.sleep(seconds)

    def pace(self) -> None:
        """Wait until the rate limit of the run allows the next request."""
        if self._settings.rate:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = time.monotonic() + 1 / self._settings.rate

    def _send_once(self, request: ApiRequest, key: str) -> ApiExchange:
        self.pace()
        request = replace(request, headers=(*request.headers, *self.session_headers))
        headers = list(request.headers)
        if key and not any(name.lower() == "x-api-key" for name, _ in headers):
            headers.insert(0, ("X-Api-Key", key))
        content = request.body
        if request.form is not None:
            content = request.form.encode(_BOUNDARY)
            headers.append(("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}"))
        if self._settings.authorization and "authorization" not in {
            name.lower() for name, _ in headers
        }:
            headers.append(("Authorization", self._settings.authorization))
        at, start = time.time(), time.perf_counter()
        try:
            with self._http.stream(
                request.method,
                self._settings.base_url + request.target,
                headers=[(name.encode(), value.encode()) for name, value in headers],
                content=content,
            ) as response:
                encoding = response.headers.get("content-encoding", "")
                body, is_cut = read_within_bounds(response.iter_raw(), encoding)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(_why(error, self._settings.base_url)) from error
        operation = contract().operation_of(request.method, request.path)
        exchange = ApiExchange(
            self._settings.base_url,
            request,
            ApiResponse(
                response.status_code,
                tuple((name.lower(), value) for name, value in response.headers.multi_items()),
                body,
                is_cut,
            ),
            operation.operation_id if operation else "",
            key,
            at,
            time.perf_counter() - start,
        )
        self.requests += 1
        self._watch(exchange)
        return exchange


def _trusted(ca_file: str) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, certifi's, and *ca_file*."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _seconds(response: ApiResponse) -> float:
    value = response.header("retry-after") or ""
    return float(value) if value.isascii() and value.isdigit() else 1.0


def _why(error: Exception, base_url: str) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS with {base_url} failed: {cause.reason or cause}."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectTimeout):
        return f"{base_url} did not accept a connection within 10 seconds."
    if isinstance(error, httpx2.TimeoutException):
        return f"{base_url} accepted the connection but did not respond in time."
    if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return f"{base_url!r} is not a usable URL; expected http:// or https://."
    if isinstance(error, httpx2.ConnectError):
        return f"{base_url} cannot be reached: {error}."
    return f"{base_url} closed the connection: {str(error) or type(error).__name__}."
