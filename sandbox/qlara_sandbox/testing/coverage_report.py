"""Contract coverage in pytest: a section at the end, a JSON file, and a least percentage."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.testing.coverage_collecting import CoverageCollector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.web.observers.coverage import Coverage

_OUTPUT = "qlara_coverage"
_MOST_COLUMNS = 120


class CoverageReport:
    """Registered where coverage is asked for; in a worker of pytest-xdist, it only sends its part."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._collector = CoverageCollector()
        self._collector.start()
        self._lost = 0
        self._complaints: list[str] = []

    def pytest_unconfigure(self) -> None:
        self._collector.stop()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take the part of a worker of pytest-xdist that is done."""
        from qlara_sandbox.web.observers.coverage import from_json

        output = getattr(node, "workeroutput", None)
        if output is None:
            self._lost += 1
        elif output.get(_OUTPUT):
            self._collector.add(from_json(json.loads(output[_OUTPUT])))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the part of a worker; else write the file and judge."""
        found = self._collector.collected()
        if hasattr(self._config, "workerinput"):
            output: dict[str, str] = self._config.workeroutput  # type: ignore[attr-defined]
            output[_OUTPUT] = _text(found) if found else ""
        elif not self._config.getoption("collectonly"):
            self._complaints = [*self._written(found), *self._judged(found)]
            if self._complaints and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the section."""
        if self._config.getoption("collectonly"):
            return
        terminalreporter.write_sep("=", "contract coverage")
        for line in self._section():
            terminalreporter.write_line(line)
        for line in self._complaints:
            terminalreporter.write_line(line, red=True, bold=True)

    def _section(self) -> Iterator[str]:
        from qlara_sandbox.testing.coverage_table import lines, summary

        found = self._collector.collected()
        if found is None:
            yield "No sandbox has run in these tests."
        elif self._config.getoption("qlara_coverage"):
            width = min(shutil.get_terminal_size().columns, _MOST_COLUMNS)
            yield from lines(found, width, verbose=self._config.getoption("verbose") > 0)
        else:
            yield summary(found)
        if self._lost:
            workers = "1 worker" if self._lost == 1 else f"{self._lost} workers"
            yield f"Without what {workers} met that ended early."

    def _written(self, found: Coverage | None) -> Iterator[str]:
        file = self._config.getoption("qlara_coverage_json")
        if not file or found is None:
            return
        path = self._config.invocation_params.dir / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_text(found, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            yield f"The contract coverage could not be written: {error}"

    def _judged(self, found: Coverage | None) -> Iterator[str]:
        least = self._config.getoption("qlara_coverage_fail_under")
        percent = found.percent if found else 0.0
        if least is not None and percent < least:
            yield f"Contract coverage of {percent:g} % is less than {least:g} %."


def _text(found: Coverage, indent: int | None = None) -> str:
    from qlara_sandbox.web.observers.coverage import as_json

    return json.dumps(as_json(found), indent=indent, ensure_ascii=False)
