"""Sends requests to a deployment at a limited rate, waits out 429, and records every exchange."""

from __future__ import annotations

import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING

import certifi
import httpx2

from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun, DeadlineReached, DeploymentLost, Interrupted
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.promises import QUOTA
from qlara_contract.untrusted import KEPT_OF_LONGER, read_within_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qlara_contract.settings import RunSettings

_BOUNDARY = "contract-check-3f9a1c7e5b2d4860"
_LONGEST_WAIT = 120.0  # for one request that is refused as one too many
_FIRST_PAUSE, _PATIENT = 0.25, 1.0  # seconds, doubled each time
_LONGEST_AT_GATE = 5.0  # seconds
_TRIES = 3
_PAUSES = (0.2, 1.0)
_LOST_AFTER = 8  # failures in a row
_CONFLICT = 409
# How often, and seconds apart, the quota has to be the same before nothing is taken to be under way.
_STILL, _PAUSE_WHEN_LATE, _LATE_READS = 3, 1.0, 20
_SAFE = ("GET", "HEAD")
_CLOSED = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
_GATEWAY = frozenset({502, 503, 504})
SESSION_HEADER = "X-Sandbox-Session"
SCENARIO_HEADER = "x-sandbox-scenario"


class Unreachable(Exception):
    """The deployment did not respond; the message says why.

    ``is_final``: another try would be the same. ``incomplete`` is the beginning of a response, if one came.
    """

    def __init__(
        self, message: str, *, is_final: bool = False, incomplete: ApiExchange | None = None
    ) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.incomplete = incomplete


