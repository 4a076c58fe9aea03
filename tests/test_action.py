"""The composite action does what docs/ci.md says: its steps are run as a runner of GitHub Actions runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.server import serving

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
_NAME = re.compile(r"(inputs|github|steps)((?:\.[\w-]+)+)")

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is not installed"
)


@dataclass
class Runner:
    """What of a runner composite steps see: files for outputs, path and summary, and a folder of its own."""

    folder: Path
    path: list[str] = field(default_factory=list)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    printed: str = ""

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text(encoding="utf-8")

    def use(self, **given: str) -> int:
        """Run the steps whose condition holds, up to one that fails; return its exit code."""
        inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        self.ran = []
        for step in ACTION["runs"]["steps"]:
            if self.value(step["if"], inputs) and (code := self.run(step, inputs)):
                return code
        return 0

    def output(self, name: str) -> str:
        found = _EXPRESSION.fullmatch(ACTION["outputs"][name]["value"])
        assert found is not None
        value = self.value(found[1], {})
        assert isinstance(value, str)
        return value

    def run(self, step: dict[str, Any], inputs: dict[str, str]) -> int:
        def replaced(found: re.Match[str]) -> str:
            return str(self.value(found[1], inputs))

        self.ran.append(step["name"])
        assert "${{" not in step["run"], "an input would be run"
        said = {name: _EXPRESSION.sub(replaced, text) for name, text in step.get("env", {}).items()}
        for name in ("output", "path", "summary"):
            (self.folder / name).touch()
        environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")
            },
            "PATH": os.pathsep.join([*self.path, os.environ["PATH"]]),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            **said,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.printed += done.stdout
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        self.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in lines)
        self.path = (self.folder / "path").read_text(encoding="utf-8").splitlines()
        (self.folder / "output").unlink()
        return done.returncode

    def value(self, expression: str, inputs: dict[str, str]) -> object:
        """Return what an expression of ``==``, ``!=``, ``&&`` and ``||`` over names and strings comes to."""

        def of(found: re.Match[str]) -> str:
            kind, names = found[1], found[2][1:].split(".")
            if kind == "inputs":
                return repr(inputs[names[0]])
            if kind == "github":
                assert names == ["action_path"]
                return repr(str(ROOT))
            assert names[1] == "outputs"
            return repr(self.outputs.get(names[0], {}).get(names[2], ""))

        python = _NAME.sub(of, expression).replace("&&", "and").replace("||", "or")
        return eval(python, {"__builtins__": {}})  # noqa: S307 - of our own file


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Return a runner with the package in place, as an earlier installation of the action leaves it."""
    folder = tmp_path / "a runner's folder"
    command = folder / "qlara-sandbox" / "command"
    command.mkdir(parents=True)
    (command / "qlara-sandbox").symlink_to(Path(sys.executable).with_name("qlara-sandbox"))
    (folder / "qlara-sandbox" / "bin").mkdir()
    python = folder / "qlara-sandbox" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$@" >> "$RUNNER_TEMP/installed"\n', encoding="utf-8")
    python.chmod(0o755)
    shutil.copy(python, folder / "qlara-sandbox" / "bin" / "qlara-sandbox-stub")
    return Runner(folder)


def test_a_sandbox_is_started_and_stopped(runner: Runner) -> None:
    assert runner.use(port="0", scenario="quota-exhausted") == 0, runner.printed
    url = runner.output("url")
    quota = httpx.get(url + QUOTA, headers={"X-Api-Key": "YOUR_API_KEY"}).json()
    assert quota == {"used": 50000, "total": 50000}
    assert runner.ran == ["Install the package", "Start the sandbox"]

    assert runner.use(stop="true") == 0, runner.printed
    assert runner.ran == ["Stop the sandbox"]
    assert "::group::Log of the sandbox" in runner.printed
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_sandbox_that_cannot_start_fails_the_step_and_says_why(runner: Runner) -> None:
    assert runner.use(port="0", scenario="no-such-scenario") == 1

    assert "::error title=Qlara sandbox::It did not start." in runner.printed
    assert "Unknown scenario 'no-such-scenario'" in runner.printed


def test_a_deployment_is_checked_and_its_verdict_is_the_summary(runner: Runner) -> None:
    with serving("--port", "0") as sandbox:
        arguments = "--only quota.shape --mode read-only"
        code = runner.use(verify=sandbox.url, api_key="sandbox_action", arguments=arguments)

    assert code == 0, runner.printed
    assert runner.ran == ["Install the package", "Check the deployment"]
    assert runner.summary.startswith("# Keeps ")
    assert (runner.folder / runner.output("report") / "junit.xml").is_file()


def test_drift_fails_the_step_and_is_in_the_summary(runner: Runner) -> None:
    with serving("--port", "0", "--defect", "quota-as-text") as sandbox:
        code = runner.use(verify=sandbox.url, arguments="--mode read-only")

    assert code == 1, runner.printed
    assert "quota" in runner.summary


def test_a_deployment_that_is_not_there_is_told_in_the_summary(runner: Runner) -> None:
    assert runner.use(verify="http://127.0.0.1:9", arguments="--deadline 5") == 2
    assert runner.summary


def test_to_stop_what_was_not_started_is_no_failure(runner: Runner) -> None:
    assert runner.use(stop="true") == 0
    assert runner.printed == "No sandbox was started, or it was stopped before.\n"


def test_an_asterisk_in_an_argument_is_no_list_of_files(runner: Runner) -> None:
    assert runner.use(port="0", arguments="--seed *") == 1
    assert "'*' is not a valid integer" in runner.printed

    assert runner.use(verify="http://127.0.0.1:9", arguments="--max-writes *") == 2
    assert runner.printed.count("'*' is not a valid integer") == 2


def test_what_stands_in_an_input_is_never_run(runner: Runner) -> None:
    assert runner.use(port="0", scenario="$(touch ran)`touch ran`; touch ran") == 1

    assert not (runner.folder / "ran").exists()


def test_the_package_is_installed_from_the_folder_of_the_action(runner: Runner) -> None:
    runner.use(verify="http://127.0.0.1:9", arguments="--deadline 5")

    (line,) = (runner.folder / "installed").read_text(encoding="utf-8").splitlines()
    assert line.endswith(f"install --constraint {ROOT}/constraints.txt {ROOT}[contract]")
