"""The judge of a running proxy: what its reports say, which promises an exchange broke, and the exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from qlara_contract.results import PromiseState
from qlara_proxy.judging import report
from qlara_proxy.judging.judge import TrafficJudge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_proxy.judging.outcome import TrafficOutcome
    from qlara_proxy.traffic import PassedExchange

_FILES = {"html": "report.html", "junit": "junit.xml"}
_BROKEN, _UNKNOWN = 1, 2


class TrafficVerdicts:
    """Watches the traffic for the promises that it shows; used by the thread of the watchers, and after it.

    Raises:
        CannotRun: the overlay cannot be used.
    """

    def __init__(
        self, base_url: str, overlay: Path | None, *, is_sole_client: bool, keeps_data: bool
    ) -> None:
        self._judge = TrafficJudge(
            base_url, overlay, is_sole_client=is_sole_client, keeps_data=keeps_data
        )
        self._broken: dict[str, int] = {}
        self._last: tuple[int, Sequence[str]] = (0, ())

    def passed(self, exchange: PassedExchange) -> None:
        """Judge an exchange that is over."""
        self._judge.passed(exchange)
        broken = self._judge.broken()
        self._last = (
            exchange.number,
            [name for name, times in broken.items() if times > self._broken.get(name, 0)],
        )
        self._broken = broken

    def broken_by(self, exchange: PassedExchange) -> Sequence[str]:
        """Return the promises that were seen broken with the exchange that was judged last."""
        number, broken = self._last
        return broken if number == exchange.number else ()

    def report(self, form: str) -> bytes | dict[str, Any]:
        """Return the report of now as JSON, or as the text of one of its files (``html``, ``junit``)."""
        outcome = self._judge.outcome()
        if form == "json":
            return report.as_json(outcome)
        with TemporaryDirectory(prefix="qlara-proxy-") as folder:
            report.write_report(outcome, Path(folder))
            return (Path(folder) / _FILES[form]).read_bytes()

    def finish(self) -> TrafficOutcome:
        """Judge what still waits, since no more traffic comes; return what all of it has shown."""
        self._judge.finish()
        return self._judge.outcome()


def exit_code(outcome: TrafficOutcome, failures: int) -> int:
    """Return 1 if a promise was broken; 2 if none was shown, or *failures* kept some from being judged; else 0."""
    if outcome.in_state(PromiseState.BROKEN):
        return _BROKEN
    shown = outcome.in_state(PromiseState.KEPT) or outcome.in_state(PromiseState.DIFFERS)
    return 0 if shown and not failures else _UNKNOWN


def print_summary(outcome: TrafficOutcome) -> None:
    """Print what the traffic has shown."""
    report.print_summary(outcome, sys.stdout)
