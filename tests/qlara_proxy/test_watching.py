"""Those who watch see everything in order, slow nobody down, and a bug of theirs stops nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from qlara_proxy.forwarding.exchange import OpenExchange
from qlara_proxy.forwarding.heads import parse_request
from qlara_proxy.forwarding.keeping import IN_MEMORY, PassingBody, Room
from qlara_proxy.watching import Watching

if TYPE_CHECKING:
    from qlara_proxy.traffic import PassedExchange

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def over(number: int, room: Room) -> OpenExchange:
    """Return an exchange that is over."""
    head = parse_request(b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" % number)
    exchange = OpenExchange(1, head, head.target, room, is_own=False)
    exchange.number = number
    exchange.feed_request(b"body")
    exchange.feed_response(RESPONSE)
    return exchange


class Slow:
    """Waits in the first exchange until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.numbers: list[int] = []

    def passed(self, exchange: PassedExchange) -> None:
        self.may_go_on.wait(10)
        self.numbers.append(exchange.number)


class Broken:
    def passed(self, exchange: PassedExchange) -> None:
        raise ZeroDivisionError(exchange.number)


def test_what_passes_while_many_wait_is_left_out_and_counted() -> None:
    slow, room = Slow(), Room(1000)
    watching = Watching([slow], most=3)
    for number in range(1, 6):
        watching.put(over(number, room))
    watching.start()
    slow.may_go_on.set()

    assert watching.close(10)
    assert (slow.numbers, watching.left_out) == ([1, 2, 3], 2)
    assert room.take(1000) == 1000  # all of it was given back


@pytest.mark.filterwarnings("default")
def test_a_watcher_that_fails_is_counted_and_the_others_see_all_the_same() -> None:
    slow = Slow()
    slow.may_go_on.set()
    watching = Watching([Broken(), slow])
    watching.start()
    for number in (1, 2):
        watching.put(over(number, Room()))

    assert watching.ask(lambda: list(slow.numbers)) == [1, 2]
    assert watching.close(10)
    assert (slow.numbers, watching.failures) == ([1, 2], 2)


def test_what_is_asked_is_answered_in_the_thread_of_the_watchers_and_may_fail() -> None:
    watching = Watching([])
    watching.start()

    assert watching.ask(threading.current_thread) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        watching.ask(lambda: 1 // 0)
    assert watching.close(10)


@pytest.mark.parametrize("pieces", [1, 7, 300])
def test_a_large_body_is_read_as_it_came(pieces: int) -> None:
    data = bytes(range(256)) * (IN_MEMORY // 100)
    size = len(data) // pieces + 1
    room = Room()
    body = PassingBody(room)
    for at in range(0, len(data), size):
        body.write(data[at : at + size])

    assert (body.read(), body.read(), body.size, body.is_whole) == (data, data, len(data), True)
    body.release()
    assert body.read() == b""


def test_after_a_gap_nothing_more_of_a_body_is_kept() -> None:
    room = Room(6)
    first, second = PassingBody(room), PassingBody(room)
    first.write(b"abcd")
    second.write(b"efgh")
    first.release()
    second.write(b"ij")

    assert (second.read(), second.size, second.is_whole) == (b"ef", 6, False)
