"""What the sandbox and ``verify`` write, read by the stock readers of each format."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml

from qlara_contract.targets import TABLE, apply_file, overlay_for
from qlara_sandbox import resources
from qlara_sandbox.http import fuzzing
from qlara_sandbox.scenario import load
from tests.clients.tools.installed import HERE, need, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.tools.conftest import Reports
    from tests.clients.tools.installed import Tools
    from tests.server import Running

pytestmark = pytest.mark.clients

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
READ_JUNIT = """
import sys, junitparser
read = junitparser.JUnitXml.fromfile(sys.argv[1])
cases = [case for suite in read for case in suite]
print(read.tests, len(cases), read.failures, sum(case.is_failure for case in cases))
"""


def test_archives_are_valid(tools: Tools, sandbox: Running, reports: Reports) -> None:
    for key in ("sandbox_archives", "nobody"):
        httpx.get(sandbox.url + QUOTA, headers={"X-Api-Key": key})
    journal = httpx.get(f"{sandbox.url}/__admin/requests", params={"format": "har"})
    assert journal.json()["log"]["entries"] != []
    workshop = tools.workshop(reports.right.parent / "archives")
    shutil.copy(HERE / "validate_har.mjs", workshop)
    (workshop / "journal.har").write_bytes(journal.content)

    found = sorted(reports.wrong.glob("*.har"))
    assert found != []
    run("node", "validate_har.mjs", "journal.har", *found, cwd=workshop)


def test_promtool_finds_nothing_in_the_metrics(sandbox: Running) -> None:
    need("promtool")  # of Debian's package prometheus
    metrics = httpx.get(f"{sandbox.url}/__admin/metrics").content
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("which", ["right", "wrong"])
def test_junit_files_are_read(which: str, tools: Tools, reports: Reports, tmp_path: Path) -> None:
    folder: Path = getattr(reports, which)
    tests, cases, failures, failed = map(
        int, run(tools.python, "-c", READ_JUNIT, folder / "junit.xml", cwd=tmp_path).split()
    )

    assert (tests, failures) == (cases, failed)
    assert (failures > 0) is (which == "wrong")


def test_a_stock_event_source_gets_each_event_once_over_a_lost_connection(
    tools: Tools, sandbox: Running, tmp_path: Path
) -> None:
    workshop = tools.workshop(tmp_path / "events")
    shutil.copy(HERE / "follow_events.mjs", workshop)
    key = "sandbox_events"
    events, quota = f"{sandbox.url}/__admin/events", f"{sandbox.url}{QUOTA}"
    told = run("node", "follow_events.mjs", events, quota, key, cwd=workshop).split()

    entries = httpx.get(f"{sandbox.url}/__admin/requests", params={"apiKey": key}).json()
    assert sorted(told) == sorted(entry["id"] for entry in entries["requests"])


def test_scenario_files_meet_their_schema(tools: Tools, tmp_path: Path) -> None:
    files = sorted(resources.SCENARIOS.glob("*.yaml"))
    assert files != []
    check = tools.python.with_name("check-jsonschema")
    run(check, "--schemafile", load.SCHEMA, *files, cwd=tmp_path)


def _written(folder: Path) -> Iterator[Path]:
    """Yield overlays as ``verify --write-overlay`` writes them: every value of every convention."""
    others = {
        one.name: [value for value in one.kind.samples() if value != one.default] for one in TABLE
    }
    for number in range(max(map(len, others.values()))):
        chosen = {name: values[number] for name, values in others.items() if number < len(values)}
        path = folder / f"written-{number}.yaml"
        path.write_text(yaml.safe_dump(overlay_for(chosen)), encoding="utf-8")
        yield path


def test_a_stock_tool_applies_overlays_as_the_sandbox_does(tools: Tools, tmp_path: Path) -> None:
    shipped = [*sorted(resources.OVERLAYS.glob("*.yaml")), fuzzing.OVERLAY]
    for overlay in [*shipped, *_written(tmp_path)]:
        command = (tools.npm("overlayjs"), "--openapi", resources.SPEC, "--overlay", overlay)
        applied = yaml.safe_load(run(*command, cwd=tmp_path))

        document = yaml.safe_load(resources.SPEC.read_text("utf-8"))
        assert applied == apply_file(document, overlay), overlay
        assert json.dumps(applied, sort_keys=True) != json.dumps(document, sort_keys=True)
