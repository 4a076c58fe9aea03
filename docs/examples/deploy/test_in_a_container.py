"""With pytest and testcontainers: one sandbox for all tests, an account of its own for each."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    container = DockerContainer("qlara-sandbox").with_exposed_ports(8080)
    container.waiting_for(HttpWaitStrategy(8080, "/__health/ready"))
    with container:
        yield f"http://{container.get_container_host_ip()}:{container.get_exposed_port(8080)}"


@pytest.fixture
def api_key() -> str:
    return f"sandbox_{uuid.uuid4().hex}__crm-migration"


def test_a_new_account_is_empty(base_url: str, api_key: str) -> None:
    url = f"{base_url}/api/v1/partner-gateway/subscription/contacts"
    response = httpx.get(url, headers={"X-Api-Key": api_key})
    assert response.json() == {"used": 0, "total": 50000}
