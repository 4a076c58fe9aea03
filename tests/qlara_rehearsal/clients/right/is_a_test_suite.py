"""A suite of pytest, one test per thing that the program does. Right in: all."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.qlara_rehearsal.clients.good import Client


@pytest.fixture(scope="module")
def client() -> Client:
    return Client()


@pytest.fixture(scope="module")
def report(client: Client) -> dict[str, Any]:
    report = client.import_file()
    assert report is not None
    return report


def test_everybody_is_imported(report: dict[str, Any]) -> None:
    assert report["errors"] == []


def test_the_list_can_be_read(client: Client, report: dict[str, Any]) -> None:
    assert isinstance(client.read_list(report["listId"]), list)


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", __file__]))
