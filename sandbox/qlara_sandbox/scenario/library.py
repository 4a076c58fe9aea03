"""The scenarios of one folder, and the shipped ones beside it, loaded when they are first needed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from qlara_sandbox.scenario.build import ScenarioTemplate, Under, build, build_template
from qlara_sandbox.scenario.errors import UnknownScenario
from qlara_sandbox.scenario.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from qlara_sandbox.scenario.model import Scenario
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldKey


class Library:
    """The scenario files of a folder and of the one ``beside`` it, by name; those of the folder win.

    ``seed`` is the seed for generated ids; ``operations`` gives the operationIds that a fault may be on,
    any if there is none. ``under`` tells what the worlds of a scenario are under; ``overlays`` are the
    overlays that loaded scenarios name, by scenario. With ``allow_outside``,
    vCard files of a scenario may be outside the folder.
    """

    def __init__(
        self,
        folder: Path,
        seed: int = 0,
        operations: Callable[[], Collection[str]] | None = None,
        under: Callable[[Scenario], Under] | None = None,
        *,
        allow_outside: bool = False,
        beside: Path | None = None,
    ) -> None:
        self.folder = folder
        self.beside = beside if beside != folder else None
        self.allow_outside = allow_outside
        self.seed = seed
        self._operations = operations
        self._under = under
        self.overlays: dict[str, Path] = {}
        self._loaded: dict[str, tuple[Scenario, ScenarioTemplate]] = {}
        self._stamps: dict[str, str] = {}
        self._created_at: dict[str, str] = {}
        self._changes = 0

    def names(self) -> list[str]:
        """Return the names of the scenarios, ordered."""
        return sorted({*self.own_names(), *self.other_names()})

    def own_names(self) -> list[str]:
        """Return the names of those in the folder, ordered."""
        return _names_in(self.folder)

    def other_names(self) -> list[str]:
        """Return the names of those beside the folder that none in it hides, ordered."""
        if self.beside is None:
            return []
        return sorted({*_names_in(self.beside)} - {*self.own_names()})

    def path_of(self, name: str) -> Path:
        """Return the file of a scenario.

        Raises:
            UnknownScenario: there is none.
        """
        # The name may come from a request: it must not lead out of the folders.
        if name in self.own_names():
            return self.folder / f"{name}.yaml"
        if self.beside is not None and name in self.other_names():
            return self.beside / f"{name}.yaml"
        raise UnknownScenario(name, self.names())

    def get(self, name: str) -> Scenario:
        """Return a scenario.

        Raises:
            UnknownScenario: there is no such file.
            InvalidScenario: the file has mistakes.
        """
        return self._get(name)[0]

    def is_loaded(self, name: str) -> bool:
        """Return whether a world of the scenario can be built at once."""
        return name in self._loaded

    def build(self, key: WorldKey) -> World:
        """Return a fresh world for *key*; the same key and seed give the same ids.

        Raises:
            UnknownScenario, InvalidScenario: as ``get``.
        """
        scenario, template = self._get(key.scenario)
        # Hashed, since seeds show in snapshots and keys must not.
        name = blake2b(f"{self.seed}:{':'.join(key)}".encode(), digest_size=8)
        return build(scenario, template, seed=name.hexdigest())

    def stamp(self, name: str) -> str:
        """Return what tells the worlds of a scenario from those that began with other files, or another seed.

        Raises:
            UnknownScenario, InvalidScenario: as ``get``.
        """
        self.get(name)
        return self._stamps[name]

    def created_at(self, name: str) -> str:
        """Return when what a scenario begins with was created.

        Raises:
            UnknownScenario, InvalidScenario: as ``get``.
        """
        return self._get(name)[1].created_at

    def let_be_created_at(self, name: str, created_at: str) -> None:
        """Let what a scenario begins with be created at another time, as long as its files stay as they are."""
        self._created_at[f"{name}:{self.stamp(name)}"] = created_at
        self.reload(name)

    def digest(self) -> str:
        """Return what tells the files of all scenarios from others."""
        content = blake2b(digest_size=8)
        for folder in (self.folder, self.beside):
            paths = [] if folder is None else [*folder.glob("*.yaml"), *folder.glob("files/*")]
            for path in sorted(path for path in paths if path.is_file()):
                content.update(f"{path.name}\0".encode() + path.read_bytes())
        return content.hexdigest()

    def reload(self, name: str) -> None:
        """Load the file anew; while it has mistakes, the scenario stays what it was.

        Raises:
            UnknownScenario: the file is gone, and now the scenario is too.
            InvalidScenario: the file has mistakes.
        """
        self._changes += 1
        try:
            self._loaded[name] = self._load(name)
        except UnknownScenario:
            self._loaded.pop(name, None)
            raise

    def forget(self) -> None:
        """Load every scenario anew when it is next needed."""
        self._changes += 1
        self._loaded.clear()

    def _get(self, name: str) -> tuple[Scenario, ScenarioTemplate]:
        found = self._loaded.get(name)
        if found is None:
            changes = self._changes
            found = self._load(name)
            if (
                changes == self._changes
            ):  # this may be a thread, and the files have changed meanwhile
                self._loaded[name] = found
        return found

    def _load(self, name: str) -> tuple[Scenario, ScenarioTemplate]:
        operations = self._operations() if self._operations else None
        scenario = load(self.path_of(name), operations, allow_outside=self.allow_outside)
        self._note_overlay(scenario)
        under = self._under(scenario) if self._under is not None else Under()
        scenario = scenario.in_region(under.conventions.region)
        stamp = self._stamped(scenario)
        template = build_template(scenario, under, self._created_at.get(f"{name}:{stamp}", ""))
        self._stamps[name] = stamp
        return scenario, template

    def _stamped(self, scenario: Scenario) -> str:
        content = blake2b(f"{self.seed}:{scenario.account.region}".encode(), digest_size=8)
        for path in (scenario.path, *(one.file for one in scenario.lists)):
            if path is not None:
                content.update(path.read_bytes())
        return content.hexdigest()

    def _note_overlay(self, scenario: Scenario) -> None:
        if scenario.overlay is not None:
            self.overlays[scenario.name] = scenario.overlay
        else:
            self.overlays.pop(scenario.name, None)


def _names_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))
