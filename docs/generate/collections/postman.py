"""A Postman collection (format 2.1) and its environment."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from docs.generate.collections.calls import groups, placed

if TYPE_CHECKING:
    from docs.generate.collections.calls import Call, Group

NAME = "Qlara contact API"
_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DESCRIPTION = """\
The calls of UC-020, and every error case that the sandbox can bring about. Choose the environment first: `baseUrl` is a \
deployment, `apiKey` its key, `listId` a list of yours. The first folder runs against any deployment, the others choose a \
scenario of the sandbox by the key, with a new account in each run.

Files are uploaded from `files/` of the working directory (Settings > General > Working directory), which is the folder \
of this collection's parent: `newman run --working-dir clients`."""


def collection() -> str:
    """Return the collection as JSON."""
    return _written(
        {
            "info": {
                "_postman_id": _id("collection"),
                "name": NAME,
                "description": _DESCRIPTION,
                "schema": _SCHEMA,
            },
            "item": [_folder(group) for group in groups()],
            "variable": [{"key": name, "value": ""} for name in ("label", "importedList")],
        }
    )


def environment() -> str:
    """Return the environment for a sandbox on this machine as JSON."""
    values = {
        "baseUrl": ("http://127.0.0.1:8080", "default"),
        "apiKey": ("YOUR_API_KEY", "secret"),
        "listId": ("list_crm_migration", "default"),
    }
    return _written(
        {
            "id": _id("environment"),
            "name": "Qlara sandbox on this machine",
            "values": [
                {"key": key, "value": value, "type": kind, "enabled": True}
                for key, (value, kind) in values.items()
            ],
            "_postman_variable_scope": "environment",
        }
    )


def _folder(group: Group) -> dict[str, Any]:
    made = "".join(f"\n\n    {command}" for command in group.preparation)
    more = f"\n\nMake its files first, in the working directory:{made}" if made else ""
    return {
        "name": group.title,
        "description": group.description + more,
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "X-Api-Key", "type": "string"},
                {"key": "value", "value": _braced(group.key), "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "item": [
            _item(call, first=group.wants_label and number == 0)
            for number, call in enumerate(group.calls)
        ],
    }


def _item(call: Call, *, first: bool) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": call.method.upper(),
        "header": [{"key": name, "value": value} for name, value in call.headers.items()],
        "url": _url(call),
        "description": call.description,
    }
    if call.file:
        form = [
            {
                "key": "file",
                "type": "file",
                "src": f"files/{call.file}",
                "contentType": "text/vcard",
            }
        ]
        form += [
            {"key": name, "type": "text", "value": _braced(value)}
            for name, value in call.fields.items()
        ]
        request["body"] = {"mode": "formdata", "formdata": form}
    events = [_event("test", _tests(call))]
    if first:
        events.insert(0, _event("prerequest", _NEW_LABEL))
    return {"name": call.name, "event": events, "request": request, "response": []}


_NEW_LABEL = [
    "// A new account, in the state of the scenario.",
    'pm.collectionVariables.set("label", "postman" + Date.now().toString(36));',
]


def _tests(call: Call) -> list[str]:
    lines = [
        f'pm.test("status is {call.status}", () => pm.response.to.have.status({call.status}));'
    ]
    if call.members:
        names = json.dumps(call.members)[1:-1]
        lines.append(
            'pm.test("the body has its members", () => '
            f"pm.expect(pm.response.json()).to.include.all.keys({names}));"
        )
    if call.operation == "uploadVCard" and call.status == 200:
        lines.append('pm.collectionVariables.set("importedList", pm.response.json().listId);')
    return lines


def _event(listen: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _url(call: Call) -> dict[str, Any]:
    path = _braced(call.path)
    query = [{"key": name, "value": value} for name, value in call.query.items()]
    raw = "&".join(f"{each['key']}={each['value']}" for each in query)
    url: dict[str, Any] = {
        "raw": f"{{{{baseUrl}}}}{path}{'?' + raw if raw else ''}",
        "host": ["{{baseUrl}}"],
        "path": path.removeprefix("/").split("/"),
    }
    return {**url, "query": query} if query else url


def _braced(value: str) -> str:
    return placed(value, "{{", "}}")


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"qlara-sandbox/{name}"))


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
