"""Completion in shells: commands, options and the names of scenarios, with their own scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qlara_sandbox import resources

PROGRAM = Path(sys.executable).with_name("qlara-sandbox")
SCENARIOS = sorted(path.stem for path in resources.SCENARIOS.glob("*.yaml"))


def completed(*words: str) -> list[str]:
    """Return what bash is offered for the last of *words*."""
    done = subprocess.run(
        [PROGRAM],
        env={
            "PATH": os.environ["PATH"],
            "_QLARA_SANDBOX_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["qlara-sandbox", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ver",), ["verify"]),
        (("vcard", "ins"), ["inspect"]),
        (("scenarios", "sh"), ["show"]),
        (("verify", "--write-d"), ["--write-deviations"]),
        (("proxy", "--fail"), ["--fail-on-drift"]),
        (("serve", "--scenario", "quota-"), [n for n in SCENARIOS if n.startswith("quota-")]),
        (("shell", "--scenario", "crm"), ["crm-migration"]),
        (("scenarios", "show", "rev"), ["revoked-key"]),
    ],
)
def test_what_is_offered(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_scenarios_of_ones_own_are_offered_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "my-start.yaml").touch()
    for words in (
        ("serve", "--scenarios", str(tmp_path), "--scenario", ""),
        ("scenarios", "--scenarios", str(tmp_path), "show", ""),
    ):
        assert completed(*words) == sorted(["my-start", *SCENARIOS])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_can_read(shell: str) -> None:
    script = subprocess.run(
        [PROGRAM, "completion", shell], capture_output=True, text=True, check=True
    ).stdout
    assert f"_QLARA_SANDBOX_COMPLETE={shell}_complete" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n"], input=script, text=True, check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_once_the_script_is_evaluated() -> None:
    words = """
eval "$(qlara-sandbox completion bash)"
COMP_WORDS=(qlara-sandbox scen) COMP_CWORD=1
_qlara_sandbox_completion qlara-sandbox
echo "${COMPREPLY[@]}"
complete -p qlara-sandbox
"""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", words], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[0] == "scenarios"
    assert "-F _qlara_sandbox_completion qlara-sandbox" in done.stdout