class Client:
    """One deployment and one key to it.

    ``session`` separates this run from everything else in a sandbox; real deployments never see it.
    ``complete`` adds to each request what the deployment needs. ``charge`` is called before it is sent,
    and ``watch`` with each exchange, 429 that were waited out included.
    """

    def __init__(
        self,
        settings: RunSettings,
        *,
        session: str = "",
        watch: Callable[[ApiExchange], None],
        charge: Callable[[ApiRequest], None] = lambda _: None,
        complete: Callable[[ApiRequest], ApiRequest] = lambda request: request,
    ) -> None:
        self._settings = settings
        self._session = session
        self._accept: tuple[tuple[str, str], ...] = ()
        self._watch = watch
        self._charge = charge
        self._complete = complete
        self._next_at = 0.0
        self._ends_at = time.monotonic() + settings.effective_deadline
        self._failed = 0
        self._is_accepted = False  # the key was, at least once
        self._cuts = False  # it ends responses before their end
        self._is_late = False  # an import that did not respond in time may still be under way
        self.waited = 0.0
        self.requests = 0
        self.network_failures: list[str] = []
        self._http = _http_client(settings)
        self._http_once: httpx2.Client | None = None  # with a connection for each request
        self._drops = False  # it closes connections that it kept, without a word

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if self._http_once is not None:
            self._http_once.close()

    def use_session(self, session: str) -> None:
        """Send this sandbox session with each request from now on."""
        self._session = session

    def ask_for_json(self) -> None:
        """Send ``Accept: application/json`` with each request from now on, in place of ``*/*``."""
        self._accept = (("Accept", "application/json"),)

    @property
    def session_headers(self) -> tuple[tuple[str, str], ...]:
        """What each request carries: the user's headers, what it accepts, and the session in a sandbox."""
        session = ((SESSION_HEADER, self._session),) if self._session else ()
        return (*self._settings.headers, *self._accept, *session)

    def send(
        self, request: ApiRequest, *, key: str | None = None, patient: bool = True
    ) -> ApiExchange:
        """Send *request* and return the exchange.

        *key* replaces the run's key (empty: none is sent). A patient request that gets a 429 is sent
        again after the time that the response asks for. A GET is sent again after a failure of the
        network or a gateway; for anything else, that is ``Interrupted``.

        Raises:
            Interrupted: the network or a gateway failed, and it is not known what was done.
            DeploymentLost: it has failed too often in a row.
            DeadlineReached: the run has taken as long as it may.
        """
        tries = _TRIES if request.method in _SAFE and patient else 1
        failure, begun = "", list[ApiExchange]()
        for at in range(tries):
            try:
                exchange = self._send_patiently(request, key, patient=patient)
            except Unreachable as error:
                failure = str(error)
                begun += [error.incomplete] if error.incomplete else []
                # No network ends each of them at one byte.
                self._cuts |= len(begun) == _TRIES and _are_alike(begun)
                if self._cuts and begun:
                    self._watch(begun[-1])
                    self._failed = 0
                    return begun[-1]
                if error.is_final:
                    break
            else:
                if not patient or not is_from_gateway(exchange.response):
                    self._note_success(exchange, key)
                    return exchange
                failure = _gateway_failure(exchange)
            self._note_failure(failure)
            if at + 1 < tries:
                self.wait(_PAUSES[at])
        raise Interrupted(failure, begun[-1] if begun else None)

    def send_or_look(self, request: ApiRequest, *, key: str | None = None) -> ApiExchange:
        """Send an import of new numbers; after a failure of the network, look whether it was carried out.

        The same import again tells: if its cards are duplicates now, it was.

        Raises:
            Interrupted: it was carried out without a response, or failed again.
        """
        try:
            return self.send(request, key=key)
        except Interrupted as error:
            exchange = self._send_again(request, key, error)
            summary = exchange.response.value("summary")
            known = summary.get("duplicates") if isinstance(summary, dict) else None
            if known or exchange.response.status == _CONFLICT:
                raise Interrupted(f"{error} It was carried out all the same.") from error
            return exchange

    def _send_again(self, request: ApiRequest, key: str | None, before: Interrupted) -> ApiExchange:
        """Send a request again; if its response breaks off as the one *before*, that is the response."""
        try:
            return self.send(request, key=key)
        except Interrupted as error:
            if before.partial is None or error.partial is None:
                raise
            self._watch(error.partial)
            self._failed = 0  # that was no failure of the network
            return error.partial

    def send_together(self, requests: Sequence[ApiRequest]) -> list[ApiExchange]:
        """Send *requests* at the same time and return their exchanges, in the same order.

        Each waits with its last byte for the others: they are complete together, however busy this
        machine is.

        Raises:
            Interrupted: one of them failed, or was refused as one too many.
        """
        requests = [self._complete(each) for each in requests]
        for request in requests:
            self.pace()
            self._charge(request)
        self.requests += len(requests)
        gate = Barrier(len(requests))
        with ThreadPoolExecutor(len(requests)) as pool:
            waiting = [pool.submit(self._exchange_at, gate, each) for each in requests]
        exchanges, failure = [], ""
        for each in waiting:
            try:
                exchange = replace(each.result(), is_one_of_several=True)
            except Unreachable as error:
                failure = str(error)
                continue
            exchanges.append(exchange)
            self._watch(exchange)
            if exchange.response.status == 429 or is_from_gateway(exchange.response):
                failure = f"{exchange.response.status} for one of {len(requests)} at the same time"
        if failure:
            self._note_failure(failure)
            raise Interrupted(failure)
        return exchanges

    def probe(self) -> str:
        """Ask for the quota; return why the deployment is lost, empty if it responds.

        An import that did not respond in time may still come to be: then this waits until the quota
        stands still.
        """
        try:
            exchange = self._quota()
            if self._is_late:
                exchange = self._standing_still(exchange)
        except Unreachable as error:
            return str(error)
        if is_from_gateway(exchange.response):
            return _gateway_failure(exchange)
        if exchange.response.status in (401, 403):
            return (
                f"{self._settings.base_url} does not accept the key any more "
                f"({exchange.response.status})."
            )
        self._failed = 0
        return ""

    def _quota(self) -> ApiExchange:
        request = ApiRequest("GET", contract().path_of(QUOTA))
        return self._send_once(request, self._settings.api_key)

    def _standing_still(self, before: ApiExchange) -> ApiExchange:
        unchanged = 0
        for _ in range(_LATE_READS):
            self.wait(min(self._settings.timeout, _PAUSE_WHEN_LATE))
            now = self._quota()
            unchanged = unchanged + 1 if now.response.body == before.response.body else 0
            if unchanged == _STILL:
                break
            before = now
        self._is_late = False
        return before

    def check_deadline(self) -> None:
        """Raise ``DeadlineReached`` once the run has taken as long as it may."""
        if time.monotonic() > self._ends_at:
            raise DeadlineReached(
                f"The run took as long as it may ({self._settings.effective_deadline:g} s; --deadline)."
            )

    def wait(self, seconds: float) -> None:
        """Sleep for *seconds*; raise ``DeadlineReached`` instead if the run would end meanwhile."""
        if time.monotonic() + seconds > self._ends_at:
            self._ends_at = 0.0
        self.check_deadline()
        time.sleep(seconds)

    def pace(self) -> None:
        """Wait until the rate limit of the run allows the next request."""
        self.check_deadline()
        if self._settings.rate:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = time.monotonic() + 1 / self._settings.rate

    def _send_patiently(
        self, request: ApiRequest, key: str | None, *, patient: bool
    ) -> ApiExchange:
        own = self._settings.api_key if key is None else key
        waited, pause, unasked = 0.0, _FIRST_PAUSE, 0
        while True:
            exchange = self._send_once(request, own)
            if exchange.response.status != 429 or not patient:
                return exchange
            asked = retry_after(exchange.response)
            unasked += asked is None
            if unasked == _TRIES and self._serves_others():
                return exchange  # it means something else than too many requests
            # One that asks for no time, again and again, gets some all the same.
            seconds = pause if asked is None else max(asked, pause if pause > _PATIENT else 0)
            pause = min(pause * 2, 30.0)
            if waited + seconds > _LONGEST_WAIT:
                raise DeploymentLost(
                    f"{self._settings.base_url} keeps refusing requests as too many (429): after "
                    f"{waited:.0f} s of waiting it asks for {seconds:.0f} s more."
                )
            waited += seconds
            self.waited += seconds
            self.wait(seconds)

    def _serves_others(self) -> bool:
        """Return whether the deployment, which refuses a request as one too many, serves another."""
        return self._quota().response.status < 400

    def _send_once(self, request: ApiRequest, key: str) -> ApiExchange:
        self.pace()
        request = self._complete(request)
        self._charge(request)
        self.requests += 1
        exchange = self._exchange(request, key)
        self._watch(exchange)
        return exchange

    def _exchange_at(self, gate: Barrier, request: ApiRequest) -> ApiExchange:
        """Send a request whose last byte waits at *gate*; raise ``Unreachable``."""
        try:
            return self._exchange(request, self._settings.api_key, gate)
        finally:
            gate.abort()  # whoever still waits there would wait in vain

    def _exchange(self, request: ApiRequest, key: str, gate: Barrier | None = None) -> ApiExchange:
        """Send a request once and return the exchange; raise ``Unreachable``."""
        request, headers, content = self._prepared(request, key)
        whole: bytes | Iterator[bytes] | None = content
        if content and request.is_chunked:
            whole = iter([content])
        elif content and gate is not None:
            headers.append(("Content-Length", str(len(content))))
            whole = _with_last_byte_at(gate, content)
        at, start = time.time(), time.perf_counter()
        received: list[bytes] = []
        response: httpx2.Response | None = None
        try:
            with self._http_for(request).stream(
                request.method,
                self._settings.base_url + request.target,
                headers=[(name.encode(), value.encode()) for name, value in headers],
                content=whole,
            ) as response:
                encoding = response.headers.get("content-encoding", "")
                chunks = _kept(response.iter_raw(), received)
                body, is_cut = read_within_bounds(chunks, encoding)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            is_timeout = isinstance(error, httpx2.TimeoutException)
            self._is_late |= is_timeout and request.method == "POST"
            self._drops |= response is None and isinstance(error, _CLOSED)
            incomplete = None
            if response is not None and isinstance(error, httpx2.RemoteProtocolError):
                seen = _response(response, b"".join(received), is_incomplete=True)
                incomplete = self._exchanged(request, seen, key, at, start)
            raise Unreachable(
                _why(error, self._settings.base_url),
                is_final=_ssl_error(error) is not None,
                incomplete=incomplete,
            ) from error
        return self._exchanged(request, _response(response, body, is_cut=is_cut), key, at, start)

    def _prepared(
        self, request: ApiRequest, key: str
    ) -> tuple[ApiRequest, list[tuple[str, str]], bytes | None]:
        """Return a request as it is recorded, and the headers and the content that are sent."""
        own = {name.lower() for name, _ in request.headers}
        more = (each for each in self.session_headers if each[0].lower() not in own)
        request = replace(request, headers=(*request.headers, *more))
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
        return request, headers, content

    def _http_for(self, request: ApiRequest) -> httpx2.Client:
        """Return what sends *request*: over a new connection if it must not be lost with an old one.

        RFC 9112 section 9.3.1: only what can be sent again may go over a connection that may be closed.
        """
        if request.method in _SAFE or not self._drops:
            return self._http
        if self._http_once is None:
            self._http_once = _http_client(self._settings, keep=False)
        return self._http_once

    def _exchanged(
        self, request: ApiRequest, response: ApiResponse, key: str, at: float, start: float
    ) -> ApiExchange:
        operation = contract().operation_of(request.method, request.path)
        return ApiExchange(
            self._settings.base_url,
            request,
            response,
            operation.operation_id if operation else "",
            key,
            at,
            time.perf_counter() - start,
        )

    def _note_failure(self, failure: str) -> None:
        self.network_failures.append(failure)
        self._failed += 1
        if self._failed >= _LOST_AFTER:
            raise DeploymentLost(failure)

    def _note_success(self, exchange: ApiExchange, key: str | None) -> None:
        self._failed = 0
        is_own = key is None and exchange.operation
        if not is_own:
            return
        if exchange.response.status < 400:
            self._is_accepted = True
        elif exchange.response.status in (401, 403) and self._is_accepted:
            self._require_accepted()

    def _require_accepted(self) -> None:
        """Raise ``DeploymentLost`` if the key, which was accepted before, is accepted for nothing now."""
        reason = self.probe()
        if reason:
            raise DeploymentLost(reason)


