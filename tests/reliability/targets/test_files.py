"""The targets that read files find what a file must not bring about."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from reliability.target import InvariantBroken
from reliability.targets import contract_files, scenario_files
from reliability.targets.reading_files import Watch

OUTSIDE = Path("/etc/hostname")


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("/f/tried.yaml:3: lists: unknown field", None),
        ("something is wrong", "a refusal names the place, a line each"),
        ("/f/tried.yaml:1: not YAML\n  in line 3", "a refusal names the place, a line each"),
        ("", "a refusal names the place, a line each"),
        ("/f/tried.yaml:3: " + "x" * 5000, "a refusal is short"),
    ],
)
def test_a_refusal_of_a_scenario_names_the_place(message: str, found: str | None) -> None:
    assert broken_by(lambda: scenario_files.check_message(message)) == found


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("/f/openapi.yaml: paths: expected a mapping", None),
        ("expected a mapping", "a refusal is a line that names the place"),
        ("/f/openapi.yaml: one\ntwo", "a refusal is a line that names the place"),
        ("/f/openapi.yaml: Traceback (most recent", "a refusal is a line that names the place"),
    ],
)
def test_a_refusal_of_a_contract_names_the_place(message: str, found: str | None) -> None:
    assert broken_by(lambda: contract_files.check_message(message, Path("/f"))) == found


def test_a_file_outside_and_a_call_out_are_found() -> None:
    watch = Watch()

    def open_outside() -> None:
        with watch.watching():
            OUTSIDE.read_bytes()

    def call_out() -> None:
        with watch.watching(), socket.socket() as connection:
            connection.connect_ex(("127.0.0.1", 9))

    def stay_inside() -> None:
        with watch.watching():
            (watch.folder / "tried.yaml").write_bytes(b"title: T")

    assert broken_by(open_outside) == "nothing outside is reached for"
    assert broken_by(call_out) == "nothing outside is reached for"
    assert broken_by(stay_inside) is None


def test_scenario_files_are_refused_or_served() -> None:
    target = scenario_files.ScenarioFiles()

    behaviours = [target.run(data) for data in target.seeds()]
    refused = target.run(b"title: T\nstory: S\nlist: []\n")
    target.close()

    assert behaviours[0] == (200, 404, 404, 404)
    assert refused == ("list", "unknown", "field;")


def test_contract_files_are_refused_or_served() -> None:
    target = contract_files.ContractFiles()

    served = target.run(target.seeds()[0])
    refused = target.run(b"[]")
    target.close()

    assert served == (200, 200, 400, 200, 200, 200, 200)
    assert refused != served


def broken_by(work: object) -> str | None:
    assert callable(work)
    try:
        work()
    except InvariantBroken as error:
        return error.invariant
    return None
