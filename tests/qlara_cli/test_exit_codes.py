"""Exit code 1 is a verdict, and nothing else ends with it."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from qlara_cli.exit_codes import one_means_wrong
from qlara_contract.errors import CannotRun


def _ending(with_: BaseException | None) -> tuple[int, str]:
    @click.command()
    def command() -> None:
        with one_means_wrong():
            if with_ is not None:
                raise with_

    result = CliRunner().invoke(command)
    return result.exit_code, result.output


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_a_verdict_stays_what_it_is(code: int) -> None:
    assert _ending(SystemExit(code)) == (code, "")
    assert _ending(click.exceptions.Exit(code)) == (code, "")


def test_what_is_not_wrong_ends_with_0() -> None:
    assert _ending(None) == (0, "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (click.ClickException("No such thing."), "Error: No such thing.\n"),
        (click.FileError("out.yaml", "is a folder"), "Could not open file 'out.yaml'"),
        (click.BadParameter("Expected a URL."), "Expected a URL."),
        (OSError(28, "No space left on device", "report.html"), "No space left on device"),
    ],
)
def test_what_could_not_run_ends_with_2(error: Exception, said: str) -> None:
    code, output = _ending(error)
    assert (code, said in output, "Traceback" in output) == (2, True, False)


@pytest.mark.parametrize("error", [KeyError("x"), CannotRun("x"), RecursionError()])
def test_a_bug_ends_with_2_and_shows_where_it_is(error: Exception) -> None:
    code, output = _ending(error)
    assert (code, output.endswith("This is a bug of qlara-sandbox, and no verdict.\n")) == (2, True)
    assert "Traceback" in output


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130(error: BaseException) -> None:
    assert _ending(error) == (130, "Interrupted.\n")
