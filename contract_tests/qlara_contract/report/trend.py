"""What has changed since the last comparable run, from a folder that keeps the report of each run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SAME = ("baseUrl", "mode", "profile")


@dataclass(frozen=True)
class Trend:
    """The changes since the run that began at ``since``; empty if there is none to compare with.

    ``problems`` are sentences about files that could not be read.
    """

    since: str = ""
    newly_broken: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    newly_differs: tuple[str, ...] = ()
    no_longer_exercised: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The changes, a sentence each."""
        changes = [
            f"{name}: {', '.join(ids)}"
            for name, ids in (
                ("Newly broken", self.newly_broken),
                ("Mended", self.mended),
                ("Newly decided otherwise", self.newly_differs),
                ("Broken before, not exercised now", self.no_longer_exercised),
            )
            if ids
        ]
        if not self.since:
            changes = ["No earlier run with the same base URL, mode and profile to compare with."]
        elif not changes:
            changes = [f"Nothing has changed since the run of {self.since}."]
        else:
            changes = [f"Changed since the run of {self.since}:", *changes]
        return [*changes, *self.problems]

    @property
    def as_json(self) -> dict[str, Any]:
        """The changes as a JSON value."""
        return {
            "since": self.since or None,
            "newlyBroken": list(self.newly_broken),
            "mended": list(self.mended),
            "newlyDiffers": list(self.newly_differs),
            "noLongerExercised": list(self.no_longer_exercised),
            "problems": list(self.problems),
        }


def trend_of(folder: Path, report: Mapping[str, Any]) -> Trend:
    """Compare *report* with the last comparable one in *folder*, which may be missing.

    A run that stopped early or failed is not compared with: what it did not find is not mended.
    """
    kept, problems = _reports(folder)
    earlier = {name: each for name, each in kept.items() if each["started"] < report["started"]}
    problems += [
        f"{name} is from a later time than this run and is left out."
        for name in kept
        if name not in earlier
    ]
    comparable = [
        each
        for each in earlier.values()
        if all(each[name] == report[name] for name in _SAME) and each["exitCode"] in (0, 1)
    ]
    if not comparable:
        return Trend(problems=tuple(problems))
    last = max(comparable, key=lambda each: str(each["started"]))
    before, now = _states(last), _states(report)
    both = [each for each in now if each in before]

    def turned(to: str) -> tuple[str, ...]:
        return tuple(each for each in both if now[each] == to and before[each] != to)

    was_broken = [each for each in both if before[each] == "broken"]
    return Trend(
        str(last["started"]),
        turned("broken"),
        tuple(each for each in was_broken if now[each] == "kept"),
        turned("differs"),
        tuple(each for each in was_broken if now[each] == "not exercised"),
        tuple(problems),
    )


def keep_report(folder: Path, report: Mapping[str, Any], text: str) -> Path:
    """Write *text* to *folder*, named by time and host of the run; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    host = re.sub(r"[^\w.-]", "-", urlsplit(str(report["baseUrl"])).netloc) or "host"
    started = re.sub(r"[^0-9T]", "", str(report["started"])[:19])
    names = (f"{started}-{host}{f'-{at}' if at > 1 else ''}.json" for at in count(1))
    path = next(folder / each for each in names if not (folder / each).exists())
    path.write_text(text, encoding="utf-8")
    return path


def _states(report: Mapping[str, Any]) -> dict[str, str]:
    return {str(each["id"]): str(each["state"]) for each in report["promises"]}


def _reports(folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the reports in *folder* by the names of their files, and a sentence about each that is none."""
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            problems.append(f"{path.name} cannot be read and is left out.")
            continue
        if _is_report(report):
            found[path.name] = report
        else:
            problems.append(f"{path.name} is not the report of a run and is left out.")
    return found, problems


def _is_report(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    texts = all(isinstance(value.get(name), str) for name in (*_SAME, "started"))
    promises = value.get("promises")
    return (
        texts
        and isinstance(value.get("exitCode"), int)
        and isinstance(promises, list)
        and all(isinstance(each, dict) and {"id", "state"} <= each.keys() for each in promises)
    )
