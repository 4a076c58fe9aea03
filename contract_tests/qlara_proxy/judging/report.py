"""The report on traffic: the same eight files as of a run of the suite, and the summary in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from qlara_contract.report import files
from qlara_contract.report.console import ReportConsole
from qlara_contract.report.terminal import print_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_proxy.judging.outcome import TrafficOutcome


def write_report(outcome: TrafficOutcome, folder: Path) -> list[Path]:
    """Write the eight files to *folder*, created if missing; return their paths."""
    return files.write_report(outcome, folder)


def as_json(outcome: TrafficOutcome) -> dict[str, Any]:
    """Return the outcome as a JSON value, of the same schema as the report of a run."""
    return files.as_json(outcome)


def print_summary(outcome: TrafficOutcome, stream: TextIO) -> None:
    """Print what needs a person's attention, the worst first."""
    print_outcome(ReportConsole(file=stream), outcome)
