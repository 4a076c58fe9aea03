"""All that ``verify`` and the tests exchange with the API, through Prism: it finds no violation.

The exchanges are recorded first. Prism then judges each request beside the response that it had.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from qlara_contract.targets import sandbox_behind
from qlara_sandbox import resources
from tests.clients.tools import recording
from tests.clients.tools.conftest import COMMAND
from tests.clients.tools.prism_defects import CAUSES, cause
from tests.clients.tools.recording import Recorder
from tests.clients.tools.replaying import replay, replay_one_by_one, upstream
from tests.clients.tools.test_proxy import prism

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.applications import Starlette

    from tests.clients.tools.installed import Tools
    from tests.clients.tools.recording import Exchange
    from tests.clients.tools.replaying import Judged

pytestmark = pytest.mark.clients

WEB = "tests/qlara_sandbox/web"
# Those that exchange much with the API under the shipped contract, and of the others one for each way to ask it. Forms
# that no library writes (test_forms.py, test_wire.py) are beyond Prism's reader of forms.
BEHAVIOUR = (
    f"{WEB}/gates/test_faults.py",
    f"{WEB}/gates/test_rate_limit.py",
    f"{WEB}/observers/test_metrics.py",
    f"{WEB}/test_api.py",
    f"{WEB}/test_contacts.py",
    f"{WEB}/test_documented_headers.py",
    f"{WEB}/test_pipeline.py::test_a_method_that_is_not_in_the_contract_is_refused_with_those_that_are",
    f"{WEB}/test_pipeline.py::test_head_answers_as_get_does",
    f"{WEB}/test_pipeline.py::test_absurdly_long_headers_are_refused_by_name",
    f"{WEB}/test_sessions.py",
    "tests/test_scenario_stories.py",
    "tests/test_uc_020.py",
)
KEY = "sandbox_prism"
LEAST_EXCHANGES = 900
MOST_THAT_PRISM_CANNOT_JUDGE = 0.03


def of_the_suite() -> list[Exchange]:
    """Return the exchanges of a whole run of ``verify``."""
    exchanges: list[Exchange] = []

    def recorded(app: Starlette) -> Recorder:
        return Recorder(app, app.state.runtime, exchanges)

    with sandbox_behind(recorded) as url:
        command = [COMMAND, "verify", "--mode", "full", "--base-url", url, "--api-key", KEY]
        command += ["--exhausted-key", f"{KEY}__quota-exhausted"]
        command += ["--nearly-exhausted-key", f"{KEY}__quota-nearly-exhausted"]
        command += ["--unpermitted-key", f"{KEY}__no-permission"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return exchanges


def of_the_tests(folder: Path) -> list[Exchange]:
    """Return the exchanges of the tests of the API's behaviour."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", recording.__name__, "--recording"]
    tests = [str(resources.ROOT / each) for each in BEHAVIOUR]
    done = subprocess.run(
        [*command, str(folder), "-p", "no:cacheprovider", *tests],
        cwd=resources.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return recording.read(folder)


def all_exchanges(folder: Path) -> list[Exchange]:
    """Return the exchanges that differ in what they say."""
    with ThreadPoolExecutor() as threads:
        recorded = [threads.submit(of_the_suite), threads.submit(of_the_tests, folder)]
        found = chain.from_iterable(each.result() for each in recorded)
        return list({each.content: each for each in found}.values())


def judged(tools: Tools, exchanges: Sequence[Exchange], folder: Path) -> list[Judged]:
    with upstream(exchanges) as url, prism(tools, url, folder, errors=False) as proxy:
        return list(replay(exchanges, proxy))


def judged_one_by_one(tools: Tools, exchanges: Sequence[Exchange], folder: Path) -> list[Judged]:
    """Judge exchanges of which each may end Prism: then the next one gets another."""
    done: list[Judged] = []
    while len(done) < len(exchanges):
        left = exchanges[len(done) :]
        with upstream(left) as url, prism(tools, url, folder, errors=False) as proxy:
            for one in replay_one_by_one(left, proxy):
                done.append(one)
                if not one.is_response:
                    break
    return done


# One test: each of several would record all of it anew, where they run in several processes.
def test_prism_finds_no_violation_in_all_that_is_exchanged(tools: Tools, tmp_path: Path) -> None:
    traffic = all_exchanges(tmp_path)
    exchanges = [each for each in traffic if cause(each) is None]
    done = judged(tools, exchanges, tmp_path)

    assert [each for each in done if each.crash] == []
    assert [each for each in done if each.response] == []
    assert [each for each in done if each.request and each.exchange.is_accepted] == []
    assert len(done) == len(exchanges)
    _require_all_kinds(exchanges)
    _require_causes(tools, traffic, tmp_path)


def _require_all_kinds(exchanges: Sequence[Exchange]) -> None:
    """Let traffic pass in which each operation succeeds and is refused."""
    met = {(each.method, each.status) for each in exchanges}
    assert met >= {
        *(("POST", status) for status in (200, 400, 401, 403, 404, 409, 413, 429)),
        *(("GET", status) for status in (200, 400, 401, 403, 404, 429)),
    }
    assert len(exchanges) > LEAST_EXCHANGES


def _require_causes(tools: Tools, traffic: Sequence[Exchange], folder: Path) -> None:
    """Let causes pass that keep little from Prism, and of each of which Prism still fails at an example."""
    examples = {name: [each for each in traffic if cause(each) == name] for name in CAUSES}
    numbers = {name: len(found) for name, found in examples.items()}
    assert sum(numbers.values()) <= MOST_THAT_PRISM_CANNOT_JUDGE * len(traffic), numbers
    assert [name for name, number in numbers.items() if not number] == []
    firsts = {name: found[0] for name, found in examples.items()}
    done = zip(firsts, judged_one_by_one(tools, list(firsts.values()), folder), strict=True)
    learnt = [name for name, one in done if not (one.crash or one.response or one.request)]
    assert learnt == []
