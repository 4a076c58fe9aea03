"""The Dockerfile and its neighbours, as far as they can be held to account without an engine.

``.ci/container-commands`` carries the Dockerfile out; this looks at what it says.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "Dockerfile"
TEXT = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text(encoding="utf-8"))
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))[
    "services"
]["sandbox"]


def said(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", TEXT, re.MULTILINE)


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent)
    if hadolint is None:
        pytest.skip("hadolint has no package for this platform")

    done = subprocess.run(
        [hadolint, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_no_command_needs_a_shell() -> None:
    health = [check.partition("CMD ")[2] for check in said("HEALTHCHECK")]
    commands = [*said("RUN"), *said("ENTRYPOINT"), *said("CMD"), *health]

    assert len(commands) == 5
    assert all(isinstance(json.loads(command), list) for command in commands)


def test_what_runs_is_not_root() -> None:
    last = TEXT[TEXT.rindex("FROM ") :]

    assert re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE) == [("65532", "65532")]


def test_only_what_is_copied_is_sent_to_the_engine() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        source.strip("/")
        for line in said("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }

    assert ignore[1] == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_compose_checks_health_as_the_image_does() -> None:
    [options_and_command] = said("HEALTHCHECK")
    options, _, command = options_and_command.partition(" CMD ")
    given = dict(option[2:].split("=") for option in options.split())
    check = dict(SERVICE["healthcheck"])

    assert check.pop("test") == ["CMD", *json.loads(command)]
    assert {name.replace("_", "-"): str(value) for name, value in check.items()} == given


def test_compose_opens_the_sandbox_to_this_machine_only() -> None:
    [port] = said("EXPOSE")

    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}"]
