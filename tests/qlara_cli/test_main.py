from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli import COMMANDS, main
from qlara_cli.lazy_group import LazyGroup

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).parents[2]


def test_help_lists_every_command_without_loading_it() -> None:
    output = CliRunner().invoke(main, ["--help"]).output

    assert all(name in output for name in COMMANDS)


def test_every_command_can_be_loaded_and_explains_itself_with_examples() -> None:
    for name in COMMANDS:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0, name
        assert "xample" in result.output, name


def test_an_unknown_command_is_a_clear_message() -> None:
    result = CliRunner().invoke(main, ["severe"])

    assert result.exit_code == 2
    assert "severe" in result.output


def test_a_command_that_lacks_a_module_of_ours_is_a_bug_and_looks_like_one() -> None:
    def broken() -> click.Command:
        return import_module("qlara_sandbox.nowhere").command  # type: ignore[no-any-return]

    result = CliRunner().invoke(LazyGroup(commands={"x": (broken, "X")}), ["x"])

    assert isinstance(result.exception, ModuleNotFoundError)


def test_a_command_that_lacks_a_package_says_how_to_install_it() -> None:
    def needy() -> click.Command:
        return import_module("a_package_that_nobody_has").command  # type: ignore[no-any-return]

    group = LazyGroup(commands={"x": (needy, "X")})
    result = CliRunner().invoke(group, ["x"])

    assert result.exit_code == 2  # 1 is a verdict
    assert "needs a_package_that_nobody_has" in result.output
    assert "pip install '.[contract,tls]'" in result.output


@pytest.mark.parametrize("module", ["sandbox", "qlara_sandbox"])
def test_as_a_module_it_names_the_command_that_was_typed(module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert shown.stdout.startswith(f"Usage: python -m {module} [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("serv", "No such command 'serv'. Did you mean 'serve'?"),
        ("Verfy", "No such command 'Verfy'. Did you mean 'verify'?"),
        ("vcard inspct x", "No such command 'inspct'. Did you mean 'inspect'?"),
        ("scenarios lst", "No such command 'lst'. Did you mean 'list'?"),
        ("contract dif", "No such command 'dif'. Did you mean 'diff'?"),
        ("zzz", "No such command 'zzz'.\n"),
        ("serve --scenaro x", "'--scenario'"),
        ("verify --base-ur x", "'--base-url'"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(words: str, said: str) -> None:
    result = CliRunner().invoke(main, words.split())

    assert result.exit_code == 2
    assert said in result.output
