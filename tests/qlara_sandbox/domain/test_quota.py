from __future__ import annotations

import pytest

from qlara_sandbox.domain.errors import QuotaExceeded
from qlara_sandbox.domain.quota import Quota


def test_exactly_what_is_left_may_be_created() -> None:
    Quota(used=49_990, total=50_000).require(10)


def test_one_more_than_is_left_is_refused_with_the_figures() -> None:
    with pytest.raises(QuotaExceeded) as refusal:
        Quota(used=50_000, total=50_000).require(1)

    assert refusal.value.data == {
        "contacts": "Contact quota exceeded. Current: 50000/50000. "
        "Upgrade your plan to import more contacts."
    }


def test_creating_nobody_passes_in_a_full_account() -> None:
    Quota(used=50_000, total=50_000).require(0)


def test_an_account_over_its_plan_has_nothing_left_and_not_less() -> None:
    assert Quota(used=60_000, total=50_000).available == 0
