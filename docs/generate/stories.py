"""Run the ``try`` lines of scenarios, and see what each of their steps shows.

A step begins with a comment that announces the outcome of every request in it, in order: a status, for
several requests ``# 200, 502, 200`` or ``# 200 nine times, then 429``; ``# 200, cut off`` where the body
breaks off; ``# no response`` where none arrives. The lines are run by bash as they stand in the file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMES = {
    name: number
    for number, name in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=2
    )
}
_OUTCOME = re.compile(
    rf"(?:(?P<status>\d{{3}})(?: (?P<times>{'|'.join(_TIMES)}) times(?: more)?)?(?P<cut>, cut off)?"
    r"|no (?:response|answer)|nothing)"
)
_ONE = re.sub(r"\?P<\w+>", "?:", _OUTCOME.pattern)
_ANNOUNCED = re.compile(rf"# (?P<outcomes>{_ONE}(?:, (?:then )?{_ONE})*)(?:: (?P<says>.+))?")
_MARK = "\0"
# curl tells the error channel what it does, so that the output is what a reader of the page sees.
_CURLRC = "verbose\n"
_SECONDS = 120


class Outcome(NamedTuple):
    """What becomes of a request: the status (0: no response), and whether the body breaks off."""

    status: int
    cut_off: bool = False


class Step(NamedTuple):
    """Commands of a story, and the outcomes that are announced for their requests."""

    expected: list[Outcome]
    says: str
    commands: str


class Shown(NamedTuple):
    """A step, the outcomes of its requests, what it printed, and the exit codes of a failing curl."""

    step: Step
    outcomes: list[Outcome]
    output: str
    exit_codes: list[int]


def steps(lines: str) -> list[Step]:
    """Return the steps of *lines*.

    Raises:
        ValueError: nothing is announced, or commands at the end belong to no step.
    """
    found: list[Step] = []
    heading: re.Match[str] | None = None
    commands: list[str] = []

    def finish() -> None:
        nonlocal commands
        if heading is not None:
            own, commands = _split_preparation(commands)
            found.append(Step(_outcomes(heading), _says(heading), "\n".join(own)))

    for line in lines.splitlines():
        announced = _ANNOUNCED.fullmatch(line)
        if announced is None:
            commands.append(line)
            continue
        finish()
        heading = announced
    finish()
    if not found or commands:
        message = f"expected a comment like '# 200: what happens' above each step; found {commands}"
        raise ValueError(message)
    return found


def play(
    lines: str, *, base: str, key: str, scratch: Path, files: Path = resources.SCENARIOS / "files"
) -> list[Shown]:
    """Run *lines* against the sandbox at *base* and return what each step showed; *files* is $FILES.

    Raises:
        ValueError: see ``steps``.
        RuntimeError: bash did not come to the end.
    """
    parts = steps(lines)
    marks = r"printf '\0'; printf '\0' >&2"
    script = "".join(f"{marks}\n{step.commands}\n" for step in parts)
    done = subprocess.run(
        ["bash", "-u", "-c", script],
        env={**_environment(base, key, scratch), "FILES": str(files)},
        cwd=scratch,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    outputs, asides = done.stdout.split(_MARK)[1:], done.stderr.split(_MARK)[1:]
    if len(outputs) != len(parts) or len(asides) != len(parts):
        message = f"bash did not come to the end: {done.stderr}"
        raise RuntimeError(message)
    return [
        Shown(step, list(_observed(aside)), output, _exit_codes(aside))
        for step, output, aside in zip(parts, outputs, asides, strict=True)
    ]


def _outcomes(heading: re.Match[str]) -> list[Outcome]:
    return [
        Outcome(int(one["status"] or 0), bool(one["cut"]))
        for one in _OUTCOME.finditer(heading["outcomes"])
        for _ in range(_TIMES.get(one["times"], 1))
    ]


def _says(heading: re.Match[str]) -> str:
    return heading["outcomes"] + (f": {heading['says']}" if heading["says"] else "")


def _split_preparation(lines: list[str]) -> tuple[list[str], list[str]]:
    """Split off the commands at the end that make files: they prepare the next step."""
    last = len(lines)
    while last and lines[last - 1].startswith("qlara-sandbox "):
        last -= 1
    return lines[:last], lines[last:]


def _observed(aside: str) -> Iterator[Outcome]:
    """Read in what curl says as it goes: requests ``>``, responses ``<``, failures ``curl: (18) …``."""
    status: int | None = None
    cut_off = False
    for line in aside.splitlines():
        if re.match(r"> [A-Z]+ \S+ HTTP/", line):
            if status is not None:
                yield Outcome(status, cut_off)
            status, cut_off = 0, False
        elif answered := re.match(r"< HTTP/\S+ ([2-9]\d\d)", line):
            status = int(answered[1])
        elif line.startswith("curl: ("):
            cut_off = bool(status)
    if status is not None:
        yield Outcome(status, cut_off)


def _exit_codes(aside: str) -> list[int]:
    return [int(code) for code in re.findall(r"^curl: \((\d+)\)", aside, re.MULTILINE)]


def _environment(base: str, key: str, scratch: Path) -> dict[str, str]:
    home = scratch / "curl-home"
    home.mkdir(exist_ok=True)
    (home / ".curlrc").write_text(_CURLRC, encoding="utf-8")
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CURL_HOME": str(home),
        "BASE": base,
        "KEY": key,
        "SCRATCH": str(scratch),
    }
