"""Imports of the contract into API clients: the form of an import keeps its five fields, the file as a file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox import resources
from tests.clients.tools.installed import HERE, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.tools.installed import Tools

pytestmark = pytest.mark.clients

FIELDS = {
    "file": "file",
    "listId": "text",
    "listName": "text",
    "duplicateStrategy": "text",
    "tags": "text",
}


@pytest.fixture(scope="module")
def imported(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workshop = tools.workshop(tmp_path_factory.mktemp("imports"))
    shutil.copy(HERE / "convert.mjs", workshop)
    made: dict[str, Any] = json.loads(run("node", "convert.mjs", resources.SPEC, cwd=workshop))
    return made


def requests(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "request" in item and not item.get("items"):
            yield item
        yield from requests(item.get("items") or item.get("item") or [])


@pytest.mark.parametrize("version", ["convert", "convertV2"])
def test_postman_keeps_every_field_of_the_form(imported: dict[str, Any], version: str) -> None:
    found = list(requests(imported["postman"][version]["item"]))
    form = found[0]["request"]["body"]["formdata"]

    assert [each["request"]["method"] for each in found] == ["POST", "GET", "GET"]
    assert {field["key"]: field["type"] for field in form} == FIELDS


def test_bruno_keeps_every_field_of_the_form(imported: dict[str, Any]) -> None:
    found = list(requests(imported["bruno"]["items"]))
    form = found[0]["request"]["body"]["multipartForm"]

    assert [each["request"]["method"] for each in found] == ["POST", "GET", "GET"]
    assert {field["name"]: field["type"] for field in form} == FIELDS
