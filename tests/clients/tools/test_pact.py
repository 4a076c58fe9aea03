"""The sandbox as a Pact provider: the example of docs/pact.md, with the pact and the verifier of Pact itself."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.tools.installed import run

if TYPE_CHECKING:
    from tests.clients.tools.installed import Tools
    from tests.server import Running

pytestmark = pytest.mark.clients

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "pact"
QUIET = {"PACT_DO_NOT_TRACK": "true"}


@pytest.fixture(scope="module")
def pact(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what the client of the example expects."""
    folder = tmp_path_factory.mktemp("pacts")
    run(tools.python, EXAMPLE / "consumer.py", folder, cwd=folder, **QUIET)
    [written] = folder.iterdir()
    return written


@pytest.fixture(params=["verify.py", "verify.mjs"])
def verifier(request: pytest.FixtureRequest, tools: Tools, tmp_path: Path) -> list[str | Path]:
    """Return a command that verifies a pact."""
    program: str = request.param
    if program.endswith(".py"):
        return [tools.python, EXAMPLE / program]
    workshop = tools.workshop(tmp_path / "workshop")
    shutil.copy(EXAMPLE / program, workshop)
    return ["node", workshop / program]


def verified(verifier: list[str | Path], pact: Path, sandbox: Running) -> str:
    return run(*verifier, pact, sandbox.url, cwd=pact.parent, **QUIET)


def test_the_sandbox_keeps_a_pact_with_a_scenario_for_each_state(
    verifier: list[str | Path], pact: Path, sandbox: Running
) -> None:
    interactions = json.loads(pact.read_text(encoding="utf-8"))["interactions"]
    states = [one["providerStates"][0]["name"] for one in interactions]
    told = verified(verifier, pact, sandbox)

    assert sorted(states) == ["a list with contacts", "an empty account", "the plan is full"]
    assert [name for name in states if f"Given {name}" not in told] == []


def test_a_pact_that_expects_something_else_is_not_kept(
    verifier: list[str | Path], pact: Path, sandbox: Running, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.json"
    text = pact.read_text(encoding="utf-8")
    wrong.write_text(text.replace('"imported": 1', '"imported": 2'), encoding="utf-8")

    with pytest.raises(AssertionError, match=re.escape("Expected 1 (Integer) to be equal to 2")):
        verified(verifier, wrong, sandbox)
