"""The contract and its assumptions are read in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from qlara_sandbox import resources

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent


def test_the_contract_is_read_in_pages_that_are_the_whole(asking: Agent) -> None:
    first = asking.call("read_contract")
    texts = [
        asking.call("read_contract", page=number + 1)["text"] for number in range(first["pages"])
    ]

    shipped = resources.SPEC.read_text(encoding="utf-8")
    assert "".join(texts) == shipped.replace("http://127.0.0.1:8080", asking.sandbox.base_url, 1)
    assert max(map(len, texts)) <= 20_000
    assert first["operations"] == ["uploadVCard", "listContacts", "getContactQuota"]


def test_one_operation_comes_with_all_that_it_refers_to(asking: Agent) -> None:
    found = asking.call("read_contract", operation="listContacts")
    document = yaml.safe_load(found["text"])

    assert [list(item) for item in document["paths"].values()] == [["get"]]
    assert "ContactPage" in document["components"]["schemas"]
    assert "VCardUpload" not in document["components"]["schemas"]
    for reference in _references(document):
        _, _, kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_an_operation_or_page_that_is_none_is_refused(asking: Agent) -> None:
    message = asking.refused("read_contract", operation="nowhere")
    known = "uploadVCard, listContacts, getContactQuota"
    assert message == f"operation: expected one of {known}; found 'nowhere'."
    assert asking.refused("list_assumptions", operation="nowhere") == message
    assert asking.refused("read_contract", page=99).startswith("page: expected a page from 1 to ")


def test_assumptions_are_listed_with_their_reasons(asking: Agent) -> None:
    found = asking.call("list_assumptions", operation="listContacts", limit=2)

    assert found["total"] > 2
    assert found["assumptions"][0] == {
        "what": "listContacts limit minimum",
        "value": "1",
        "reason": "a page of no contacts says nothing",
    }
    everything = asking.call("list_assumptions", limit=50)
    assert len(everything["assumptions"]) == 50 < everything["total"]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for each in node.values() for one in _references(each)]
    if isinstance(node, list):
        return [one for each in node for one in _references(each)]
    return []
