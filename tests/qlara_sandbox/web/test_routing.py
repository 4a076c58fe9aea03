"""The paths of the contract are found at once, and all others where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qlara_sandbox.web.calls import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", QUOTA, 200),
        ("GET", LIST, 200),
        ("HEAD", LIST, 200),
        ("DELETE", LIST, 405),
        ("GET", UPLOAD, 405),
        ("GET", f"{LIST}/", 404),
        ("GET", f"{LIST}%0A", 404),
        ("GET", LIST.replace("list_crm_migration", "a%2Fb"), 404),
        ("GET", LIST.replace("list_crm_migration", ""), 404),
        ("GET", f"/prefix{LIST}", 404),
        ("GET", "/openapi.yaml", 200),
        ("GET", "/__docs", 200),
    ],
)
def test_a_path_leads_where_the_contract_says(
    client: TestClient, method: str, path: str, status: int
) -> None:
    headers = {"X-Api-Key": "sandbox_k__crm-migration"}

    assert client.request(method, path, headers=headers).status_code == status


def test_a_list_id_is_taken_as_it_was_meant(client: TestClient) -> None:
    path = LIST.replace("list_crm_migration", "list%5Fcrm%5Fmigration")
    response = client.get(path, headers={"X-Api-Key": "sandbox_k__crm-migration"})

    assert response.json()["listId"] == "list_crm_migration"
