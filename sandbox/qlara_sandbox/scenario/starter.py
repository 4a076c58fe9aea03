"""A scenario file to begin with: what is needed, and everything else commented out, from the schema."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from qlara_sandbox.scenario.advice import as_yaml
from qlara_sandbox.scenario.load import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WIDTH = 96
_NEEDED = ("title", "story")
# UC-020's own list is there in every shipped scenario.
_LISTS = "lists:\n  - {id: list_crm_migration, name: CRM migration}\n"


def starter(name: str) -> str:
    """Return the text of a scenario file with the title *name*, which can be used as it is."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    title = name.replace("-", " ").replace("_", " ").capitalize()
    head = [
        f"# yaml-language-server: $schema={SCHEMA}",
        "# A scenario needs a title and a story. To use a line that begins with # and no blank, take the # away.",
        f"title: {as_yaml(title)}",
        "story: What happens here, in a sentence or two.",
        "",
        *_comment(schema["properties"]["lists"]["description"], ""),
        _LISTS,
    ]
    rest = []
    for field, node in schema["properties"].items():
        if field not in {*_NEEDED, "lists"}:
            meaning, *lines = _field(field, node)
            rest += [*meaning.splitlines(), *("#" + line for line in lines), ""]
    lists = ["  " + line for line in _item(schema["properties"]["lists"]["items"])]
    return "\n".join([*head[:-1], _LISTS.rstrip(), *lists, "", *rest]).rstrip() + "\n"


def _field(field: str, node: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield what a field means, then an example of it, line by line."""
    yield "\n".join(_comment(_meaning(node), indent))
    examples = node.get("examples")
    if node.get("type") == "array" and examples and isinstance(examples[0][0], dict):
        yield f"{indent}{field}:"
        yield from (f"{indent}  - {as_yaml(item)}" for item in examples[0])
    elif examples:
        yield f"{indent}{field}: {as_yaml(examples[0])}"
    else:
        yield f"{indent}{field}:"
        for inner, each in node["properties"].items():
            for lines in _field(inner, each, f"{indent}  "):
                yield from lines.splitlines()


def _item(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an entry in a list, of which each source of contacts is one."""
    yield "# Contacts of a list are written out, imported from a vCard file, or made up:"
    for source in ("contacts", "file", "generate"):
        each = node["properties"][source]
        value = each["examples"][0] if "examples" in each else [_example(each["items"])]
        entry = {"id": f"list_{source}", source: value}
        yield f"#- {as_yaml(entry)}"


def _example(node: Mapping[str, Any]) -> dict[str, Any]:
    return {field: node["properties"][field]["examples"][0] for field in node["required"]}


def _meaning(node: Mapping[str, Any]) -> str:
    default = node.get("default")
    usual = f" Default: {as_yaml(default)}." if default is not None else ""
    one_of = f" One of {', '.join(node['enum'])}." if "enum" in node else ""
    return f"{node.get('description', '')}{one_of}{usual}"


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH - len(indent), initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
    )
