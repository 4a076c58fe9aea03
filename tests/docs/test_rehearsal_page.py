"""The page on rehearsals: its story is what really happens, and it has every act, option and variable."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from qlara_cli import main
from qlara_rehearsal.acts import load_act
from tests.qlara_rehearsal.playing import GOOD, ROOT, found, played, shipped

PAGE = (Path(__file__).parents[2] / "docs" / "rehearsal.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def run(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def timeless(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "0.0 s", text)


def test_the_story_is_what_happens(tmp_path: Path) -> None:
    (script,) = blocks("bash")
    (before, after, *_), (first, second) = blocks("console"), blocks("text")

    (tmp_path / "import.sh").write_text(script, encoding="utf-8")
    assert timeless(first) in timeless(run(before, tmp_path))
    better = script.replace("curl -sSf", "curl -sSf --retry 4")
    (tmp_path / "import.sh").write_text(better, encoding="utf-8")
    assert timeless(second) in timeless(run(after, tmp_path))


def test_it_says_how_the_better_client_fares_in_all_acts(tmp_path: Path) -> None:
    script = blocks("bash")[0].replace("curl -sSf", "curl -sSf --retry 4")
    (tmp_path / "import.sh").write_text(script, encoding="utf-8")

    rehearsal = played(("bash", str(tmp_path / "import.sh")), shipped())

    ends = {one.act.name: one.verdict.value for one in rehearsal.results}
    assert {name for name, end in ends.items() if end == "mishandled"} == {
        "connection-reset",
        "lost-response",
    }
    assert {name for name, end in ends.items() if end == "not reached"} == {
        "half-a-list",
        "many-pages",
        "new-list",
        "update",
    }


def test_the_act_of_ones_own_is_one(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    (tmp_path / "daily.yaml").write_text(text, encoding="utf-8")

    assert found(played(GOOD, (load_act(tmp_path / "daily.yaml"),))) == {}


def test_the_program_to_copy_is_ready() -> None:
    program = ROOT / "docs" / "examples" / "clients" / "import_contacts.py"
    command = (sys.executable, str(program), "{file}", "{list_id}", "{strategy}")

    assert found(played(command, tuple(one for one in shipped() if one.name != "new-list"))) == {}


def test_every_act_every_option_and_every_variable_is_named() -> None:
    options = re.findall(r"(--[a-z-]+)", CliRunner().invoke(main, ["rehearse", "--help"]).output)

    assert {each.name for each in shipped() if f"`{each.name}`" not in PAGE} == set()
    assert {one for one in options if one not in PAGE} <= {"--help", "--list"}
