"""``make release`` refuses what must not be published, before it builds anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = Path("sandbox/qlara_sandbox/__init__.py")
CONTRACT = Path("docs/releases/openapi-1.2.3.yaml")

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("git")), reason="bash or git is not installed"
)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository that is ready for version 1.2.3, whose make does nothing but say that it was called."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "release", tmp_path / ".ci")
    (tmp_path / PACKAGE).parent.mkdir(parents=True)
    (tmp_path / PACKAGE).write_text('__version__ = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 1.2.3 (2027-01-01)\n", encoding="utf-8"
    )
    (tmp_path / "openapi.yaml").touch()
    (tmp_path / CONTRACT).parent.mkdir(parents=True)
    (tmp_path / CONTRACT).touch()
    (tmp_path / "Makefile").write_text("%:\n\t@echo building; exit 1\n", encoding="utf-8")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message", "Ready")
    return tmp_path


def release(project: Path, version: str, **environment: str) -> str:
    done = subprocess.run(
        ["bash", ".ci/release", version],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_a_project_that_is_ready_is_built(project: Path) -> None:
    assert release(project, "1.2.3").startswith("building\n")


def test_a_version_is_needed(project: Path) -> None:
    assert release(project, "") == "Not released: expected VERSION=1.2.3, got ''.\n"


def test_the_version_is_that_of_the_package(project: Path) -> None:
    said = "Not released: sandbox/qlara_sandbox/__init__.py says 1.2.3.\n"
    assert release(project, "1.2.4") == said


def test_the_version_is_in_the_changelog(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.30\n", encoding="utf-8")

    assert release(project, "1.2.3") == "Not released: CHANGELOG.md has no heading '## 1.2.3'.\n"


def test_the_contract_is_kept_for_comparisons(project: Path) -> None:
    (project / CONTRACT).write_text("another", encoding="utf-8")

    assert release(project, "1.2.3") == (
        f"Not released: {CONTRACT} is not openapi.yaml: copy it there, and write [] to "
        "accepted-since-1.2.3.json beside it.\n"
    )


def test_the_work_tree_is_clean(project: Path) -> None:
    (project / "notes.txt").touch()

    said = "Not released: the work tree is not clean: commit or stash first.\n"
    assert release(project, "1.2.3") == said


def test_the_tag_is_free(project: Path) -> None:
    git(project, "tag", "v1.2.3")

    assert release(project, "1.2.3") == "Not released: the tag v1.2.3 is taken.\n"


def test_only_a_plain_yes_uploads(project: Path) -> None:
    said = "Not released: expected UPLOAD=yes or nothing, got 'true'.\n"
    assert release(project, "1.2.3", UPLOAD="true") == said
