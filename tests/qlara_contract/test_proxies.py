"""Proxies: never for this machine, whatever the environment says, in no part of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.engine import check_deployment
from qlara_contract.settings import RunSettings
from tests import foreign
from tests.foreign.serving import KEY

if TYPE_CHECKING:
    import pytest

    from qlara_contract.promise_ids import PromiseId

_DEAD = "http://127.0.0.1:9"


def test_no_request_to_this_machine_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, _DEAD)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with foreign.running() as url:
        only: tuple[PromiseId, ...] = ("quota.shape", "answers.valid-requests-accepted")
        outcome = check_deployment(RunSettings(url, KEY, only=only, proxy=_DEAD))
    assert (outcome.broken, outcome.failures, outcome.stopped) == ([], [], "")
    assert outcome.results.by_id["answers.valid-requests-accepted"].kept
