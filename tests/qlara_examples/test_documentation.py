"""The page about documentation that runs says what the code does."""

from __future__ import annotations

import re

from click.testing import CliRunner

from qlara_cli.examples import examples
from qlara_contract.targets import SPEC
from qlara_examples.blocks import KNOWN
from qlara_examples.heading_rules import HEADING_RULES, rule_for

PAGE = SPEC.parent / "docs" / "documentation.md"


def test_the_table_of_headings_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| ([^|`]+) \| `([a-z-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    chosen = [rule_for(heading) for heading, _ in rows]

    assert [each and each.scenario for each in chosen] == [scenario for _, scenario in rows]
    assert set(chosen) == set(HEADING_RULES)


def test_every_word_of_a_comment_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z]+)(?:=\w+)?` \|", PAGE.read_text("utf-8"), re.MULTILINE)

    assert tuple(rows) == KNOWN


def test_the_page_itself_holds_nothing_to_run() -> None:
    result = CliRunner().invoke(examples, ["--show", str(PAGE)])

    assert result.output == f"{PAGE}:\n  no commands\n"
