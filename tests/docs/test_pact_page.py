"""The page on Pact shows the programs that are run, word for word, and names scenarios that there are."""

from __future__ import annotations

import re
from pathlib import Path

from qlara_sandbox import resources

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "pact.md").read_text(encoding="utf-8")


def test_the_page_shows_every_program_word_for_word() -> None:
    shown = re.findall(r"<!-- (\S+) -->\n\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)

    assert {name for name, _ in shown} == {
        f"examples/pact/{path.name}" for path in (DOCS / "examples" / "pact").iterdir()
    }
    assert [name for name, text in shown if text != (DOCS / name).read_text("utf-8")] == []


def test_every_scenario_of_a_state_is_there() -> None:
    table = PAGE.partition("SCENARIOS = {")[2].partition("}")[0]
    scenarios = re.findall(r': "([a-z-]+)"', table)

    assert len(scenarios) == 3
    assert [one for one in scenarios if not (resources.SCENARIOS / f"{one}.yaml").exists()] == []
