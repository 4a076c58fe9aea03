"""What ``get_sandbox`` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent


def test_the_sandbox_says_where_it_is_and_what_it_serves(asking: Agent) -> None:
    found = asking.call("get_sandbox")

    assert found["baseUrl"] == asking.sandbox.base_url
    assert found["apiKey"] == "YOUR_API_KEY"
    assert found["scenario"] == "default"
    assert found["operations"]["getContactQuota"] == (
        "GET /api/v1/partner-gateway/subscription/contacts"
    )
