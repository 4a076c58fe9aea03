"""The features: well-named, honest about their source, and as the sandbox decides them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from qlara_contract.promises import promise
from qlara_contract.torture import PROMISES
from qlara_contract.torture.catalogue import BY_ID, FEATURES, PLAIN
from qlara_contract.torture.judge import judge
from tests.qlara_contract.torture.importers import imported, writer

if TYPE_CHECKING:
    from qlara_contract.torture.feature import Feature

ALL = (*PLAIN, *FEATURES)


@pytest.mark.unmeasured
@pytest.mark.parametrize("feature", ALL, ids=lambda each: each.id)
def test_the_sandbox_agrees_with_each_feature(feature: Feature) -> None:
    for seed in range(2):
        file = writer(seed).alone(feature)
        done = imported(file.content)
        assert done is not None
        assert judge(file, *done) == []


def test_each_feature_has_a_stable_id_of_its_own() -> None:
    assert len(BY_ID) == len(ALL)
    assert [each for each in BY_ID if not re.fullmatch(r"[a-z-]+(\.[A-Za-z0-9-]+)+", each)] == []


def test_each_feature_says_in_a_sentence_what_is_wrong() -> None:
    assert [each.id for each in ALL if not each.what.endswith(".")] == []


def test_what_only_the_contract_decided_is_judged_by_an_assumed_promise() -> None:
    assumed = {each.id.partition(".")[0] for each in FEATURES if not each.is_documented}
    assert assumed - {"fold"} == {
        *("broken", "empty", "extension", "fax", "file", "form", "forgiven", "mail-odd", "name"),
        *("nameless", "number", "plan", "preferred", "several", "stray", "typed", "unusable"),
        *("uri-with", "valid", "version"),
    }


def test_a_feature_is_documented_if_its_promise_has_a_heading() -> None:
    for each in ALL:
        assert each.is_documented == bool(promise(each.promise).heading)
        assert each.promise in {*PROMISES, "numbers.default-region"}


def test_a_feature_is_written_alike_for_the_same_seed() -> None:
    for each in FEATURES[:50]:
        assert writer(3).alone(each) == writer(3).alone(each)
