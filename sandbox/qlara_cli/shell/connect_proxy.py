"""A CONNECT proxy on loopback that leads the documented hosts to the sandbox and passes others on.

For clients that cannot be told to connect elsewhere but honour ``HTTPS_PROXY``. It sees nothing of
what it passes on: TLS goes through it unopened.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

_HEAD_BYTES = 64 * 1024
_HTTP, _HTTPS = 80, 443
_CHUNK = 64 * 1024


class ConnectProxy:
    """Opens a connection for each ``CONNECT``: to the sandbox for *hosts*, else where it asks.

    ``upstream`` is the proxy that the user has set for others, or empty.
    """

    def __init__(self, hosts: Collection[str], sandbox_port: int, upstream: str = "") -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._sandbox_port = sandbox_port
        self._upstream = urlsplit(
            upstream if "://" in upstream or not upstream else f"//{upstream}"
        )

    async def listen(self) -> asyncio.Server:
        """Return a server that listens on a free port of loopback."""
        return await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=_HEAD_BYTES)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until either side hangs up."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            there = await self._open(head, writer)
            if there is not None:
                await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
        writer.close()

    async def _open(
        self, head: bytes, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        method, _, rest = head.partition(b" ")
        target = urlsplit(f"//{rest.split(b' ')[0].decode('latin-1')}")
        if method != b"CONNECT" or not target.hostname:
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\n\r\n")
            return None
        ours = target.hostname.lower() in self._hosts
        try:
            if ours:
                there = await asyncio.open_connection("127.0.0.1", self._sandbox_port)
            elif self._upstream.hostname:
                return await self._ask_upstream(head)
            else:
                there = await asyncio.open_connection(target.hostname, target.port or _HTTPS)
        except OSError as error:
            writer.write(f"HTTP/1.1 502 Bad Gateway\r\nX-Reason: {error}\r\n\r\n".encode())
            return None
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return there

    async def _ask_upstream(self, head: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Let the user's own proxy respond, which may want to know who asks (RFC 9110 11.7.2)."""
        proxy = self._upstream
        secure = proxy.scheme == "https"
        port = proxy.port or (_HTTPS if secure else _HTTP)
        there = await asyncio.open_connection(proxy.hostname, port, ssl=secure or None)
        if proxy.username:
            who = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
            named = b"\r\nProxy-Authorization: Basic " + b64encode(who)
            head = head[:-4] + named + head[-4:]
        there[1].write(head)
        return there


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
