from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from qlara_sandbox.domain.errors import RateLimited
from qlara_sandbox.state.rate_limit import RateLimit, Standing

NOW = datetime(2026, 4, 9, 11, 0, 10, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def limit() -> RateLimit:
    return RateLimit(2, timedelta(seconds=60))


def test_an_unused_limit_is_whole(limit: RateLimit) -> None:
    assert limit.standing(NOW) == Standing(2, 2, at(60))


def test_every_request_is_counted_from_the_first_one_on(limit: RateLimit) -> None:
    limit.take(NOW)
    assert limit.standing(at(10)) == Standing(2, 1, at(60))

    limit.take(at(10))
    assert limit.standing(at(10)) == Standing(2, 0, at(60))


def test_one_request_too_many_is_told_how_long_to_wait(limit: RateLimit) -> None:
    limit.take(NOW)
    limit.take(NOW)

    with pytest.raises(RateLimited) as refused:
        limit.take(at(47.5))
    assert (refused.value.limit, refused.value.retry_after) == (2, 13)


def test_refused_requests_do_not_make_the_wait_longer(limit: RateLimit) -> None:
    limit.take(NOW)
    limit.take(NOW)
    for _ in range(5):
        with pytest.raises(RateLimited):
            limit.take(at(59.9))

    limit.take(at(60))
    assert limit.standing(at(60)) == Standing(2, 1, at(120))


def test_waiting_as_long_as_told_is_enough(limit: RateLimit) -> None:
    limit.take(NOW)
    limit.take(NOW)
    with pytest.raises(RateLimited) as refused:
        limit.take(at(0.001))

    limit.take(at(0.001 + refused.value.retry_after))


def test_a_clock_that_was_set_back_opens_a_new_window(limit: RateLimit) -> None:
    limit.take(NOW)
    limit.take(NOW)

    limit.take(at(-3600))
    assert limit.standing(at(-3600)).remaining == 1


def test_a_window_is_as_long_as_ever_when_the_clocks_change() -> None:
    rome = ZoneInfo("Europe/Rome")
    # At 01:00 UTC on that day, three o'clock in Rome becomes two o'clock again.
    began = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)
    limit = RateLimit(1, timedelta(seconds=60))
    limit.take(began.astimezone(rome))

    with pytest.raises(RateLimited) as refused:
        limit.take((began + timedelta(seconds=20)).astimezone(rome))
    assert refused.value.retry_after == 40
