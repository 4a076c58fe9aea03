"""Arazzo 1.0 descriptions: UC-020 for any deployment, and the scenarios of the sandbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from docs.generate.collections.calls import FORM, contract, groups, placed, slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from docs.generate.collections.calls import Call, Group

_INPUTS = {
    "apiKey": {"type": "string", "format": "password", "description": "The key of an account."},
    "listId": {"type": "string", "description": "A list of the account."},
    "label": {"type": "string", "description": "Letters and digits; a new label is a new account."},
}
_HEAD = "# Made by `make docs` from openapi.yaml{}. Run it with: {}\n"


def use_case() -> str:
    """Return the description of UC-020."""
    documented, *_ = groups()
    return _written(
        "UC-020: import contacts from a vCard file",
        documented.description,
        [documented],
        _HEAD.format(
            "",
            "redocly respect clients/arazzo.yaml --server qlara=URL --input apiKey=KEY --input listId=LIST",
        ),
    )


def scenarios() -> str:
    """Return a workflow for each scenario in which every status is one of the contract's."""
    _, *others = groups()
    return _written(
        "The scenarios of the Qlara sandbox",
        "The key chooses the scenario, so this is for a sandbox. A new label gives new accounts.",
        [group for group in others if all(call.members for call in group.calls)],
        _HEAD.format(
            " and scenarios/",
            "redocly respect clients/arazzo-sandbox.yaml --server qlara=URL --input label=LABEL",
        ),
    )


def _written(title: str, description: str, chosen: list[Group], head: str) -> str:
    version = contract().document["info"]["version"]
    document = {
        "arazzo": "1.0.1",
        "info": {"title": title, "description": description, "version": version},
        "sourceDescriptions": [{"name": "qlara", "url": "../openapi.yaml", "type": "openapi"}],
        "workflows": [_workflow(group) for group in chosen],
    }
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def _workflow(group: Group) -> dict[str, Any]:
    steps = _steps(group)
    wanted = [name for name in _INPUTS if f"$inputs.{name}" in str(steps)]
    made = "".join(f"\n    {command}" for command in group.preparation)
    return {
        "workflowId": group.name,
        "summary": group.title,
        "description": group.description
        + (f"\nMake its files first, in clients/:{made}" if made else ""),
        "inputs": {
            "type": "object",
            "required": wanted,
            "properties": {name: dict(_INPUTS[name]) for name in wanted},
        },
        "steps": steps,
    }


def _steps(group: Group) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    imported = ""
    for number, call in enumerate(group.calls, 1):
        # Respect reads no expression with a step in it whose name begins with a digit or has a hyphen.
        step_id = f"step{number}_{slug(call.name).replace('-', '_')}"
        made.append(_step(call, step_id, group, imported))
        if call.operation == "uploadVCard" and call.status == 200:
            made[-1]["outputs"] = {"listId": "$response.body#/listId"}
            imported = step_id
    return made


def _step(call: Call, step_id: str, group: Group, imported: str) -> dict[str, Any]:
    def value(text: str) -> str:
        if text == "${importedList}":
            return f"$steps.{imported}.outputs.listId"
        # An expression may stand alone, or in braces inside a text.
        alone = re.fullmatch(r"\$\{(\w+)\}", text)
        return f"$inputs.{alone[1]}" if alone else placed(text, "{$inputs.", "}")

    parameters: list[dict[str, Any]] = [
        {"name": "X-Api-Key", "in": "header", "value": value(group.key)}
    ]
    parameters += [
        {"name": name, "in": "header", "value": each} for name, each in call.headers.items()
    ]
    parameters += _in_path(call, value)
    parameters += [
        {"name": name, "in": "query", "value": int(each)} for name, each in call.query.items()
    ]
    step: dict[str, Any] = {
        "stepId": step_id,
        "description": call.name,
        "operationId": call.operation,
        "parameters": parameters,
    }
    if call.file:
        form = {name: value(each) for name, each in call.fields.items()}
        step["requestBody"] = {
            "contentType": FORM,
            "payload": {"file": f"$file('./files/{call.file}')", **form},
        }
    step["successCriteria"] = [{"condition": f"$statusCode == {call.status}"}]
    return step


def _in_path(call: Call, value: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the parameters of a path: what stands where the contract's path has a name."""
    template = contract().operations[call.operation][1]
    return [
        {"name": name[1:-1], "in": "path", "value": value(filled)}
        for name, filled in zip(template.split("/"), call.path.split("/"), strict=True)
        if name.startswith("{")
    ]
