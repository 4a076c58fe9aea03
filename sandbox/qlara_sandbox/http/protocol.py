"""HTTP/1.1 on one connection: uvicorn's protocol, with bounds, time limits and our shape of errors."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from qlara_sandbox.domain.errors import (
    BodyStalled,
    HeadStalled,
    HeadTooLarge,
    MalformedRequest,
    MisusedSandbox,
)
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.connection import CONNECTION, FAILURE, Connection, CutHead
from qlara_sandbox.http.limits import FRAMING_BYTES, MAX_FIELDS, MAX_HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.http.limits import Timeouts
    from qlara_sandbox.http.response import RawHeaders

log = logging.getLogger("qlara_sandbox.http")
# The logger of requests that are cut when the server stops: it drops everything.
_SILENT = logging.Logger("stopped", logging.CRITICAL + 1)  # noqa: LOG001 - none of the process's own

_LINGER_SECONDS = 1.0
# Bytes are parsed in pieces, so that few of the requests that arrive together are open at a time.
_PIECE = 8 * 1024
# A longer body is not copied to stand behind its head.
_WRITTEN_WITH_ITS_HEAD = 64 * 1024
# What the size line and the line end of a chunk may take without being counted (RFC 9112 section 7.1).
_CHUNK_LINES = 32


class Exchange(RequestResponseCycle):
    """One request and its response; ``awaited_since``: the application waits for more of its body."""

    failure: MisusedSandbox | None = None
    awaited_since: float | None = None

    def fail(self, failure: MisusedSandbox) -> None:
        """Tell the application, once, that the rest of the body is not read, and why."""
        self.failure = failure
        self.keep_alive = False
        self.message_event.set()

    async def receive(self) -> Any:
        """Return the next ASGI message; after a failure, that is the disconnection of the client."""
        self.awaited_since = monotonic()
        try:
            message = await super().receive()
        finally:
            self.awaited_since = None
        failure, self.failure = self.failure, None
        if failure is not None and not self.disconnected:
            return {"type": "http.disconnect", FAILURE: failure}
        return message

    async def send_whole(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Send a whole response with one write, in a third of the time that the two messages of ASGI take.

        *headers* have names in lower case and the length of *body*, and nothing to say of the connection.

        Raises `RuntimeError` if one of them has a line end in it.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        parts = [STATUS_LINE[status]]
        for name, value in self.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        lines = len(self.default_headers) + len(headers) + 2
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
            lines += 1
        parts.append(b"\r\n")
        head = b"".join(parts)
        if head.count(b"\n") != lines or head.count(b"\r") != lines:
            message = "Invalid HTTP header value."
            raise RuntimeError(message)
        self.response_started = True
        self.waiting_for_100_continue = False
        is_shown = self.scope["method"] != "HEAD"
        if is_shown and len(body) <= _WRITTEN_WITH_ITS_HEAD:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            if is_shown:
                self.transport.write(body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class Flow(FlowControl):
    """Flow control that does not read on while requests wait for their turn."""

    def __init__(self, protocol: Protocol, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        """Read on, unless what has been read is not dealt with."""
        if not self._protocol.has_queue:
            super().resume_reading()


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol; what is not HTTP, too large or too slow is refused in our shape.

    Responses go out in order, the refusal of a connection last. An offer to upgrade is ignored
    (RFC 9110 section 7.8). Every request carries its ``Connection`` as an extension of its scope.
    """

    config: Any
    cycle: Exchange

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False  # the application writes its own
        self._timeouts: Timeouts = self.config.timeouts
        self._connection: Connection
        self._extensions: Any = None
        self._running: Exchange | None = None
        self._unparsed = memoryview(b"")
        self._offered: list[tuple[bytes, bytes]] | None = None
        self._head_open = self._in_message = False
        self._framing = self._fields = 0
        self._refusal: MisusedSandbox | None = None
        self._hung_up = self._half_closed = False
        self._heard = self._head_began = monotonic()
        self._unsent = (0, self._heard)

    @property
    def has_queue(self) -> bool:
        """Whether requests, or bytes of them, wait for the response that is under way."""
        return bool(self.pipeline or self._unparsed)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(self, transport)
        self._connection = Connection(transport)
        self._extensions = {CONNECTION: self._connection}

    def connection_lost(self, exc: Exception | None) -> None:
        for exchange in self._open_exchanges():
            exchange.disconnected = True
            exchange.message_event.set()
        self.pipeline.clear()
        self._unparsed = memoryview(b"")
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._connection.on_shutdown is not None:
            self._connection.on_shutdown()
        super().shutdown()

    def abandon(self) -> None:
        """Cut the connection because the server stops; errors that its requests raise then are not logged."""
        for exchange in self._open_exchanges():
            exchange.logger = _SILENT
        self.transport.abort()

    # What arrives

    def data_received(self, data: bytes) -> None:
        self._heard = monotonic()
        if self._hung_up:
            return
        if self._unparsed:  # TLS hands over what it has, though reading is paused
            self._unparsed = memoryview(bytes(self._unparsed) + data)
        else:
            self._parse_all(memoryview(data))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the responses that are due; the client sends no more.

        A stream of events ends: it has no end of its own, and a client that is gone looks the same.
        """
        self._half_closed = True
        self._heard = monotonic()
        is_plain = self.transport.get_extra_info("sslcontext") is None  # TLS knows no half of it
        return is_plain and self._connection.on_shutdown is None and self._is_owed_a_response()

    def _is_owed_a_response(self) -> bool:
        """Return whether a client that sends no more has sent a request that is not responded to.

        One that has broken off in the middle gets no response, and is not carried out.
        """
        if self._unparsed or self._hung_up:
            return True
        running, last = self._running, self.cycle
        if self._in_message and not self._head_open:
            if last is running:
                return False
            self.pipeline = deque(each for each in self.pipeline if each[0] is not last)
        return bool(self.pipeline or self._refusal or not self._is_idle())

    def _parse_all(self, data: memoryview) -> None:
        """Parse *data* until it ends, a request has to wait, or the connection is refused."""
        while data and not self._hung_up:
            if self.pipeline:
                self._unparsed = data
                self.flow.pause_reading()
                return
            piece = data[:_PIECE]
            self._framing += len(piece)
            try:
                data = data[self._parse(piece) :]
            except httptools.HttpParserError as error:
                self._refuse(_refusal(error))
                return
            if self._framing > FRAMING_BYTES:
                self._refuse(HeadTooLarge("request", "Expected at most 64 KB of headers."))
            self._framing = max(self._framing, 0)

    def _parse(self, piece: memoryview) -> int:
        """Parse *piece*, and return how many of its bytes that has taken."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as offer:
            # The parser stops for an offer and would take no body, and with "close" nothing at all. A new
            # one gets the same head without the offer.
            taken: int = offer.args[0]
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            return taken
        return len(piece)

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        lines = [b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        return b"".join([*lines, b"\r\n"])

    def on_message_begin(self) -> None:
        self._head_open = self._in_message = True
        self._head_began = self._heard
        self._framing = self._fields = 0
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise HeadTooLarge("request", f"Expected at most {MAX_FIELDS} header fields.")
        if self._head_open:
            super().on_header(name, value)
        # Trailer fields are dropped (RFC 9112 section 7.1.2): no operation has a use for any.

    def on_headers_complete(self) -> None:
        version, method = self.parser.get_http_version(), self.parser.get_method()
        if self.parser.should_upgrade():
            if method == b"CONNECT":
                raise MalformedRequest("Expected a request to this server; CONNECT is for proxies.")
            self._offered = self.headers
            return  # the head comes again, without the offer
        scope = cast("dict[str, Any]", self.scope)
        if self._offered is not None:
            scope["headers"], self._offered = self._offered, None
        scope["method"] = method.decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        self._locate(scope)
        self._begin(
            Exchange(
                scope=self.scope,
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=False,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                # RFC 9110 10.1.1: a server must not send it to HTTP/1.0.
                expect_100_continue=self.expect_100_continue and version != "1.0",
                keep_alive=version != "1.0" and self.parser.should_keep_alive(),
                on_response=self.on_response_complete,
            )
        )
        self._head_open = False

    def _locate(self, scope: dict[str, Any]) -> None:
        if len(self.url) > MAX_HEAD_BYTES:  # which the parser of URLs would not take
            raise HeadTooLarge("path", "Expected at most 64 KB of path, query and headers.")
        url = httptools.parse_url(self.url)
        raw_path = url.path or b"/"  # http://host alone, RFC 9112 section 3.2.2
        path = raw_path.decode("ascii")
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + raw_path
        scope["query_string"] = url.query or b""

    def _begin(self, exchange: Exchange) -> None:
        self.cycle = exchange
        if self._running is None or self._running.response_complete:
            self._start(exchange)
        else:
            self.pipeline.appendleft((exchange, self.app))
            self.flow.pause_reading()

    def _start(self, exchange: Exchange) -> None:
        self._running = exchange
        self._start_asgi_task(exchange, self.app)

    def on_chunk_header(self) -> None:
        self._framing -= _CHUNK_LINES

    def on_body(self, body: bytes) -> None:
        self._framing -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._in_message = False
            super().on_message_complete()

    # What goes out

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._heard = monotonic()
        if self.pipeline:
            exchange, _ = self.pipeline.pop()
            self._start(cast("Exchange", exchange))
        elif self._refusal is not None:
            self._hang_up(self._refusal)
        if self._unparsed and not self.pipeline:
            data, self._unparsed = self._unparsed, memoryview(b"")
            self._parse_all(data)
        if self._half_closed and not self._is_owed_a_response():
            self.transport.close()
        else:
            self.flow.resume_reading()

    def _refuse(self, refusal: MisusedSandbox) -> None:
        """Stop reading from this client, and send *refusal* after the responses that are still due.

        Where the body of a request was under way, the refusal is the response to that request.
        """
        self._hung_up = True
        if self._in_message and not self._head_open:
            if self.cycle.response_complete:
                self.transport.close()
            else:
                self.cycle.fail(refusal)
        elif self._is_idle():
            self._hang_up(refusal)
        else:
            self._refusal = refusal

    def _hang_up(self, refusal: MisusedSandbox) -> None:
        """Send *refusal*, and close the connection.

        A client that is still sending would lose the response if the connection were cut at once:
        what it sends is dropped for a moment.
        """
        if self.transport.is_closing():
            return
        log.info("a connection was refused: %s", refusal.message)
        self._hung_up = True
        response = error_responses.refusal(refusal)
        body = response.body()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", response.media_type.encode("ascii")),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [STATUS_LINE[response.status], *(b"%b: %b\r\n" % header for header in headers)]
        self.transport.write(b"".join([*lines, b"\r\n", body]))
        if self.config.on_cut_head is not None:
            self.config.on_cut_head(self._cut_head(response.status, headers, body))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _cut_head(self, status: int, response_headers: RawHeaders, response: bytes) -> CutHead:
        is_open = self._head_open
        target = self.url if is_open else b""
        return CutHead(
            # Before there is a target, the parser knows no method.
            method=self.parser.get_method().decode("ascii") if target else "",
            target=target,
            headers=self.headers if is_open else [],
            seconds=monotonic() - self._head_began if is_open else 0.0,
            status=status,
            response_headers=response_headers,
            response=response,
        )

    # Time

    def check_time(self, now: float) -> None:
        """Enforce the time limits; called about once a second."""
        if self._is_unread(now) or (
            self._half_closed and now - self._heard > self._timeouts.idle
        ):  # a client that is gone altogether looks the same as one that still waits
            self.transport.abort()
        elif self.transport.is_closing() or self._hung_up:
            return
        elif self.flow.read_paused:
            self._heard = self._head_began = now  # it is not the client that we wait for
        elif self._head_open:
            if now - self._head_began > self._timeouts.head:
                self._refuse(HeadStalled(self._timeouts.head))
        elif self._in_message:
            self._check_body(now)
        elif self._is_idle() and now - self._heard > self._timeouts.idle:
            self.transport.close()

    def _check_body(self, now: float) -> None:
        exchange = self.cycle
        since = self._heard
        if not exchange.response_complete:
            if exchange.awaited_since is None:
                return  # the application is busy
            since = max(since, exchange.awaited_since)
        if now - since > self._timeouts.stall:
            self._refuse(BodyStalled(self._timeouts.stall))

    def _is_idle(self) -> bool:
        return self._running is None or self._running.response_complete

    def _is_unread(self, now: float) -> bool:
        """Return whether the client has read no byte of a waiting response for too long."""
        size, since = self._unsent
        waiting = self.transport.get_write_buffer_size()
        if waiting != size or not waiting or self._connection.on_shutdown is not None:
            self._unsent = (waiting, now)
            return False
        return now - since > self._timeouts.stall

    def _open_exchanges(self) -> Iterator[Exchange]:
        if self._running is not None and not self._running.response_complete:
            yield self._running
        for exchange, _ in self.pipeline:
            yield cast("Exchange", exchange)


def _refusal(error: httptools.HttpParserError) -> MisusedSandbox:
    """Return what a parser's error stands for: one of our callbacks may have raised it."""
    if isinstance(error.__context__, MisusedSandbox):
        return error.__context__
    return MalformedRequest("Invalid HTTP request received.")
