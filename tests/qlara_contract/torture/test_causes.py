"""What makes a deployment refuse a whole file is found with few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.torture.catalogue import FEATURES
from qlara_contract.torture.causes import culprits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.torture.feature import Feature

SOME = FEATURES[:200]


class _Deployment:
    """Refuses files with any of some features, and counts them."""

    def __init__(self, *refused: Feature) -> None:
        self.refused = set(refused)
        self.files = 0

    def works(self, features: Sequence[Feature]) -> bool:
        self.files += 1
        return not self.refused & set(features)


@pytest.mark.parametrize("at", [0, 77, 199])
def test_one_cause_is_found(at: int) -> None:
    deployment = _Deployment(SOME[at])
    assert culprits(SOME, deployment.works, 24) == [SOME[at]]
    assert deployment.files <= 16


def test_two_causes_are_found() -> None:
    deployment = _Deployment(SOME[3], SOME[150])
    assert culprits(SOME, deployment.works, 40) == [SOME[3], SOME[150]]


def test_no_more_files_are_sent_than_allowed() -> None:
    deployment = _Deployment(*SOME)
    culprits(SOME, deployment.works, 12)
    assert deployment.files == 12


def test_a_failure_without_one_cause_blames_nobody() -> None:
    sent = []

    def works(features: Sequence[Feature]) -> bool:
        sent.append(features)
        return len(features) < 100

    assert culprits(SOME, works, 30) == []