def _http_client(settings: RunSettings, *, keep: bool = True) -> httpx2.Client:
    """Return a client that goes the way that the settings say; raise ``CannotRun``.

    *keep*: its connections are kept for further requests.
    """
    trust = _trust(settings)
    try:
        return httpx2.Client(
            timeout=httpx2.Timeout(settings.timeout, connect=min(10.0, settings.timeout)),
            trust_env=not settings.is_loopback,
            proxy=None if settings.is_loopback else settings.proxy or None,
            verify=trust,
            limits=httpx2.Limits(max_keepalive_connections=None if keep else 0),
            headers={"Accept-Encoding": "gzip, deflate"},  # what can be read within bounds
        )
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        raise CannotRun(
            "--proxy: expected a URL that begins with http://, https:// or socks5://."
        ) from error


def _with_last_byte_at(gate: Barrier, content: bytes) -> Iterator[bytes]:
    """Yield *content*, the last byte of it when all others are at *gate* with theirs."""
    yield content[:-1]
    with suppress(BrokenBarrierError):
        gate.wait(_LONGEST_AT_GATE)
    yield content[-1:]


def _kept(chunks: Iterator[bytes], kept: list[bytes]) -> Iterator[bytes]:
    """Yield *chunks*, and keep the first of them."""
    size = 0
    for chunk in chunks:
        if size < KEPT_OF_LONGER:
            kept.append(chunk)
            size += len(chunk)
        yield chunk


