"""The tool ``rehearse``: what it finds, what bounds it, and where it runs nothing."""

from __future__ import annotations

import os
import sys

import pytest

from tests.qlara_mcp.asking import agent
from tests.qlara_rehearsal.playing import CLIENTS, GOOD, ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_good_client_is_ready() -> None:
    with agent(commands=ENVIRONMENT) as one:
        found = one.call("rehearse", command=list(GOOD), acts=["documented-import"])

    assert (found["ready"], found["verdict"]) == (True, "Ready: the act is handled.")
    assert (found["handled"], found["wrong"]) == (["documented-import"], [])
    assert len(found["leftOut"]) == 18


def test_a_wrong_client_is_told_what_to_change_without_a_key() -> None:
    command = [sys.executable, str(CLIENTS / "wrong" / "swallows_errors.py")]
    with agent(commands=ENVIRONMENT) as one:
        found = one.call("rehearse", command=command, acts=["file-with-errors"])

    [act] = found["wrong"]
    assert (found["ready"], act["name"], act["verdict"]) == (
        False,
        "file-with-errors",
        "mishandled",
    )
    assert act["findings"][0]["what"].startswith("3 of 3 cards that were left out are not in its")
    assert act["advice"].startswith("Read `errors` of the report.")
    assert "sandbox_rehearsal" not in str(found)


def test_a_rehearsal_ends_at_its_deadline_and_is_not_ready() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with agent(commands=ENVIRONMENT) as one:
        found = one.call("rehearse", command=command, timeoutSeconds=6, deadlineSeconds=5)

    assert found["verdict"] == (
        "Not ready: of 1 act 1 mishandled and the time was over before all were played."
    )
    assert len(found["leftOut"]) == 18


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"command": ["no-such-program"]}, "no-such-program: cannot be run: No such file"),
        ({"command": ["x"], "acts": ["sloww"]}, "acts: unknown act 'sloww'. Expected connection-"),
        ({"command": []}, "command: "),
    ],
)
def test_what_cannot_be_rehearsed_is_an_error_in_a_sentence(
    arguments: dict[str, object], message: str
) -> None:
    with agent(commands=ENVIRONMENT) as one:
        assert one.refused("rehearse", **arguments).startswith(message)


def test_where_no_commands_may_be_run_none_is() -> None:
    with agent() as one:
        said = one.refused("rehearse", command=["true"])

    assert said.startswith("No commands are run here. Expected tools over standard input")
