"""The traffic once more, to a sandbox: where its responses differ from those of the deployment.

Requests are sent in the order in which they began, by the thread that watches: the forwarder never waits.
"""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from qlara_contract.errors import CannotRun
from qlara_contract.exchange import ApiResponse
from qlara_proxy.comparing import (
    ComparedResponses,
    Comparison,
    RecordedDifference,
    operation_of,
    reason_not_to_compare,
)
from qlara_proxy.keeping import kept
from qlara_proxy.sandbox import (
    SCENARIOS,
    InvalidContract,
    InvalidScenario,
    RunningSandbox,
    UnknownScenario,
)
from qlara_proxy.traffic import headers_named

if TYPE_CHECKING:
    from qlara_proxy.keeping import KeptExchange
    from qlara_proxy.traffic import PassedExchange

__all__ = ["RecordedDifference", "Shadow"]

# What waits for a request that began earlier and is not over yet. Beyond this, it does not wait any longer.
_MOST_WAITING = 64
_MOST_BYTES = 64 * 1024 * 1024
_MOST_ACCOUNTS = 1_000
_SENT = ("content-type", "accept")
_NOBODY = "unknown"


class Shadow:
    """Watches traffic, and sends each request to a world of *scenario*, too: one for each API key.

    *scenario* is the name of one, or a scenario file; *folder* is where those of one's own are. Call ``close`` at the
    end: it sends what still waits, and stops the sandbox.
    """

    def __init__(
        self,
        scenario: str,
        *,
        folder: Path = SCENARIOS,
        overlay: Path | None = None,
        base_url: str = "",
    ) -> None:
        """Start the sandbox.

        Raises:
            CannotRun: there is no such scenario, or a file has mistakes.
        """
        file = Path(scenario)
        if file.suffix in {".yaml", ".yml"}:
            folder, scenario = file.resolve().parent, file.stem
        try:
            self._sandbox = RunningSandbox(scenario, folder, overlay)
        except (UnknownScenario, InvalidScenario, InvalidContract) as error:
            raise CannotRun(str(error)) from error
        self._base_url = base_url
        self._accounts: dict[str, tuple[str, Comparison]] = {}
        self._waiting: dict[int, KeptExchange] = {}
        self._bytes = 0
        self._next = 1
        self._tally = ComparedResponses()
        self._lock = Lock()
        self._is_open = True

    def passed(self, exchange: PassedExchange) -> None:
        """Send the request of an exchange, once those that began before it have been sent."""
        one = kept(exchange)
        self._waiting[one.number] = one
        self._bytes += _size(one)
        while self._waiting:
            number = min(self._waiting)
            is_crowded = len(self._waiting) > _MOST_WAITING or self._bytes > _MOST_BYTES
            if number > self._next and not is_crowded:
                return
            self._send(number)

    def differences(self) -> list[RecordedDifference]:
        """Return what differs so far, the most frequent first."""
        with self._lock:
            return self._tally.differences()

    def as_json(self) -> dict[str, Any]:
        """Return what was compared so far, and what differs, as a JSON value."""
        with self._lock:
            return self._tally.as_json()

    def text(self) -> str:
        """Return the same for people."""
        with self._lock:
            return "\n".join(self._tally.lines("The deployment", "the sandbox"))

    def close(self) -> None:
        """Send what still waits, and stop the sandbox. What was found can still be asked for."""
        if self._is_open:
            self._is_open = False
            for number in sorted(self._waiting):
                self._send(number)
            self._sandbox.close()

    def _send(self, number: int) -> None:
        exchange = self._waiting.pop(number)
        self._bytes -= _size(exchange)
        self._next = max(self._next, number + 1)
        if not exchange.request.is_whole:
            self._note_not_compared("the request is not whole")
            return
        key, comparison = self._account(exchange)
        target, body = comparison.request(exchange)
        headers = [each for each in exchange.request.headers if each[0].lower() in _SENT]
        headers += [("X-Api-Key", key)] if key else []
        try:
            response = ApiResponse(
                *self._sandbox.send(exchange.request.method, target, headers, body)
            )
        except (OSError, HTTPException, ValueError):
            self._note_not_compared("the sandbox gave no response")
            return
        reason = reason_not_to_compare(exchange)
        if reason:
            self._note_not_compared(reason)
            return
        found = comparison.difference(exchange, response)
        with self._lock:
            self._tally.note(number, operation_of(exchange), found)

    def _note_not_compared(self, reason: str) -> None:
        with self._lock:
            self._tally.not_compared[reason] += 1

    def _account(self, exchange: KeptExchange) -> tuple[str, Comparison]:
        """Return the sandbox's key for that of an exchange, and what compares their responses."""
        key = exchange.key if any(headers_named(exchange.request.headers, "x-api-key")) else ""
        found = self._accounts.get(key)
        if found is None:
            if len(self._accounts) >= _MOST_ACCOUNTS:
                self._accounts.pop(next(iter(self._accounts)))
            own = self._own_key(key, exchange)
            bases = (self._base_url, self._sandbox.base_url)
            found = self._accounts[key] = own, Comparison((key, own), bases)
        return found

    def _own_key(self, key: str, exchange: KeptExchange) -> str:
        if not key:
            return ""
        is_refused = exchange.response is not None and exchange.response.status == 401
        return _NOBODY if is_refused else self._sandbox.key(f"shadow-{len(self._accounts) + 1}")


def _size(exchange: KeptExchange) -> int:
    return len(exchange.request.body) + len(exchange.response.body if exchange.response else b"")
