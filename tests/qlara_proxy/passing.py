"""Traffic for tests: requests to a sandbox in this process, as a proxy would pass them on to its watchers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlara_proxy.sandbox import RunningSandbox
from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Self

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
BOUNDARY = "boundary-5d2c"


@dataclass
class Body:
    """A body in memory."""

    data: bytes
    is_whole: bool = True

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data


def listed(list_id: str, query: str = "") -> str:
    """Return the target that reads a list."""
    return f"/api/partner-gateway/v1/contacts/list/{list_id}/contacts{query}"


def form(
    file: bytes | None, filename: str = "contacts.vcf", /, **fields: str
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Return headers and body of an upload."""
    parts = []
    if file is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: text/vcard'
        parts.append(head.encode() + b"\r\n\r\n" + file)
    parts += [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    mark = f"--{BOUNDARY}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return (("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),), body


def exchange(  # noqa: PLR0913 - what of an exchange a test is about
    number: int = 1,
    method: str = "GET",
    target: str = QUOTA,
    *,
    key: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    status: int = 200,
    response: bytes | None = b"{}",
    response_headers: Iterable[tuple[str, str]] = (("Content-Type", "application/json"),),
    is_whole: bool = True,
    failure: str = "",
) -> PassedExchange:
    """Return an exchange; without a *response*, none came."""
    own = (("X-Api-Key", key),) if key else ()
    return PassedExchange(
        number,
        1,
        1_775_725_210.0 + number,
        0.01,
        PassedRequest(method, target, (*own, *headers), Body(body, is_whole), is_whole),
        None
        if response is None
        else PassedResponse(status, "OK", tuple(response_headers), Body(response)),
        failure,
    )


class Deployment:
    """A sandbox that is called, and whose exchanges are passed on to *watchers*."""

    def __init__(
        self,
        *watchers: Any,
        scenario: str = "default",
        overlay: Path | None = None,
        label: str = "distinct-key-77",
        **options: Any,
    ) -> None:
        self._watchers = watchers
        self._sandbox = RunningSandbox(scenario, overlay=overlay, **options)
        self.key = self._sandbox.key(label)
        self.base_url = self._sandbox.base_url
        self.passed: list[PassedExchange] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def send(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        key: str | None = None,
    ) -> tuple[int, bytes]:
        """Send a request, tell the watchers, and return status and body of the response."""
        began, start = time.time(), time.perf_counter()
        own = (*headers, ("X-Api-Key", self.key if key is None else key))
        status, got, content = self._sandbox.send(method, target, own, body)
        one = PassedExchange(
            len(self.passed) + 1,
            1,
            began,
            time.perf_counter() - start,
            PassedRequest(method, target, own, Body(body)),
            PassedResponse(status, "", got, Body(content)),
        )
        self.passed.append(one)
        for watcher in self._watchers:
            watcher.passed(one)
        return status, content

    def quota(self) -> tuple[int, bytes]:
        """Read the quota."""
        return self.send("GET", QUOTA)

    def read(self, list_id: str = "list_crm_migration", query: str = "") -> tuple[int, bytes]:
        """Read a page of a list."""
        return self.send("GET", listed(list_id, query))

    def upload(self, file: bytes, **fields: str) -> tuple[int, bytes]:
        """Upload a file."""
        return self.send("POST", UPLOAD, *form(file, **fields))
