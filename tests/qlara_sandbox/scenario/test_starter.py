"""The file that a scenario begins with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_sandbox.scenario.load import load
from qlara_sandbox.scenario.starter import starter

if TYPE_CHECKING:
    from pathlib import Path


def test_it_can_be_used_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "the-third_import.yaml"
    path.write_text(starter(path.stem))

    assert load(path).title == "The third import"


def test_all_that_is_commented_out_can_be_used_too(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "contacts-export.vcf").touch()
    path = tmp_path / "mine.yaml"
    path.write_text(re.sub(r"^( *)#(?! [^ ])", r"\1", starter("mine"), flags=re.MULTILINE))
    scenario = load(path)

    assert [seed.list_id for seed in scenario.lists] == [
        "list_crm_migration",
        "list_contacts",
        "list_file",
        "list_generate",
    ]
    assert (scenario.account.region, scenario.file_bytes) == ("GB", 1_048_576)
    assert len(scenario.faults) == 3
