"""Calls to a running sandbox over HTTP: the API, the control API, and the pages that it serves."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import anyio
import httpx2
from mcp.server.mcpserver.exceptions import ToolError

from qlara_sandbox.web.gates.access import is_local

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_REFUSED = 400  # and above: RFC 9110 section 15.5
_NO_SANDBOX = "what responds there is no Qlara sandbox"
_CLOSED = frozenset({401, 403})


@dataclass(frozen=True)
class Received:
    """A response as it arrived; ``value`` is the JSON in it, None if there is none."""

    status: int
    headers: Mapping[str, str]
    text: str
    value: Any

    @property
    def request_id(self) -> str | None:
        """What the journal knows the request by."""
        return self.headers.get("x-request-id")


class ConnectionBroken(Exception):
    """The connection ended without a complete response; the message says how."""


class SandboxClient:
    """One running sandbox. ``base_url`` is the part of its URLs before ``/api``."""

    def __init__(
        self, base_url: str, *, token: str | None = None, ca_file: Path | None = None
    ) -> None:
        """Call the sandbox at *base_url*, its control API with *token* if that asks for one.

        Raises:
            OSError, ValueError: *ca_file* cannot be used, or *base_url* is no URL.
        """
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._is_a_sandbox = False  # once it has said its version
        verify: ssl.SSLContext | bool = True
        if ca_file is not None:
            verify = ssl.create_default_context(cafile=str(ca_file))
        # No proxy leads to this machine.
        by_proxy = not is_local(urlsplit(self.base_url).netloc)
        self._http = httpx2.AsyncClient(verify=verify, timeout=_SECONDS, trust_env=by_proxy)

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def control(self, method: str, path: str, **values: Any) -> Any:
        """Call the control API and return its JSON; *values* that are None are left out.

        Raises:
            ToolError: it refuses, or there is no sandbox; the message names what was expected.
        """
        if not self._is_a_sandbox:
            version = await self._control("GET", "version", {})
            if not {"version", "contract"} <= version.keys():
                raise ToolError(self._away(_NO_SANDBOX))
            self._is_a_sandbox = True
        return await self._control(method, path, values)

    async def _control(self, method: str, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if value is not None}
        sent = {"params": given} if method in {"GET", "DELETE"} else {"json": given}
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            received = await self._send(method, f"/__admin/{path}", headers, sent)
        except ConnectionBroken as error:
            raise ToolError(self._away(str(error))) from error
        if received.status in _CLOSED:
            message = f"The control API of {self.base_url} is closed: {said(received)} Start with --token."
            raise ToolError(message)
        if received.status >= _REFUSED:
            raise ToolError(said(received))
        if not isinstance(received.value, dict):
            raise ToolError(self._away(_NO_SANDBOX))
        return received.value

    async def call(
        self,
        operation_id: str,
        account: Mapping[str, str],
        path: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> Received:
        """Send a request to an operation of the contract; *account* are headers, *sent* httpx's options.

        Raises:
            ConnectionBroken: the connection failed, as a fault may order.
            ToolError: there is no sandbox, or its contract lacks the operation.
        """
        method, template = await self._operation(operation_id)
        for name, value in (path or {}).items():
            template = template.replace(f"{{{name}}}", quote(value, safe=""))
        return await self._send(method, template, account, sent)

    async def contract(self) -> dict[str, Any]:
        """Return the contract that the sandbox serves.

        Raises:
            ToolError: there is no sandbox.
        """
        try:
            document = json.loads(await self.page("/openapi.json"))
        except ValueError:
            document = None
        paths = document.get("paths") if isinstance(document, dict) else None
        if not isinstance(paths, dict) or not paths:
            raise ToolError(self._away(_NO_SANDBOX))
        contract: dict[str, Any] = document
        return contract

    async def page(self, path: str) -> str:
        """Return the text that the sandbox serves at *path*.

        Raises:
            ToolError: there is no sandbox, or it has no such page.
        """
        try:
            received = await self._send("GET", path, {}, {})
        except ConnectionBroken as error:
            raise ToolError(self._away(str(error))) from error
        if received.status >= _REFUSED:
            message = (
                f"The sandbox at {self.base_url} does not serve {path} (status {received.status})."
            )
            raise ToolError(message)
        return received.text

    async def _operation(self, operation_id: str) -> tuple[str, str]:
        for path, item in (await self.contract()).get("paths", {}).items():
            for method, operation in item.items():
                if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                    return method.upper(), path
        raise ToolError(f"The contract of {self.base_url} has no operation {operation_id}.")

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], sent: Mapping[str, Any]
    ) -> Received:
        try:
            request = self._http.build_request(
                method, f"{self.base_url}{path}", headers=dict(headers), **sent
            )
        except (httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise ToolError(f"These arguments cannot be sent in a request: {error}.") from error
        try:
            with anyio.fail_after(_SECONDS):
                response = await self._http.send(request, stream=True)
                try:
                    return _received(response, await _body(response))
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise ConnectionBroken(f"no complete response within {_SECONDS:.0f} seconds") from error
        except httpx2.TransportError as error:
            raise ConnectionBroken(_reason(error)) from error

    def _away(self, reason: str) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return f"The certificate of {self.base_url} is not trusted. Name its authority with --ca-file."
        return (
            f"No sandbox at {self.base_url}: {reason.rstrip('.')}. "
            "Start one (qlara-sandbox serve), or leave out --url to get one."
        )


def said(received: Received) -> str:
    """Return what a refusal says, in one line: each field at fault with what was expected."""
    refusal = refusal_of(received)
    return " ".join(f"{field}: {text}" for field, text in refusal.items())


def refusal_of(received: Received) -> dict[str, str]:
    """Return the fields at fault of a refusal, with the message of each."""
    return fields_at_fault(received.value) or {"response": received.text[:500]}


def fields_at_fault(body: Any) -> dict[str, str]:
    """Return the fields at fault that the body of a refusal names (UC-020: Common errors)."""
    if not isinstance(body, dict):
        return {}
    data = body.get("data")
    if isinstance(data, dict):
        return {str(field): str(text) for field, text in data.items()}
    return {"message": str(body["message"])} if "message" in body else {}


def _reason(error: httpx2.TransportError) -> str:
    if isinstance(error, (httpx2.ReadError, httpx2.WriteError)):
        return "the connection was reset"
    return str(error) or type(error).__name__


async def _body(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MOST_BYTES:
            raise ConnectionBroken(f"a response of more than {_MOST_BYTES // 1024**2} MB")
    return bytes(body)


def _received(response: httpx2.Response, body: bytes) -> Received:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return Received(response.status_code, response.headers, body.decode("utf-8", "replace"), value)
