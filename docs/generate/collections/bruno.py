"""A Bruno collection: a folder of ``.bru`` files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from docs.generate.collections.calls import groups, placed, slug

if TYPE_CHECKING:
    from docs.generate.collections.calls import Call, Group

_COLLECTION = {
    "version": "1",
    "name": "Qlara contact API",
    "type": "collection",
    "ignore": ["node_modules", ".git"],
}
_ENVIRONMENT = """\
vars {
  baseUrl: http://127.0.0.1:8080
  apiKey: YOUR_API_KEY
  listId: list_crm_migration
}
"""


def folder() -> dict[str, str]:
    """Return the files of the collection, by their path in it."""
    made = {
        "bruno.json": json.dumps(_COLLECTION, indent=2) + "\n",
        "environments/sandbox.bru": _ENVIRONMENT,
    }
    for number, group in enumerate(groups(), 1):
        inside = f"{number:02d}-{group.name}"
        made[f"{inside}/folder.bru"] = _folder(group, number)
        for place, call in enumerate(group.calls, 1):
            path = f"{inside}/{place:02d}-{slug(call.name)}.bru"
            made[path] = _request(call, place, group, first=group.wants_label and place == 1)
    return made


def _folder(group: Group, number: int) -> str:
    made = [f"    {command}" for command in group.preparation]
    more = (
        ["", "Make its files first, in the folder above this collection:", "", *made]
        if made
        else []
    )
    return _block("meta", f"name: {group.title}", f"seq: {number}") + _block(
        "docs", group.description, *more
    )


def _request(call: Call, place: int, group: Group, *, first: bool) -> str:
    body = "multipartForm" if call.file else "none"
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    url = f"{{{{baseUrl}}}}{_braced(call.path)}{'?' + query if query else ''}"
    parts = [
        _block("meta", f"name: {call.name}", "type: http", f"seq: {place}"),
        _block(call.method, f"url: {url}", f"body: {body}", "auth: none"),
    ]
    if call.query:
        parts.append(
            _block("params:query", *(f"{key}: {each}" for key, each in call.query.items()))
        )
    headers = {"X-Api-Key": _braced(group.key), **call.headers}
    parts.append(_block("headers", *(f"{name}: {value}" for name, value in headers.items())))
    if call.file:
        fields = (f"{name}: {_braced(value)}" for name, value in call.fields.items())
        file = f"file: @file(../files/{call.file}) @contentType(text/vcard)"
        parts.append(_block("body:multipart-form", file, *fields))
    if call.operation == "uploadVCard" and call.status == 200:
        parts.append(_block("vars:post-response", "importedList: res.body.listId"))
    if first:
        parts.append(_block("script:pre-request", *_NEW_LABEL))
    parts.append(_block("tests", *_tests(call)))
    if call.description:
        parts.append(_block("docs", *call.description.splitlines()))
    return "\n".join(parts)


_NEW_LABEL = (
    "// A new account, in the state of the scenario.",
    'bru.setVar("label", "bruno" + Date.now().toString(36));',
)


def _tests(call: Call) -> list[str]:
    lines = [
        f'test("status is {call.status}", function () {{',
        f"  expect(res.getStatus()).to.equal({call.status});",
        "});",
    ]
    if call.members:
        names = json.dumps(call.members)[1:-1]
        lines += [
            'test("the body has its members", function () {',
            f"  expect(res.getBody()).to.include.all.keys({names});",
            "});",
        ]
    return lines


def _block(name: str, *lines: str) -> str:
    inner = "".join(f"  {line}\n" if line else "\n" for line in lines)
    return f"{name} {{\n{inner}}}\n"


def _braced(value: str) -> str:
    return placed(value, "{{", "}}")
