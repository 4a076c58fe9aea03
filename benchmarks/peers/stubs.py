"""The sandbox's responses in the file formats of other mock servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks import requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.candidates import Canned

_CONTRACT = Path(__file__).parents[2] / "openapi.yaml"
_JSON = {"Content-Type": "application/json"}


def wiremock(responses: Sequence[Canned]) -> dict[str, Any]:
    """Return stub mappings, as in a file of WireMock's folder ``mappings``."""
    return {
        "mappings": [
            {
                "request": {"method": one.request.method, "urlPath": one.request.path},
                "response": {
                    "status": 200,
                    "headers": {**_JSON, **one.headers},
                    "body": one.response.body.decode("utf-8"),
                },
            }
            for one in responses
        ]
    }


def mockserver(responses: Sequence[Canned]) -> list[dict[str, Any]]:
    """Return expectations, as in MockServer's initialization file."""
    return [
        {
            "httpRequest": {"method": one.request.method, "path": one.request.path},
            "httpResponse": {
                "statusCode": 200,
                "headers": {name: [value] for name, value in {**_JSON, **one.headers}.items()},
                "body": one.response.body.decode("utf-8"),
            },
        }
        for one in responses
    ]


def prism(responses: Sequence[Canned], contract: Path = _CONTRACT) -> dict[str, Any]:
    """Return the contract with *responses* as its only examples: Prism gives an example back."""
    document: dict[str, Any] = yaml.safe_load(contract.read_text(encoding="utf-8"))
    by_path = {_template(one.request.path): one for one in responses}
    for path, operations in document["paths"].items():
        one = by_path.get(path)
        if one is None:
            continue
        response = operations[one.request.method.lower()]["responses"]["200"]
        shown = response.get("headers", {})
        response["headers"] = {key: it for key, it in shown.items() if key.lower() in one.headers}
        media = response["content"]["application/json"]
        media.pop("example", None)
        media["examples"] = {"recorded": {"value": one.content}}
    return document


def mockoon(responses: Sequence[Canned]) -> dict[str, Any]:
    """Return an environment of Mockoon."""
    routes = [_mockoon_route(f"route-{number}", one) for number, one in enumerate(responses)]
    return {
        "uuid": "benchmark",
        "lastMigration": 33,
        "name": "Benchmark",
        "endpointPrefix": "",
        "latency": 0,
        "port": 3000,
        "hostname": "",
        "folders": [],
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "cors": False,
        "headers": [],
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "data": [],
        "callbacks": [],
    }


def _mockoon_route(uuid: str, one: Canned) -> dict[str, Any]:
    headers = {**_JSON, **one.headers}.items()
    response = {
        "uuid": f"{uuid}-response",
        "body": one.response.body.decode("utf-8"),
        "latency": 0,
        "statusCode": 200,
        "label": "",
        "headers": [{"key": name, "value": value} for name, value in headers],
        "bodyType": "INLINE",
        "filePath": "",
        "databucketID": "",
        "sendFileAsBody": False,
        "rules": [],
        "rulesOperator": "OR",
        "disableTemplating": True,
        "fallbackTo404": False,
        "default": True,
        "crudKey": "id",
        "callbacks": [],
    }
    return {
        "uuid": uuid,
        "type": "http",
        "documentation": "",
        "method": one.request.method.lower(),
        "endpoint": one.request.path.lstrip("/"),
        "responses": [response],
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }


def write(content: Any, path: Path) -> Path:
    """Write *content* as JSON, which is YAML, too; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def _template(path: str) -> str:
    """Return the contract's path for one that is asked for."""
    return (
        path.replace("/list_crm_migration/", "/{listId}/") if path == requests.LIST_PATH else path
    )
