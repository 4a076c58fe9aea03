"""Everything that is wrong with a scenario file, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.domain.account import Account
from qlara_sandbox.scenario.build import Under, build_template
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.scenario.load import examined, placed
from qlara_sandbox.scenario.model import Scenario
from qlara_sandbox.scenario.yaml_file import YamlFile, dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.scenario.errors import Mistake
    from qlara_sandbox.scenario.model import ListSeed

_ANY_QUOTA = 10**12


def check(
    path: Path,
    conventions_of: Callable[[Scenario], Conventions],
    operations: Collection[str] | None = None,
    *,
    allow_outside: bool = False,
) -> list[Mistake]:
    """Return every mistake of the file, by line; also those of the vCard files and the overlay that it names.

    *conventions_of* returns what the worlds of a scenario are under, or raises InvalidScenario.
    """
    try:
        mistakes, scenario = examined(path, operations, allow_outside=allow_outside)
    except InvalidScenario as error:
        return error.mistakes
    if scenario is None:
        return mistakes
    try:
        conventions = conventions_of(scenario)
    except InvalidScenario as error:
        return sorted({*mistakes, *error.mistakes})
    scenario = scenario.in_region(conventions.region)
    fields = {one.field for one in mistakes}
    mistakes += _of_the_files(scenario, conventions, fields)
    if not mistakes:
        try:
            build_template(scenario, Under(conventions))
        except InvalidScenario as error:
            mistakes = error.mistakes
    return sorted(set(mistakes))


def _of_the_files(
    scenario: Scenario, conventions: Conventions, unusable: Collection[str]
) -> Iterator[Mistake]:
    """Yield why vCard files cannot be imported, each at the line that names it.

    Those named in a field that is *unusable* are not opened: they may be where nothing is to be read.
    """
    account = Account(quota_total=_ANY_QUOTA)  # what the scenario says of it may be a mistake
    for seed in scenario.lists:
        if seed.file is None:
            continue
        place = _place_of(scenario, seed)
        if dotted(place) in unusable:
            continue
        alone = Scenario(scenario.path, "", "", lists=(seed,), account=account)
        try:
            build_template(alone, Under(conventions))
        except InvalidScenario as error:
            message = error.mistakes[0].message
            yield from placed(scenario, place, message).mistakes


def _place_of(scenario: Scenario, seed: ListSeed) -> list[str | int]:
    """Return where the file names that of a list: what is wrong elsewhere has no place in the scenario."""
    lists = YamlFile(scenario.path).value["lists"]
    for index, entry in enumerate(lists):
        named = entry.get("file") if isinstance(entry, dict) else None
        if isinstance(named, str) and scenario.path.parent / named == seed.file:
            return ["lists", index, "file"]
    return ["lists"]
