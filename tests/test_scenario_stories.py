"""Every scenario does what its own ``try`` lines announce, against a real server, with a real curl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.generate.stories import Outcome, play, steps
from qlara_sandbox import resources
from qlara_sandbox.scenario.library import Library

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server import Running

LIBRARY = Library(resources.SCENARIOS)
QUOTA = 'curl -s $BASE/api/v1/partner-gateway/subscription/contacts -H "X-Api-Key: $KEY"'


@pytest.mark.parametrize("name", LIBRARY.names())
def test_a_scenario_keeps_what_its_story_announces(
    server: Running, tmp_path: Path, name: str
) -> None:
    lines = LIBRARY.get(name).try_lines

    shown = play(lines, base=server.url, key=f"sandbox_story__{name}", scratch=tmp_path)

    announced = [(step.says, step.expected) for step in steps(lines)]
    assert [(one.step.says, one.outcomes) for one in shown] == announced


def test_a_story_that_announces_the_wrong_status_is_found_out(
    server: Running, tmp_path: Path
) -> None:
    [shown] = play(f"# 409: full\n{QUOTA}", base=server.url, key="sandbox_w", scratch=tmp_path)

    assert (shown.step.expected, shown.outcomes) == ([Outcome(409)], [Outcome(200)])


def test_an_answer_where_none_is_announced_is_found_out(server: Running, tmp_path: Path) -> None:
    [shown] = play(
        f"# no response: gone\n{QUOTA}", base=server.url, key="sandbox_w", scratch=tmp_path
    )

    assert (shown.step.expected, shown.outcomes) == ([Outcome(0)], [Outcome(200)])


def test_a_step_without_a_request_shows_no_outcome(server: Running, tmp_path: Path) -> None:
    [shown] = play("# 200: nothing\ntrue", base=server.url, key="sandbox_w", scratch=tmp_path)

    assert shown.outcomes == []


@pytest.mark.parametrize(
    ("comment", "outcomes"),
    [
        ("# 200: as it should be", [Outcome(200)]),
        ("# 200, 502, 200", [Outcome(200), Outcome(502), Outcome(200)]),
        ("# 503, then 200: curl tries again", [Outcome(503), Outcome(200)]),
        ("# 200 three times more, then 429", [Outcome(200)] * 3 + [Outcome(429)]),
        ("# 200, cut off: in the middle", [Outcome(200, cut_off=True)]),
        ("# no response: the connection is reset", [Outcome(0)]),
        ("# 000: no response", [Outcome(0)]),
    ],
)
def test_a_comment_announces_an_outcome_for_every_request(
    comment: str, outcomes: list[Outcome]
) -> None:
    assert [step.expected for step in steps(f"{comment}\n{QUOTA}")] == [outcomes]


def test_what_makes_a_file_belongs_to_the_step_that_uploads_it() -> None:
    lines = "# 200: one\ncurl a\nqlara-sandbox vcard generate -o b\n# 200: two\ncurl b"

    assert [step.commands for step in steps(lines)] == [
        "curl a",
        "qlara-sandbox vcard generate -o b\ncurl b",
    ]


def test_lines_without_an_announcement_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a comment like '# 200: what happens'"):
        steps("# have a look\ncurl a")
