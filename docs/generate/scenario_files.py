"""``docs/scenario-files.md``: every field of a scenario file, from its schema, and the mistakes people make."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.scenario.advice import as_yaml
from qlara_sandbox.scenario.check import check
from qlara_sandbox.scenario.load import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = Path(__file__).parent.parent / "scenario-files.md"
HEAD = """\
# Scenario files

<!-- Written by `make docs`, from `sandbox/qlara_sandbox/scenario/schema.json`. -->

A scenario is one YAML file; its name is the file's. Put your own into a folder and start the sandbox with it. The
[shipped scenarios](scenarios.md) stay reachable beside them, and a file of your own wins over a shipped one of the
same name.

```sh
qlara-sandbox scenarios new third-import-fails      # writes a commented file into my-scenarios
qlara-sandbox scenarios check my-scenarios/*.yaml   # everything that is wrong, in one pass
qlara-sandbox serve --scenarios my-scenarios --scenario third-import-fails --reload
```

A file needs a `title` and a `story`; everything else has a default. With `--reload`, a file takes effect when it is
saved, and one with mistakes leaves the last good one in force. Editors that know the
[YAML language server](https://github.com/redhat-developer/yaml-language-server) complete fields and show mistakes, from
the first line that `scenarios new` writes.

This one lets the third import fail, and is complete:

```yaml
title: The third import fails
story: Two imports pass, the third gets a 503, and all that follow pass again.
lists:
  - {id: list_crm_migration, name: CRM migration}
faults:
  - {on: uploadVCard, skip: 2, count: 1, respond: {status: 503, headers: {Retry-After: "1"}}}
```
"""
MISTAKES_HEAD = """
## Mistakes people make

What `scenarios check` says of each. It exits with 1 if there is a mistake, and knows the operations of the contract,
the vCard files and the overlay that a scenario names.

| written | said |
|---|---|
"""
# What is shown of each kind: a line of a file as people write it.
MISTAKES = (
    "titel: Full",
    "quota: {used: 10}",
    "account: {quota: 50000}",
    "account: {region: it}",
    "account: {region: UK}",
    "account: {timezone: Rome}",
    "account: {active: yes}",
    "account: {permissions: contacts}",
    "clock: {start: 2026-04-09}",
    "clock: {import_takes: 5 seconds}",
    "limits: {file_bytes: 10 MB}",
    "rate_limit: {requests: 10}",
    "lists: [crm]",
    "lists: [{id: my list}]",
    "lists: [{id: a}, {id: a}]",
    "lists: [{id: a, contacts: [{name: Marco, phoneNumber: +393471234567}]}]",
    "lists: [{id: a, file: /home/me/export.vcf}]",
    "faults: [{on: uploadVcard, respond: {status: 503}}]",
    "faults: [{on: uploadVCard, delay: 3s}]",
    "faults: [{on: uploadVCard, respond: 503}]",
    "faults: [{on: uploadVCard, network: RESET}]",
    "faults: [{on: uploadVCard}]",
    "faults: [{on: uploadVCard, respond: {status: 503, headers: {Retry-After: 1}}}]",
)


def page() -> str:
    """Return the page as it should be."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return "".join(
        [
            HEAD,
            "\n## All fields\n",
            *_sections(schema),
            MISTAKES_HEAD,
            *(f"| {_code(line)} | {_said(line)} |\n" for line in MISTAKES),
        ]
    )


def complete_example() -> str:
    """Return the scenario that the page shows whole."""
    return HEAD.partition("```yaml\n")[2].partition("```")[0]


def _sections(schema: Mapping[str, Any]) -> Iterator[str]:
    top = {name: node for name, node in schema["properties"].items() if not _fields_of(node)}
    yield _table("", schema, top)
    for name, node in schema["properties"].items():
        if name not in top:
            yield from _section(name, node)


def _section(name: str, node: Mapping[str, Any]) -> Iterator[str]:
    examples = node.get("examples")
    yield f"\n### {name}\n\n{node['description']}\n"
    if examples and isinstance(examples[0], list):
        lines = "\n".join(f"  - {as_yaml(item)}" for item in examples[0])
        yield f"\n```yaml\n{name}:\n{lines}\n```\n"
    holder = node.get("items", node)
    for place, each in _tables(holder, ""):
        yield _table(place, each, each["properties"])


def _tables(node: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a node that has fields, and those in it, each with its place."""
    yield place, node
    for name, each in node["properties"].items():
        if _fields_of(each):
            inner = each.get("items", each)
            mark = "[]" if "items" in each else ""
            yield from _tables(inner, f"{place}{name}{mark}.")


def _fields_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = node.get("items", node).get("properties", {})
    return fields


def _table(place: str, holder: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    needed = holder.get("required", ())
    rows = (
        f"| `{place}{name}`{' (needed)' if name in needed else ''} | {_meaning(node)} "
        f"| {_value(node, 'default')} | {_example(node)} |\n"
        for name, node in fields.items()
    )
    return "\n| field | meaning | default | example |\n|---|---|---|---|\n" + "".join(rows)


def _meaning(node: Mapping[str, Any]) -> str:
    kind = _kind(node)
    return _cell(f"{node['description']}{f' {kind}' if kind else ''}")


def _kind(node: Mapping[str, Any]) -> str:
    options = node.get("enum") or node.get("items", {}).get("enum")
    if options:
        each = "Any of" if "items" in node else "One of"
        return f"{each} {', '.join(f'`{one}`' for one in options)}."
    if isinstance(node.get("x-qlara-expected"), str):
        words = node["x-qlara-expected"]
        return f"{words[0].upper()}{words[1:]}."
    if node.get("type") in {"integer", "number"}:
        what = "A whole number" if node["type"] == "integer" else "A number"
        return f"{what} from {node['minimum']} to {node['maximum']}."
    return {"boolean": "`true` or `false`."}.get(str(node.get("type")), "")


def _value(node: Mapping[str, Any], key: str) -> str:
    return f"`{as_yaml(node[key])}`" if key in node else ""


def _example(node: Mapping[str, Any]) -> str:
    return _cell(f"`{as_yaml(node['examples'][0])}`") if "examples" in node else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return _cell(f"`{text}`")


def _said(line: str) -> str:
    head = "" if line.startswith("titel") else "title: T\n"
    contract = Contract(resources.SPEC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.yaml"
        path.write_text(f"{head}story: S\n{line}\n", encoding="utf-8")
        found = check(path, lambda _: contract.conventions, contract.by_id)
    return "<br>".join(_as_cell(f"{each.field}: {each.message}") for each in found)


def _as_cell(text: str) -> str:
    """Return a message as a cell shows it: corrections as code, everything else as text."""
    return _cell(text).replace("*", "\\*").replace("<", "&lt;")
