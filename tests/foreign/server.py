"""Serves a deployment over HTTP/1.1 with the standard library."""

from __future__ import annotations

import gzip
import sys
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING

from tests.foreign.messages import Request, Response
from tests.foreign.uploads import too_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.deployment import Deployment
    from tests.foreign.policy import Network

_LARGEST_BODY = 64 * 1024 * 1024
_DRAINED = 32 * 1024 * 1024


class BodyTooLarge(Exception):
    """The body is larger than any that is read."""


class Bucket:
    """A token bucket: *rate* requests per second, *burst* at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = float(burst), monotonic()
        self._lock = Lock()

    def take(self) -> tuple[float, int]:
        """Take a token; return the seconds until there is one (0: taken), and how many are left."""
        with self._lock:
            now = monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0, int(self._tokens)
            return (1 - self._tokens) / self._rate, 0


class Server(ThreadingHTTPServer):
    """The server of one deployment."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], deployment: Deployment) -> None:
        super().__init__(address, Handler)
        self.deployment = deployment
        network = deployment.policy.network
        self.bucket = Bucket(network.rate, network.burst) if network.rate else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that close their connection; show anything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as it was given


class Handler(BaseHTTPRequestHandler):
    """Turns bytes into a ``Request`` and a ``Response`` into bytes."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        """Wait for requests as long as the policy says."""
        super().setup()
        self.connection.settimeout(self.server.deployment.policy.network.idle)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Serve every method by the same function."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    @property
    def _network(self) -> Network:
        return self.server.deployment.policy.network

    def _serve(self) -> None:
        self._served = getattr(self, "_served", 0) + 1
        if self._network.old_protocol or self._network.close_always:
            self.close_connection = True
        if self._network.drop_idle_after and self._served > self._network.drop_idle_after:
            self.close_connection = True
            return
        size = self.server.deployment.policy.size
        if size.early and int(self.headers.get("Content-Length") or 0) > size.limit + 4096:
            self.close_connection = True
            self._send(too_large())
            return
        try:
            body = self._body()
        except (BodyTooLarge, ValueError):
            self.close_connection = True
            self._send(too_large())
            return
        self._send(self._limited() or self._response(body))

    def _response(self, body: bytes) -> Response:
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        request = Request(self.command, self.path, headers, body, tuple(self.headers.keys()))
        network, number = self._network, next(self.server.deployment.requests)
        due = network.bad_gateway_every and number % network.bad_gateway_every == 0
        if due and not network.bad_gateway_after_import:
            return self._bad_gateway()
        response = self.server.deployment.respond(request)
        return self._bad_gateway() if due else response

    def _bad_gateway(self) -> Response:
        status = self._network.bad_gateway_status
        page = f"<html><head><title>{status} Bad Gateway</title></head><body><center><h1>{status} Bad Gateway</h1></center><hr><center>nginx</center></body></html>"
        headers = {"Content-Type": "text/html", "Server": "nginx"}
        if self._network.bad_gateway_waits:
            headers["Retry-After"] = "1"
        return Response(status, page, headers)

    def _limited(self) -> Response | None:
        bucket = self.server.bucket
        if not bucket:
            return None
        wait, self._left = bucket.take()
        if not wait:
            return None
        seconds = max(1, round(wait + 0.5))
        headers = {}
        if self._network.wait_says == "number":
            headers["Retry-After"] = str(seconds)
        elif self._network.wait_says == "date":
            headers["Retry-After"] = formatdate(time() + seconds, usegmt=True)
        body = {
            "status": 429,
            "error": "Too Many Requests",
            "message": f"Rate limit exceeded. Please retry after {seconds} seconds.",
        }
        if self._network.wait_says != "nothing":
            body["retryAfter"] = seconds
        return Response(429, body, headers)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked_body()
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            raise BodyTooLarge
        return self.rfile.read(length)

    def _chunked_body(self) -> bytes:
        pieces, total = [], 0
        while True:
            size = int(self.rfile.readline(1000).split(b";")[0], 16)
            if not size:
                break
            total += size
            if total > _LARGEST_BODY:
                raise BodyTooLarge
            pieces.append(self.rfile.read(size))
            self.rfile.readline(10)
        while self.rfile.readline(10_000).strip():
            pass
        return b"".join(pieces)

    def _send(self, response: Response) -> None:
        if response.drop:
            self.close_connection = True
            return
        if response.close:
            self.close_connection = True
        content = response.content()
        headers = {"Content-Type": self._network.content_type, **response.headers}
        if self._network.rate_headers:
            headers["X-RateLimit-Limit"] = str(self._network.burst)
            headers["X-RateLimit-Remaining"] = str(getattr(self, "_left", self._network.burst))
        if self._network.gzip and "gzip" in self.headers.get("Accept-Encoding", "") and content:
            content = gzip.compress(content)
            headers["Content-Encoding"] = "gzip"
        self._write(response, headers, content)

    def _write(self, response: Response, headers: dict[str, str], content: bytes) -> None:
        bodiless = response.status in (204, 304) or response.status < 200
        chunked = self._network.chunked and not bodiless and self.command != "HEAD"
        if chunked and not self._network.old_protocol:
            headers["Transfer-Encoding"] = "chunked"
            content = b"".join(_chunks(content))
        elif not bodiless:
            headers["Content-Length"] = str(len(content))
        if self.close_connection:
            headers["Connection"] = "close"
        version = "HTTP/1.0" if self._network.old_protocol else "HTTP/1.1"
        reason = self.responses.get(response.status, ("Unknown", ""))[0]
        head = [f"{version} {response.status} {reason}"]
        head += [f"{self._cased(name)}: {value}" for name, value in headers.items() if value]
        self.wfile.write(
            "\r\n".join(
                [*head, f"{self._cased('Date')}: {formatdate(usegmt=True)}", "", ""]
            ).encode("latin-1", "replace")
        )
        if self.command != "HEAD" and not bodiless:
            self.wfile.write(content[: len(content) - response.cut])
        if response.cut:
            self.close_connection = True
        self.wfile.flush()

    def _cased(self, name: str) -> str:
        style = self._network.header_case
        return name.lower() if style == "lower" else name.upper() if style == "upper" else name


def _chunks(content: bytes) -> list[bytes]:
    size = 512
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return [*(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces), b"0\r\n\r\n"]
