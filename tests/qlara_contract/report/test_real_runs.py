"""The reports of real runs: each right, wrong, dead, interrupted or late deployment gives files that hold."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

import qlara_contract.report
from qlara_cli.interrupts import interruptible
from qlara_contract.engine import check_deployment
from qlara_contract.report.files import write_report
from qlara_contract.results import PromiseState
from qlara_contract.settings import RunSettings
from tests import junit_schema
from tests.foreign import serving
from tests.qlara_contract.report.ctrf_schema import CTRF
from tests.server import serving as sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.engine import Outcome, Progress

SCHEMA = Path(qlara_contract.report.__file__).with_name("report.schema.json")
_TAGS_SHOWN = (
    "html head meta title style body header main p h1 h2 h3 code div i ul li b article span dl dt dd pre "
    "details summary table thead tbody tr th td"
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag} {name}" for name, _ in attrs if name.startswith("on"))}


def _require_sound(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Check the files that the outcome of a run is written to; return its JSON."""
    html, markdown, junit, report, har, ctrf, endpoint, _ = (
        each.read_text("utf-8") for each in write_report(outcome, folder)
    )
    value: dict[str, Any] = json.loads(report)
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))
    assert [str(each) for each in validator.iter_errors(value)] == []
    root = ET.fromstring(junit)  # noqa: S314 - our own
    assert list(junit_schema.mistakes(root)) == []
    cases = list(root.iter("testcase"))
    counts = value["counts"]
    told = [each for each in cases if each.get("name") == "run"]
    tags = {
        tag: sum(each.find(tag) is not None for each in cases) for tag in ("failure", "skipped")
    }
    assert len(cases) - len(told) == sum(counts.values())
    assert tags == {
        "failure": counts["broken"],
        "skipped": counts["not exercised"] + counts["known deviation"],
    }
    assert len(told) == bool(outcome.stopped)
    parser = _Tags()
    parser.feed(html)
    assert parser.seen <= set(_TAGS_SHOWN.split())
    assert markdown.startswith("# ")
    assert json.loads(har)["log"]["version"] == "1.2"
    tests = json.loads(ctrf)
    assert [str(each) for each in CTRF.iter_errors(tests)] == []
    assert tests["results"]["summary"]["failed"] == counts["broken"] + len(told)
    assert tests["results"]["summary"]["tests"] == len(cases)
    assert json.loads(endpoint)["isError"] == (value["exitCode"] == 1)
    assert len(value["verdict"]) <= 200
    return value


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with sandbox() as running:
        yield running.url


def test_a_run_against_the_sandbox(sandbox_url: str, tmp_path: Path) -> None:
    outcome = check_deployment(RunSettings(sandbox_url, "YOUR_API_KEY"))
    value = _require_sound(outcome, tmp_path)
    assert (value["exitCode"], value["counts"]["not exercised"]) == (0, 0)
    assert "into worlds of this run alone" in value["leftBehindSummary"]


@pytest.mark.parametrize(
    "faults",
    [
        ("name-html-unescaped", "quota-409-html"),
        ("response-latin-1", "count-errors-zero"),
        ("refused-400-html", "page-has-more-text"),
    ],
    ids=lambda each: each[0],
)
def test_a_run_against_a_wrong_deployment(faults: tuple[str, ...], tmp_path: Path) -> None:
    with serving.running(faults=faults) as url:
        settings = RunSettings(url, serving.KEY, exhausted_key=serving.EXHAUSTED_KEY)
        outcome = check_deployment(settings)
    value = _require_sound(outcome, tmp_path)
    assert value["exitCode"] == 1
    assert all(each for each in value["causes"])


def test_a_run_against_a_deployment_that_decides_much_otherwise(tmp_path: Path) -> None:
    with serving.running(freedoms=["order-name", "page-from-0", "list-id-slash"]) as url:
        outcome = check_deployment(RunSettings(url, serving.KEY), (), lambda _: None)
    assert _require_sound(outcome, tmp_path)["exitCode"] == 0


def test_a_run_that_is_interrupted(tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 5:
            signal.raise_signal(signal.SIGINT)

    with serving.running() as url, interruptible():
        outcome = check_deployment(RunSettings(url, serving.KEY), (), interrupt)
    value = _require_sound(outcome, tmp_path)
    assert (value["exitCode"], value["stopped"]) == (130, "the run was interrupted")
    assert {each.remedy for each in outcome.in_state(PromiseState.NOT_EXERCISED)} != set()


def test_a_run_that_reaches_its_deadline(tmp_path: Path) -> None:
    with serving.running() as url:
        outcome = check_deployment(RunSettings(url, serving.KEY, deadline=1.0))
    value = _require_sound(outcome, tmp_path)
    assert (value["exitCode"], bool(value["stopped"])) == (2, True)


def test_a_run_whose_deployment_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.foreign", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()

        def kill(progress: Progress) -> None:
            if progress.done == 5:
                process.kill()
                process.wait()

        outcome = check_deployment(RunSettings(url, serving.KEY), (), kill)
    value = _require_sound(outcome, tmp_path)
    assert (value["exitCode"], value["counts"]["broken"]) == (2, 0)
    assert "search for that tag and these lists" in value["leftBehindSummary"]
