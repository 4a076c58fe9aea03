"""One request and its response while they pass: where both end, and what is kept of them for the watchers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qlara_proxy.forwarding.bodies import (
    EndlessBody,
    MalformedBody,
    body_of_request,
    body_of_response,
)
from qlara_proxy.forwarding.heads import (
    MOST_HEAD_BYTES,
    end_of_response_head,
    parse_response,
)
from qlara_proxy.forwarding.keeping import PassingBody
from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse

if TYPE_CHECKING:
    from qlara_proxy.forwarding.bodies import BodyReader
    from qlara_proxy.forwarding.heads import RequestHead, ResponseHead
    from qlara_proxy.forwarding.keeping import Room

_SWITCHING = 101
_FIRST_FINAL = 200


class OpenExchange:
    """A request under way. ``failure`` says why there is no response, or not all of it.

    ``switches``: the connection is no longer HTTP after it.
    """

    def __init__(
        self, connection: int, head: RequestHead, target: str, room: Room, *, is_own: bool
    ) -> None:
        """Begin with its head; *target* is its path and query, *is_own*: it is to the proxy itself.

        Raises:
            UnclearRequest: it is not clear where its body ends.
        """
        self.number = 0
        self.head = head
        self._target = target
        self.is_own = is_own
        self._connection = connection
        self._began, self._clock = time.time(), time.perf_counter()
        self._seconds = 0.0
        self._sent, self._received = PassingBody(room), PassingBody(room)
        self._request_body = body_of_request(head, self._sent.write)
        self._response: ResponseHead | None = None
        self._response_body: BodyReader | None = None
        self._response_head = b""
        self.switches = False
        self.failure = ""

    @property
    def request_is_whole(self) -> bool:
        """Whether the end of the request has arrived."""
        return self._request_body.is_over

    @property
    def response_is_whole(self) -> bool:
        """Whether the end of the response has arrived."""
        return self._response_body is not None and self._response_body.is_over

    @property
    def has_begun(self) -> bool:
        """Whether a response has come, or the beginning of one; interim ones do not count."""
        return self._response_body is not None or bool(self._response_head)

    @property
    def is_over(self) -> bool:
        """Whether both have ended."""
        return self._request_body.is_over and self.response_is_whole

    def feed_request(self, data: bytes) -> int:
        """Take the part of *data* that belongs to the request's body; return how many bytes that are.

        Raises:
            MalformedBody: it is not framed as it says.
        """
        return self._request_body.feed(data, 0)

    def feed_response(self, data: bytes) -> None:
        """Take what the deployment sends. What cannot be understood lasts until the connection ends."""
        at = 0
        while self._response_body is None and at < len(data):
            at = self._feed_head(data, at)
        body = self._response_body
        if body is None or body.is_over or at >= len(data):
            return
        try:
            body.feed(data, at)
        except MalformedBody as error:
            self.failure = f"The body of the response is malformed: {error}."
            self._response_body = EndlessBody(_nowhere)

    def end_of_connection(self, *, in_order: bool) -> None:
        """Take note that the deployment's connection has ended, *in_order* or broken off."""
        body = self._response_body
        if body is not None and body.ends_with_connection and in_order:
            body.is_over = True
        elif not self.failure and not self.response_is_whole:
            how = "closed" if in_order else "broke off"
            what = "in the middle of the response" if self.has_begun else "without a response"
            self.failure = f"The deployment {how} the connection {what}."

    def end(self) -> None:
        """Take the time that it took."""
        self._seconds = time.perf_counter() - self._clock

    def passed(self) -> PassedExchange:
        """Return it as those who watch get it; its bodies are to be released when they have seen it."""
        head, response = self.head, self._response
        request = PassedRequest(
            head.method, self._target, head.fields.headers, self._sent, self.request_is_whole
        )
        seen = None
        if response is not None:
            seen = PassedResponse(
                response.status,
                response.reason,
                response.headers,
                self._received,
                self.response_is_whole and not self.failure,
            )
        return PassedExchange(
            self.number, self._connection, self._began, self._seconds, request, seen, self.failure
        )

    def release(self) -> None:
        """Keep nothing of the bodies any more."""
        self._sent.release()
        self._received.release()

    def _feed_head(self, data: bytes, at: int) -> int:
        known = len(self._response_head)
        self._response_head += data[at:] if at else data
        end = end_of_response_head(self._response_head)
        if end < 0:
            if len(self._response_head) > MOST_HEAD_BYTES:
                self._cannot_read("its head has no end")
            return len(data)
        raw, self._response_head = self._response_head[:end], b""
        self._read_head(raw)
        return at + end - known

    def _read_head(self, raw: bytes) -> None:
        head = parse_response(raw)
        if head is None:
            self._cannot_read("it has no status line")
        elif head.status >= _FIRST_FINAL or head.status == _SWITCHING:
            self._response = head
            self.switches = head.status == _SWITCHING
            self._response_body = body_of_response(head, self.head.method, self._received.write)
            if self._response_body is None:
                self.failure = "The response has several lengths, or one that is no number."
                self._response_body = EndlessBody(self._received.write)

    def _cannot_read(self, why: str) -> None:
        self.failure = f"The response is not HTTP/1.1: {why}."
        self._response_body = EndlessBody(_nowhere)


def _nowhere(_: bytes) -> None:
    """Keep nothing of what nobody can read."""
