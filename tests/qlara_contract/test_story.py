"""A story: what it chooses, and what is known of it when the network interrupts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.engine import begin, run_story
from qlara_contract.errors import Interrupted
from qlara_contract.settings import RunSettings
from qlara_contract.story import Story, exercises
from tests.qlara_contract.deployments import serving

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange

_QUOTA = {"used": 1, "total": 10}


def test_a_story_that_is_told_again_makes_the_same_choices_and_is_recorded_once() -> None:
    chosen: list[float] = []
    record: list[tuple[str, ApiExchange]] = []

    @exercises("quota.shape")
    def test_a_story(story: Story) -> None:
        chosen.append(story.random.random())
        for _ in range(3):
            story.get_quota()
        if len(chosen) == 1:
            raise Interrupted("closed")

    with serving(lambda _path, _query: (200, _QUOTA)) as url:
        run = begin(RunSettings(url, "a-key"), record=record)
        assert run_story(run, Story(run, test_a_story), test_a_story) == ""
        run.finish()
    assert chosen[1:] == chosen[:1]
    assert [story for story, _ in record].count("a story") == 3
