"""The judge finds in the traffic of the suite what the suite finds, and nothing in that of a right deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qlara_contract.conventions import read_overlay
from qlara_contract.defects import BY_NAME, DEFECTS
from qlara_contract.engine import check_deployment
from qlara_contract.promises import BY_ID
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, running_sandbox
from qlara_proxy.judging import TrafficJudge
from tests import foreign
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.serving import EXHAUSTED_KEY, KEY, NEARLY_EXHAUSTED_KEY, UNPERMITTED_KEY
from tests.qlara_proxy.judging.capture import feed
from tests.qlara_proxy.judging.proving import bench
from tests.qlara_proxy.judging.proxying import watched_by
from tests.qlara_proxy.judging.unseen_defects import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.defects.defect import Defect
    from qlara_contract.exchange import ApiExchange
    from qlara_proxy.traffic import PassedExchange
    from tests.qlara_proxy.judging.proving import WatchedBench

OVERLAY = Path(__file__).parents[3] / "overlays" / "api-reference.yaml"
# One of each kind of evidence: a report, a list, its pages, a quota, a key. `make traffic` takes all defects.
SAMPLE = [
    "error-lines-from-0",
    "folded-lines-cut",
    "only-the-first-tag",
    "limit-ignored",
    "errors-cost",
    "quota-without-key",
]


@pytest.fixture(scope="module")
def watched() -> Iterator[WatchedBench]:
    with bench() as running:
        yield running


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_is_found_in_the_traffic(watched: WatchedBench, name: str) -> None:
    defect = BY_NAME[name]

    _, shown = watched.run(defect)

    assert set(defect.breaks) <= {*shown.broken, *shown.differing}


@pytest.mark.unmeasured
def test_the_traffic_of_a_right_deployment_breaks_nothing(watched: WatchedBench) -> None:
    _, shown = watched.run(whole=True)

    assert (shown.broken, shown.differing, shown.failures) == ([], [], [])
    assert sum(each.kept > 0 for each in shown.results.by_id.values()) >= 165


@pytest.mark.traffic
def test_the_traffic_of_a_deployment_as_its_overlay_says_breaks_nothing() -> None:
    overlay = read_overlay(OVERLAY)
    record: list[tuple[str, ApiExchange]] = []

    with running_sandbox("--overlay", str(OVERLAY)) as url:
        settings = RunSettings(url, SANDBOX_KEY, overlay=str(OVERLAY))
        check_deployment(settings, record=record, overlay=overlay)
    judge = TrafficJudge(url, overlay, is_sole_client=True)
    feed(judge, [exchange for _, exchange in record])
    judge.finish()

    shown = judge.outcome()
    assert (shown.broken, shown.differing, shown.failures) == ([], [], [])


@pytest.mark.traffic
@pytest.mark.parametrize("name", [each.name for each in DEFECTS if each.name not in UNSEEN])
def test_every_defect_that_traffic_shows_is_found(watched: WatchedBench, name: str) -> None:
    assert _is_found(watched, BY_NAME[name])


@pytest.mark.traffic
@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_a_defect_that_is_listed_as_unseen_is_not_found(watched: WatchedBench, name: str) -> None:
    assert not _is_found(watched, BY_NAME[name])


def _is_found(watched: WatchedBench, defect: Defect) -> bool:
    """Return whether the traffic shows every promise broken that the suite finds broken by a defect."""
    for whole in (False, True):  # more of it shows how soon imports show
        _, shown = watched.run(defect, whole=whole)
        if set(defect.breaks) <= {*shown.broken, *shown.differing}:
            return True
    return False


@pytest.mark.traffic
@pytest.mark.parametrize("seed", range(10))
def test_no_seed_breaks_anything(watched: WatchedBench, seed: int) -> None:
    _, shown = watched.run(whole=True, seed=seed)

    assert (shown.broken, shown.differing, shown.failures) == ([], [], [])


@pytest.mark.traffic
@pytest.mark.parametrize("name", sorted(FREEDOMS))
def test_no_freedom_breaks_what_is_documented(name: str) -> None:
    judges = _Judges()
    with foreign.running(freedoms=(name,)) as deployment, watched_by(judges, deployment) as url:
        settings = RunSettings(
            url,
            KEY,
            exhausted_key=EXHAUSTED_KEY,
            nearly_exhausted_key=NEARLY_EXHAUSTED_KEY,
            unpermitted_key=UNPERMITTED_KEY,
            list_id="list_crm_migration",
        )
        check_deployment(settings)

    assert judges.accused == []


class _Judges:
    """A judge for whom this is the only client, and one for whom there may be others."""

    def __init__(self) -> None:
        self._judges = [
            TrafficJudge("http://deployment.example", is_sole_client=each) for each in (True, False)
        ]

    def passed(self, exchange: PassedExchange) -> None:
        for each in self._judges:
            each.passed(exchange)

    @property
    def accused(self) -> list[str]:
        """The documented promises that are called broken, and what has failed in the judges."""
        found: list[str] = []
        for each in self._judges:
            each.finish()
            shown = each.outcome()
            found += [one for one in shown.broken if not BY_ID[one].is_assumed]
            found += shown.failures
        return found


def test_every_defect_that_is_not_seen_is_one() -> None:
    assert [name for name in UNSEEN if name not in BY_NAME] == []
