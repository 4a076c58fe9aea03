from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from qlara_sandbox.state.clock import LAST_MOMENT, Clock, timestamp

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

START = datetime.fromisoformat("2026-04-09T11:00:10+02:00")


def noon(zone: ZoneInfo) -> datetime:
    return datetime(2026, 7, 1, 10, 0, tzinfo=UTC).astimezone(zone)


def test_a_clock_with_a_start_stands_still_there() -> None:
    assert timestamp(Clock("Europe/Rome", START).now()) == "2026-04-09T11:00:10+02:00"


def test_a_clock_without_a_start_shows_the_real_time_in_its_zone() -> None:
    assert timestamp(Clock("Europe/Rome", real=noon).now()) == "2026-07-01T12:00:00+02:00"


def test_a_frozen_clock_moves_only_when_told_to() -> None:
    clock = Clock("Europe/Rome", START)
    clock.advance(timedelta(seconds=5))

    assert timestamp(clock.now()) == "2026-04-09T11:00:15+02:00"
    assert clock.is_frozen


def test_an_advance_over_the_change_of_summer_time_is_real_time() -> None:
    clock = Clock("Europe/Rome", datetime.fromisoformat("2026-10-25T02:30:00+02:00"))
    clock.advance(timedelta(hours=1))

    assert timestamp(clock.now()) == "2026-10-25T02:30:00+01:00"


def test_a_running_clock_that_is_advanced_runs_on_from_there() -> None:
    clock = Clock("Europe/Rome", real=noon)
    clock.advance(timedelta(days=1))

    assert timestamp(clock.now()) == "2026-07-02T12:00:00+02:00"
    assert not clock.is_frozen


def test_freezing_stops_the_clock_now_or_at_a_moment() -> None:
    clock = Clock("Europe/Rome", real=noon)
    clock.freeze()
    assert timestamp(clock.now()) == "2026-07-01T12:00:00+02:00"

    clock.freeze(START)
    assert timestamp(clock.now()) == "2026-04-09T11:00:10+02:00"


def test_a_reset_returns_to_how_the_clock_began() -> None:
    clock = Clock("Europe/Rome", START)
    clock.advance(timedelta(hours=3))
    clock.reset()
    assert clock.now() == START

    running = Clock("Europe/Rome", real=noon)
    running.freeze(START)
    running.reset()
    assert not running.is_frozen


def test_work_does_not_take_a_frozen_clock_past_the_last_moment() -> None:
    clock = Clock("Europe/Rome", datetime.fromisoformat("2999-12-31T23:00:00+01:00"))
    century = timedelta(days=36_525)

    assert clock.after(century) == LAST_MOMENT
    clock.advance(century)
    clock.advance(century)
    assert timestamp(clock.now()) == "3000-01-02T00:59:59+01:00"


def test_an_offset_with_seconds_is_rounded_as_rfc_3339_has_none() -> None:
    clock = Clock("Africa/Monrovia", datetime.fromisoformat("1971-01-01T00:00:00+00:00"))

    assert timestamp(clock.now()) == "1970-12-31T23:16:00-00:44"
