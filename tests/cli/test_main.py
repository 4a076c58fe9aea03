from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from sandbox.cli import COMMANDS, Lazy, main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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


def test_a_command_that_lacks_a_package_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    group = click.command(cls=Lazy, commands_at={"x": ("needy:x", "X")})(lambda: None)
    result = CliRunner().invoke(group, ["x"])

    assert result.exit_code == 1
    assert "needs a_package_that_nobody_has" in result.output
    assert "pip install '.[contract,tls]'" in result.output