def _response(
    response: httpx2.Response, body: bytes, *, is_cut: bool = False, is_incomplete: bool = False
) -> ApiResponse:
    headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
    return ApiResponse(response.status_code, headers, body, is_cut, is_incomplete)


def _are_alike(begun: Sequence[ApiExchange]) -> bool:
    """Return whether responses that were cut short have one status, and end after the same byte."""
    ends = {(each.response.status, len(each.response.body)) for each in begun}
    return len(ends) == 1


def is_from_gateway(response: ApiResponse) -> bool:
    """Return whether a response comes from a gateway, or says that the deployment is away for a while.

    RFC 9110 sections 15.6.3 to 15.6.5, and any 5xx that says when to come back.
    """
    if response.status in _GATEWAY:
        return True
    return response.status >= 500 and response.header("retry-after") is not None


def retry_after(response: ApiResponse) -> float | None:
    """Return how many seconds a 429 asks to wait, in its header or its body; ``None`` if it does not.

    ``Retry-After`` is a number of seconds or a date (RFC 9110 section 10.2.3).
    """
    value = (response.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    with suppress(ValueError, TypeError):
        until = parsedate_to_datetime(value)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    body = response.json
    said = body.get("retryAfter") if isinstance(body, dict) else None
    if isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0:
        return float(said)
    return None


def _gateway_failure(exchange: ApiExchange) -> str:
    return (
        f"{exchange.base_url} responds to {exchange.request.path} with {exchange.response.status}, "
        "which comes from a gateway before it."
    )


def _trust(settings: RunSettings) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, certifi's, and the user's.

    Raises:
        CannotRun: a certificate cannot be read.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    for option, path, expected, load in (
        ("--ca-file", settings.ca_file, "certificates in PEM", context.load_verify_locations),
        (
            "--cert",
            settings.client_certificate,
            "a certificate and its private key, both in this one file and in PEM",
            lambda path: context.load_cert_chain(path, password=""),  # asks nobody for one
        ),
    ):
        if not path:
            continue
        try:
            load(path)
        except ssl.SSLError as error:
            raise CannotRun(f"{option} {path}: expected {expected}.") from error
        except OSError as error:
            raise CannotRun(f"{option} {path}: cannot be read: {error.strerror}.") from error
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _ssl_error(error: BaseException) -> ssl.SSLError | None:
    """Return the failure of TLS behind *error*; one in the middle of a response is of the network."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _why(error: Exception, base_url: str) -> str:
    failure = _ssl_error(error)
    if failure is not None:
        return f"TLS with {base_url} failed: {failure.reason or failure}."
    if isinstance(error, httpx2.ConnectTimeout):
        return f"{base_url} did not accept a connection within 10 seconds."
    if isinstance(error, httpx2.TimeoutException):
        return f"{base_url} accepted the connection but did not respond in time."
    if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return f"{base_url!r} is not a usable URL; expected http:// or https://."
    if isinstance(error, httpx2.ConnectError):
        return f"{base_url} cannot be reached: {error}."
    return f"{base_url} closed the connection: {str(error) or type(error).__name__}."
