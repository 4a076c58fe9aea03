"""A drafted file of deviations, used as it stands: it knows the fault it was drafted from, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli.verify import verify
from tests.foreign import serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def _verify(faults: Sequence[str], *options: str) -> int:
    with serving.running(faults=faults) as url:
        arguments = ["--base-url", url, "--api-key", serving.KEY, *options]
        return CliRunner().invoke(verify, arguments).exit_code


@pytest.mark.parametrize(
    ("promise", "known", "other"),
    [
        ("cards.escapes", "escape-semicolon-kept", "escape-line-feed-kept"),
        ("cards.name-verbatim", "name-html-escaped", "name-plus-is-blank"),
        ("quota.moves-by-what-was-created", "quota-counts-twice", "quota-without-used"),
    ],
)
def test_a_draft_knows_its_own_fault_and_no_other_of_the_same_promise(
    promise: str, known: str, other: str, tmp_path: Path
) -> None:
    draft = tmp_path / "known.yaml"
    only = ("--only", promise)
    assert _verify([known], *only, "--write-deviations", str(draft)) == 1
    judged = [
        _verify(faults, *only, "--deviations", str(draft))
        for faults in ([known], [other], [known, other])
    ]
    assert judged[0] == 0, draft.read_text("utf-8")
    assert judged[1:] == [1, 1], draft.read_text("utf-8")
