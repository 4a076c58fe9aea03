"""Every header that the sandbox sends is documented for that operation and status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qlara_sandbox import resources
from tests.qlara_sandbox.web.calls import LIST, QUOTA, upload, vcf

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2
    from starlette.testclient import TestClient

DOCUMENT: dict[str, Any] = yaml.safe_load(resources.SPEC.read_text(encoding="utf-8"))
UNKNOWN = LIST.replace("list_crm_migration", "list_unknown")
# OpenAPI describes the body with these, and not among the headers.
OF_THE_BODY = {"content-type", "content-length"}

CALLS: dict[str, Callable[[TestClient], httpx2.Response]] = {
    "an import": upload,
    "a page": lambda client: client.get(LIST),
    "the quota": lambda client: client.get(QUOTA),
    "no vCard file": lambda client: upload(client, b"name,phone"),
    "no key": lambda client: client.get(QUOTA, headers={"X-Api-Key": ""}),
    "no permission": lambda client: client.get(QUOTA, headers=key("no-permission")),
    "no such list": lambda client: client.get(UNKNOWN),
    "a full plan": lambda client: upload(client, key="sandbox_a__quota-exhausted"),
    "too large": lambda client: upload(client, vcf(("Marco", "1")).ljust(10_485_761)),
    "a limited rate": lambda client: client.get(QUOTA, headers=key("rate-limited")),
    "too many requests": lambda client: [
        client.get(QUOTA, headers=key("rate-limited")) for _ in range(11)
    ][-1],
}


def key(scenario: str) -> dict[str, str]:
    return {"X-Api-Key": f"sandbox_headers__{scenario}"}


def documented(response: httpx2.Response) -> set[str]:
    """Return the headers that the contract knows for a response, in lower case."""
    path = response.request.url.path
    [template] = [
        each for each in DOCUMENT["paths"] if each.split("{")[0] == path.split("list_")[0]
    ]
    operation = DOCUMENT["paths"][template][response.request.method.lower()]
    node = operation["responses"][str(response.status_code)]
    if "$ref" in node:
        node = DOCUMENT["components"]["responses"][node["$ref"].rpartition("/")[2]]
    return {name.lower() for name in node["headers"]}


@pytest.mark.parametrize("situation", CALLS)
def test_every_header_that_is_sent_is_documented(situation: str, client: TestClient) -> None:
    response = CALLS[situation](client)

    assert set(response.headers) - OF_THE_BODY - documented(response) == set()
