"""``docs/scenario-files.md`` is what its schema says, and its example is a scenario."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from docs.generate.scenario_files import PAGE, complete_example, page
from qlara_sandbox.scenario.load import SCHEMA, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def fields(node: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, each in node.get("items", node).get("properties", {}).items():
        yield f"{place}{name}", each
        yield from fields(each, f"{place}{name}.")


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_complete_example_is_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "third.yaml"
    path.write_text(complete_example())

    assert len(load(path).faults) == 1


def test_every_field_has_a_meaning_and_whatever_is_no_group_an_example() -> None:
    found = dict(fields(json.loads(SCHEMA.read_text(encoding="utf-8"))))
    groups = {place.rpartition(".")[0] for place in found}

    assert [place for place, node in found.items() if not node.get("description")] == []
    assert [place for place, node in found.items() if "examples" not in node] == [
        place for place in found if place in groups and place != "faults"
    ]
