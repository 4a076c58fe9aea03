"""The contract suite is tried on the deployment, switch by switch."""

from __future__ import annotations

import pytest

from tests.foreign.trial import Trial, main, trial


def test_the_deployment_is_right_by_default() -> None:
    found = trial("")
    assert (found.exit_code, found.broken) == (0, ())


def test_a_fault_is_found() -> None:
    assert trial("upload-500").exit_code == 1


@pytest.mark.parametrize(
    ("is_fault", "exit_code", "line"),
    [
        (True, 1, "fault a: broken (1: p.q), 2.0 s"),
        (True, 0, "MISSED fault a: passed (1: p.q), 2.0 s"),
        (True, None, "STOPPED fault a: no end (1: p.q), 2.0 s"),
        (False, 1, "WRONGED freedom a: broken (1: p.q), 2.0 s"),
    ],
)
def test_a_trial_is_told_in_a_line(is_fault: bool, exit_code: int | None, line: str) -> None:
    assert Trial("a", is_fault, exit_code, ("p.q",), 2.0).line == line


def test_no_switch_at_all_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--faults", "--sample", "0"]) == 0
    assert capsys.readouterr().out == "0 of 0 faults found, 0 of 0 freedoms allowed.\n"
