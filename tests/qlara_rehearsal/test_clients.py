"""The judge on clients of our own: each wrong one is found by its act, and no right one is accused."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from qlara_rehearsal.acts import SHIPPED, load_act
from tests.qlara_rehearsal.playing import CLIENTS, GOOD, acts, found, played, shipped

if TYPE_CHECKING:
    from pathlib import Path

NODE = shutil.which("node")
GOOD_CLIENTS = {
    "python": GOOD,
    "node": (NODE or "node", str(CLIENTS / "good.mjs")),
}
WRONG = sorted([*(CLIENTS / "wrong").glob("*.py"), *(CLIENTS / "wrong").glob("*.mjs")])
RIGHT = sorted(file for file in (CLIENTS / "right").iterdir() if file.is_file())
PROGRAMS = {".py": sys.executable, ".mjs": NODE or "node", ".sh": "bash"}


def named(file: Path, phrase: str) -> list[str]:
    """Return the acts that the first line of a client names after *phrase*."""
    line = file.read_text(encoding="utf-8").partition("\n")[0]
    names = re.search(rf"{phrase}: ([a-z0-9, -]+)", line)
    assert names is not None, line
    if names[1] == "all":
        return [each.name for each in shipped()]
    known = {each.name for each in shipped()}
    assert set(names[1].split(", ")) <= known
    return names[1].split(", ")


def command(file: Path) -> tuple[str, ...]:
    return (PROGRAMS[file.suffix], str(file))


def need(program: tuple[str, ...]) -> None:
    if program[0] == "node":
        pytest.skip("needs Node.js")


OTHERWISE_RIGHT = [file for file in WRONG if "documented-import" not in named(file, "Found by")]


@pytest.mark.parametrize("language", GOOD_CLIENTS)
@pytest.mark.parametrize("strategy", ["", "SKIP", "UPDATE", "DUPLICATE"])
def test_a_good_client_is_ready(language: str, strategy: str) -> None:
    need(GOOD_CLIENTS[language])

    rehearsal = played(GOOD_CLIENTS[language], shipped(), strategy=strategy)

    assert found(rehearsal) == {}
    assert rehearsal.is_ready
    assert len(rehearsal.results) == len(shipped()) - (strategy in {"SKIP", "DUPLICATE"})


@pytest.mark.rehearsals
@pytest.mark.parametrize("language", GOOD_CLIENTS)
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_good_client_is_ready_whatever_the_seed(language: str, seed: int) -> None:
    need(GOOD_CLIENTS[language])

    assert found(played(GOOD_CLIENTS[language], shipped(), seed=seed)) == {}


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_a_wrong_client_is_found_by_its_act(file: Path) -> None:
    need(command(file))
    meant = named(file, "Found by")

    rehearsal = played(command(file), acts(*meant), timeout=10)

    assert {each.act.name: each.verdict.value for each in rehearsal.results} == dict.fromkeys(
        meant, "mishandled"
    )
    assert rehearsal.exit_code == 1


@pytest.mark.parametrize("file", OTHERWISE_RIGHT, ids=lambda file: file.stem)
def test_a_wrong_client_is_wrong_in_its_act_alone(file: Path) -> None:
    need(command(file))

    assert found(played(command(file), acts("documented-import"))) == {}


def test_there_are_enough_wrong_clients_and_some_of_them_in_node() -> None:
    assert len(WRONG) >= 24
    assert sum(file.suffix == ".mjs" for file in WRONG) >= 3


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_another_right_client_is_not_accused(file: Path) -> None:
    need(command(file))

    assert found(played(command(file), acts(*named(file, "Right in")))) == {}


def test_a_client_that_asks_for_the_size_alone_has_not_reached_many_pages() -> None:
    file = CLIENTS / "right" / "asks_for_the_size_alone.py"

    [result] = played(command(file), acts("many-pages")).results

    assert (result.verdict.value, result.findings) == ("not reached", ())


def test_a_client_that_sends_nothing_has_reached_no_act_and_handled_none() -> None:
    rehearsal = played((sys.executable, "-c", "raise SystemExit('failed')"), shipped())

    assert {each.verdict.value for each in rehearsal.results} == {"not reached"}
    assert not rehearsal.is_ready


def test_a_client_without_a_time_limit_is_stopped_and_accused(tmp_path: Path) -> None:
    text = (SHIPPED / "slow.yaml").read_text(encoding="utf-8")
    (tmp_path / "slow.yaml").write_text(text.replace("fixed: 3s", "fixed: 6s"), encoding="utf-8")

    [result] = played(GOOD, (load_act(tmp_path / "slow.yaml"),), timeout=3).results

    assert result.verdict == "mishandled"
    assert result.findings[0].what == "It had not ended after 3 seconds, and was stopped."
