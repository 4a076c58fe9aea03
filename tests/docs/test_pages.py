"""Pages that are made, and examples that are shown, are what they claim to be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs.generate import embedding, overlays, reliability, scenarios
from qlara_sandbox import resources
from qlara_sandbox.http.conventions import conventions_of
from qlara_sandbox.http.overlay import apply
from qlara_sandbox.http.yaml_document import read_document

EXAMPLES = embedding.DOCS / "examples"
RUNNERS = {
    "test_with_httpx.py": [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"],
    "test_with_requests.py": [sys.executable, "-W", "error"],
    "import.test.mjs": ["node", "--test"],
    "check-import.sh": ["bash"],
}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", RUNNERS)
def test_an_example_runs_as_it_is(tmp_path: Path, name: str) -> None:
    if name.endswith(".mjs") and shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    shutil.copy(EXAMPLES / name, tmp_path)

    done = run([*RUNNERS[name], name], tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_every_example() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file()}

    assert set(embedding.examples(embedding.TESTING)) == files == set(RUNNERS)


@pytest.mark.parametrize("folder", ["clients", "deploy"])
def test_a_page_shows_every_example_of_a_folder(folder: str) -> None:
    page = {"clients": embedding.CLIENTS, "deploy": embedding.CONTAINER}[folder]
    files = {f"{folder}/{path.name}" for path in (EXAMPLES / folder).iterdir() if path.is_file()}

    assert set(embedding.examples(page)) == files


@pytest.mark.parametrize("page", embedding.PAGES, ids=lambda page: page.name)
def test_a_page_shows_its_examples_word_for_word(page: Path) -> None:
    assert embedding.embedded(page) == page.read_text(encoding="utf-8"), "run: make docs"


def test_the_page_of_scenarios_shows_what_they_do_today() -> None:
    assert scenarios.page() == scenarios.PAGE.read_text(encoding="utf-8")


def test_the_page_of_overlays_lists_the_conventions_that_there_are() -> None:
    assert overlays.page() == overlays.PAGE.read_text(encoding="utf-8"), "run: make docs"


def test_the_overlay_that_the_page_shows_can_be_applied() -> None:
    shown = overlays.page().partition("```yaml\n")[2].partition("```")[0]
    document = apply(
        read_document(resources.SPEC.read_text(encoding="utf-8")), yaml.safe_load(shown)
    )

    assert conventions_of(document).differences() == {
        "limit.default": 50,
        "limit.maximum": 100,
        "order": "name",
        "settle": "2s",
        "list-names": "unique",
    }


def test_the_page_of_reliability_shows_the_last_full_run() -> None:
    assert reliability.page() == reliability.PAGE.read_text(encoding="utf-8")
