"""The contract as the suite reads it: operations by path, and references that lead somewhere."""

from __future__ import annotations

import pytest

from qlara_contract.contract import ContractDocument, UnresolvedReference, contract
from qlara_contract.promises import LIST

DOCUMENT = {
    "paths": {},
    "components": {
        "schemas": {
            "Name": {"type": "string"},
            "Alias": {"$ref": "#/components/schemas/Name"},
            "Lost": {"$ref": "#/components/schemas/Nowhere"},
        }
    },
}


def test_an_operation_is_found_by_method_and_path() -> None:
    path = contract().path_of(LIST, listId="list_a")
    operation = contract().operation_of("GET", path)
    assert operation is not None
    assert operation.operation_id == LIST
    assert contract().operation_of("POST", path) is None
    assert contract().operation_of("GET", path + "/more") is None


def test_a_reference_is_followed_to_its_end() -> None:
    document = ContractDocument(DOCUMENT)
    alias = {"$ref": "#/components/schemas/Alias"}
    assert document.resolve(alias) == {"type": "string"}
    assert document.resolve({"type": "integer"}) == {"type": "integer"}


def test_a_reference_to_nothing_is_named() -> None:
    document = ContractDocument(DOCUMENT)
    with pytest.raises(
        UnresolvedReference, match=r"^Unresolved \$ref: #/components/schemas/Nowhere$"
    ):
        document.resolve({"$ref": "#/components/schemas/Lost"})


@pytest.mark.parametrize("reference", ["http://127.0.0.1:1/s.json", "other.yaml#/Name"])
def test_a_reference_out_of_the_document_is_refused_and_not_fetched(reference: str) -> None:
    schemas = {"Far": {"properties": {"name": {"$ref": reference}}}}
    with pytest.raises(UnresolvedReference, match=r"never fetched: (http|other)"):
        ContractDocument({"paths": {}, "components": {"schemas": schemas}})


def test_a_validator_fetches_no_schema() -> None:
    with pytest.raises(ValueError, match="never fetched"):
        ContractDocument(DOCUMENT).validator({"$ref": "http://127.0.0.1:1/s.json"})
