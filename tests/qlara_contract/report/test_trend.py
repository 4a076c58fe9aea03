"""The trend: what has changed since the last comparable run, whatever else lies in the folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qlara_contract.report.trend import Trend, keep_report, trend_of

if TYPE_CHECKING:
    from pathlib import Path


def _report(day: int, states: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "baseUrl": "https://api.example.com",
        "mode": "full",
        "profile": "quick",
        "started": f"2026-11-{day:02d}T12:00:00+00:00",
        "exitCode": 1,
        "promises": [{"id": name, "state": state} for name, state in states.items()],
    } | changes


def _keep(folder: Path, report: dict[str, Any]) -> Path:
    return keep_report(folder, report, json.dumps(report))


def test_changes_are_those_since_the_last_run_of_the_same_kind(tmp_path: Path) -> None:
    before = {"a": "kept", "b": "broken", "c": "kept", "d": "broken", "e": "broken"}
    now = {"a": "broken", "b": "kept", "c": "differs", "d": "not exercised", "e": "broken"}
    _keep(tmp_path, _report(1, now))
    _keep(tmp_path, _report(2, before))
    _keep(tmp_path, _report(3, now, mode="read-only"))
    _keep(tmp_path, _report(4, now, exitCode=2))
    assert trend_of(tmp_path, _report(5, now)) == Trend(
        "2026-11-02T12:00:00+00:00", ("a",), ("b",), ("c",), ("d",)
    )


def test_files_that_are_no_reports_cost_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", "utf-8")
    (tmp_path / "b.json").write_text('{"promises": 1}', "utf-8")
    (tmp_path / "c.json").write_bytes(b"\xff")
    assert trend_of(tmp_path, _report(1, {})).lines == [
        "No earlier run with the same base URL, mode and profile to compare with.",
        "a.json cannot be read and is left out.",
        "b.json is not the report of a run and is left out.",
        "c.json cannot be read and is left out.",
    ]


def test_a_run_is_kept_by_time_and_host_and_replaces_no_other(tmp_path: Path) -> None:
    report = _report(1, {})
    assert [_keep(tmp_path / "new", report).name for _ in range(2)] == [
        "20261101T120000-api.example.com.json",
        "20261101T120000-api.example.com-2.json",
    ]


def test_a_report_of_a_later_time_or_version_is_told_or_read(tmp_path: Path) -> None:
    later = _keep(tmp_path, _report(9, {"a": "kept"}))
    _keep(tmp_path, _report(1, {"a": "kept", "new": "unheard of"}, unheardOf={"x": [1]}))
    trend = trend_of(tmp_path, _report(5, {"a": "broken"}))
    assert (trend.newly_broken, trend.problems) == (
        ("a",),
        (f"{later.name} is from a later time than this run and is left out.",),
    )
