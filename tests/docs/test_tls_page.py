"""The recipes of ``docs/tls.md`` are run, each where its tool is at hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "tls.md"
SECTIONS = PAGE.read_text(encoding="utf-8").split("\n### ")[1:]
RECIPES = {
    each.partition("\n")[0]: found[1]
    for each in SECTIONS
    if (found := re.search(r"```bash\n(.*?)```", each, re.DOTALL))
}
TOOLS = {
    "curl": "curl",
    "Python": "python3",
    "Node.js": "node",
    "Java": "keytool",
    "PHP": "php",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """Serve with an authority that is kept; return the folder that has it, and the port."""
    folder = tmp_path_factory.mktemp("tls")
    with serving("--tls-authority", str(folder / "sandbox-ca")) as running:
        yield folder, running.port


@pytest.mark.parametrize("client", TOOLS)
def test_a_client_that_follows_the_recipe_trusts_the_sandbox(
    place: tuple[Path, int], client: str
) -> None:
    if shutil.which(TOOLS[client]) is None:
        pytest.skip(f"{TOOLS[client]} is not installed")
    folder, port = place
    script = RECIPES[client].replace("8443", str(port))
    unset = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "JAVA_TOOL_OPTIONS"}
    done = subprocess.run(
        ["bash", "-ec", script],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in unset},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"used": 0, "total": 50_000}


def test_every_recipe_with_commands_of_bash_is_run() -> None:
    assert sorted(RECIPES) == sorted(TOOLS)
