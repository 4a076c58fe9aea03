"""Acts: what a client is rehearsed in, read from YAML files and checked by a schema."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun
from qlara_rehearsal.stage import (
    SCENARIO_SCHEMA,
    SCENARIOS,
    FileSchema,
    InvalidScenario,
    Mistake,
    YamlFile,
    compiled,
    examined,
    near,
    whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHIPPED: Path = SCENARIOS / "acts"
STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")
_SCHEMA = Path(__file__).with_name("act.schema.json")
# What a scenario file has for people alone; an act has words of its own.
_NOT_OF_ACTS = frozenset({"try"})
_OWN = frozenset(json.loads(_SCHEMA.read_text(encoding="utf-8"))["properties"])
_EMPTY = "is empty. An act needs a title, a story, why, advice and expect at least."
_LONGEST_LIST_NAME = 120
_USUAL_FILE: Mapping[str, Any] = {"generate": {"contacts": 20}}


@dataclass(frozen=True)
class Act:
    """One act: a scenario, the file that the client imports, and what is expected of it.

    ``scenario`` are the fields of a scenario file as they were written, paths made absolute. ``file`` has
    one of ``generate``, ``path`` (absolute) and ``text``; ``expect`` is as the schema has it.
    """

    name: str
    title: str
    story: str
    why: str
    advice: str
    scenario: Mapping[str, Any]
    expect: Mapping[str, Any]
    source: str = ""
    file: Mapping[str, Any] = field(default_factory=lambda: _USUAL_FILE)
    strategies: tuple[str, ...] = STRATEGIES
    list_id: str = ""
    list_name: str = ""
    further_fields: bool = False

    @property
    def statuses(self) -> frozenset[int]:
        """The statuses that the act is about."""
        final = [self.expect["final"]["status"]] if "final" in self.expect else []
        reached = [one["status"] for one in self.expect["reached"] if "status" in one]
        return frozenset([*final, *reached])


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an act file: the fields of a scenario, and its own."""
    own = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    of_scenarios = json.loads(SCENARIO_SCHEMA.read_text(encoding="utf-8"))["properties"]
    shared = {name: each for name, each in of_scenarios.items() if name not in _NOT_OF_ACTS}
    return {**own, "properties": {**shared, **own["properties"]}}


def load_acts(folders: Sequence[Path]) -> list[Act]:
    """Return the acts of *folders*: those of a later folder win over earlier ones of the same name.

    They are in the order of the folders, then of their files.

    Raises:
        CannotRun: a file has mistakes (file, line and field of each), or there is no act.
    """
    found: dict[str, Act] = {}
    wrong = []
    for path in (path for folder in folders for path in _files(folder)):
        try:
            found[path.stem] = load_act(path)
        except InvalidScenario as error:
            wrong.append(str(error))
    if wrong:
        raise CannotRun("\n".join(wrong))
    if not found:
        raise CannotRun(f"{folders[-1]}: there is no act (*.yaml) in this folder.")
    return list(found.values())


def load_act(path: Path) -> Act:
    """Return the act of the file; its name is the file's.

    Raises:
        InvalidScenario: with file, line and field of every mistake.
    """
    file = YamlFile(path)
    if file.value is None:
        raise InvalidScenario(path, [*file.mistakes] or [Mistake(1, "", _EMPTY)])
    mistakes, scenario = examined(path, _operations(), schema=_compiled())
    if isinstance(file.value, dict):
        mistakes = sorted({*mistakes, *_further_mistakes(file)})
    if mistakes or scenario is None:
        raise InvalidScenario(path, mistakes)
    return _act(path, whole_numbers(file.value))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CannotRun(f"{folder}: there is no such folder.")
    return sorted(folder.glob("*.yaml"))


@cache
def _compiled() -> FileSchema:
    return compiled(schema())


def _operations() -> list[str]:
    return list(contract().operations)


def _further_mistakes(file: YamlFile) -> Iterator[Mistake]:
    """Yield what no schema says: files that are not there, operations that no contract has."""
    value: dict[str, Any] = file.value
    name = _at(value, "file", "path")
    if isinstance(name, str):
        folder = file.path.parent
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            yield _mistake(file, ("file", "path"), f"{name!r} is outside the folder of the act")
        elif not (folder / name).is_file():
            there = [one.relative_to(folder).as_posix() for one in sorted(folder.rglob("*.vcf"))]
            message = f"file {name!r} not found beside the act{near(name, there)}"
            yield _mistake(file, ("file", "path"), message)
    lists = _at(value, "lists")
    if isinstance(lists, list) and isinstance(value.get("list_id"), str):
        ids = [str(_at(each, "id")) for each in lists]
        if value["list_id"] not in ids:
            message = (
                f"no list of the act has the id {value['list_id']!r}{near(value['list_id'], ids)}"
            )
            yield _mistake(file, ("list_id",), message)
    reached = _at(value, "expect", "reached")
    for index, each in enumerate(reached if isinstance(reached, list) else []):
        operation = each.get("operation") if isinstance(each, dict) else None
        known = [*_operations(), "*"]
        if isinstance(operation, str) and operation not in known:
            message = f"unknown operation {operation!r}; expected one of {', '.join(known)}"
            yield _mistake(
                file, ("expect", "reached", index, "operation"), message + near(operation, known)
            )


def _at(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _mistake(file: YamlFile, at: Sequence[str | int], message: str) -> Mistake:
    field_name = ""
    for step in at:
        field_name += f"[{step}]" if isinstance(step, int) else f".{step}" if field_name else step
    return Mistake(file.line_of(at), field_name, message)


def _act(path: Path, value: Mapping[str, Any]) -> Act:
    scenario = {name: each for name, each in value.items() if name not in _OWN}
    lists = scenario.get("lists", [])
    list_id = value.get("list_id", lists[0]["id"] if lists else "")
    title = value["title"].strip()
    return Act(
        name=path.stem,
        title=title,
        story=" ".join(value["story"].split()),
        why=" ".join(value["why"].split()),
        advice=" ".join(value["advice"].split()),
        scenario=_with_absolute_paths(scenario, path.parent),
        expect=value["expect"],
        source=value.get("source", ""),
        file=_file(value.get("file", _USUAL_FILE), path.parent),
        strategies=tuple(value.get("strategies", STRATEGIES)),
        list_id=list_id,
        list_name=value.get("list_name", "" if list_id else title[:_LONGEST_LIST_NAME]),
        further_fields=value.get("responses") == "with further fields",
    )


def _file(value: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    return {"path": (folder / value["path"]).resolve()} if "path" in value else value


def _with_absolute_paths(scenario: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a scenario that can be written to another folder."""
    moved = dict(scenario)
    if "lists" in moved:
        moved["lists"] = [
            {**one, "file": str((folder / one["file"]).resolve())} if "file" in one else one
            for one in moved["lists"]
        ]
    overlay = moved.get("overlay", "")
    if (folder / overlay).is_file():
        moved["overlay"] = str((folder / overlay).resolve())
    return moved
