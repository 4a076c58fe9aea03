"""The requests of every collection: from the contract's operations and examples, and the scenarios' ``try`` lines.

A value may hold ``${apiKey}``, ``${listId}``, ``${label}`` (a new one for each scenario of each run) and
``${importedList}`` (the list of the import before); each format writes them in its own way.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from docs.generate.stories import steps
from qlara_sandbox import resources
from qlara_sandbox.scenario.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docs.generate.stories import Outcome, Step
    from qlara_sandbox.scenario.model import Scenario

METHODS = ("get", "post", "put", "patch", "delete")
_LOOP = re.compile(r"for \w+ in \$\(seq (\d+)\); do (.+); done")
_PREPARATION = "qlara-sandbox "
_FLAGS_WITH_A_VALUE = ("-o", "-w", "--retry", "--max-time")
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Call:
    """One request, and the response that is expected."""

    name: str
    operation: str
    method: str
    path: str
    status: int
    members: tuple[str, ...] = ()
    description: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True)
class Group:
    """Requests that follow one another with one key."""

    name: str
    title: str
    description: str
    key: str
    calls: tuple[Call, ...]
    preparation: tuple[str, ...] = ()

    @property
    def wants_label(self) -> bool:
        return "${label}" in self.key


class Contract:
    """What the collections need of ``openapi.yaml``."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = yaml.safe_load(resources.SPEC.read_text(encoding="utf-8"))
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def followed(self, value: Any) -> Any:
        """Return what a ``$ref`` stands for."""
        while "$ref" in value:
            found: Any = self.document
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            value = found
        return value

    def members(self, operation_id: str, status: int) -> tuple[str, ...]:
        """Return the members that the body of a response must have."""
        responses = self.operations[operation_id][2]["responses"]
        if str(status) not in responses:
            return ()
        content = self.followed(responses[str(status)])["content"]["application/json"]
        return tuple(self.followed(content["schema"])["required"])

    def operation_at(self, method: str, path: str) -> str:
        name: str
        for name, (its_method, template, _) in self.operations.items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if its_method == method and re.fullmatch(pattern, path):
                return name
        message = f"no operation of the contract: {method} {path}"
        raise ValueError(message)

    def call(self, operation_id: str, status: int, **more: Any) -> Call:
        """Return a call as the contract's first example of each parameter has it."""
        method, path, operation = self.operations[operation_id]
        query = {}
        for parameter in operation.get("parameters", ()):
            value = str(next(iter(parameter["examples"].values()))["value"])
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", more.pop("list_id", "${listId}"))
            else:
                query[parameter["name"]] = value
        call = Call(
            name=operation["summary"],
            description=operation["description"].strip(),
            operation=operation_id,
            method=method,
            path=path,
            query=query,
            status=status,
            members=self.members(operation_id, status),
        )
        return replace(call, **more)

    def forms(self) -> Iterator[tuple[str, str, dict[str, str], str]]:
        """Yield the example forms of the import: name, summary, text fields, and the file's text."""
        content = self.operations["uploadVCard"][2]["requestBody"]["content"][FORM]
        for name, example in content["x-qlara-examples"].items():
            fields = dict(example["value"])
            file = fields.pop("file")
            if "listId" in fields:
                fields["listId"] = "${listId}"
            yield name, example["summary"], fields, file


@cache
def contract() -> Contract:
    return Contract()


@cache
def groups() -> tuple[Group, ...]:
    """Return the documented calls, every scenario that a client of HTTP can follow, and the documented responses."""
    library = Library(resources.SCENARIOS)
    scenarios = [_of_scenario(library.get(name)) for name in library.names()]
    return (documented(), *(group for group in scenarios if group.calls), forced())


def documented() -> Group:
    """Return the use case, for any deployment: the quota, each import and its list, and the quota again."""
    quota = contract().call("getContactQuota", 200)
    calls = [quota]
    for name, summary, fields, _ in contract().forms():
        calls.append(
            contract().call(
                "uploadVCard",
                200,
                name=f"Import: {summary[:1].lower()}{summary[1:]}",
                fields=fields,
                file=f"{name}.vcf",
            )
        )
        calls.append(contract().call("listContacts", 200, list_id="${importedList}"))
    calls.append(replace(quota, name=f"{quota.name} again"))
    return Group(
        name="uc-020",
        title="UC-020: import, list, quota",
        description="The documented calls, for any deployment. Each file holds one contact.",
        key="${apiKey}",
        calls=tuple(calls),
    )


def forced() -> Group:
    """Return a call for each refusal that the contract shows, forced by its name."""
    calls = []
    _, _, fields, _ = next(contract().forms())
    for operation_id, (_, _, operation) in contract().operations.items():
        more = {"fields": fields, "file": "completed.vcf"} if operation_id == "uploadVCard" else {}
        for status, response in operation["responses"].items():
            content = contract().followed(response)["content"]["application/json"]
            for name, example in content["examples"].items() if int(status) >= 400 else ():
                calls.append(
                    contract().call(
                        operation_id,
                        int(status),
                        name=f"{status} {operation_id}: {example['summary']}",
                        headers={"Prefer": f"example={name}"},
                        **more,
                    )
                )
    return Group(
        name="documented-refusals",
        title="Every documented refusal",
        description=(
            "The header `Prefer: example=NAME` makes the sandbox respond with an example of the "
            "contract, whatever the state."
        ),
        key="sandbox_${label}",
        calls=tuple(calls),
    )


def slug(text: str) -> str:
    """Return *text* in letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def placed(value: str, opening: str, closing: str) -> str:
    """Return *value* with its ``${names}`` between other brackets."""
    return value.replace("${", opening).replace("}", closing)


def files() -> dict[str, bytes]:
    """Return the files that the collections upload, but for those that are too large to keep."""
    made = {f"{name}.vcf": text.encode() for name, _, _, text in contract().forms()}
    for group in groups():
        for call in group.calls:
            if call.file and call.file not in made and call.file not in too_large():
                made[call.file] = (resources.SCENARIOS / "files" / call.file).read_bytes()
    return made


def too_large() -> set[str]:
    """Return the names of the files that are made, and not kept."""
    commands = (command for group in groups() for command in group.preparation)
    return {shlex.split(command)[-1].removeprefix("files/") for command in commands}


def _of_scenario(scenario: Scenario) -> Group:
    """Return the steps of a scenario up to the first that has no whole response."""
    calls: list[Call] = []
    for step in steps(scenario.try_lines):
        if any(outcome.cut_off or outcome.status == 0 for outcome in step.expected):
            break
        calls += _of_step(step)
    commands = (line for line in scenario.try_lines.splitlines() if line.startswith(_PREPARATION))
    return Group(
        name=scenario.name,
        title=f"Scenario {scenario.name}: {scenario.title}",
        description=scenario.story,
        key=f"sandbox_${{label}}__{scenario.name}",
        calls=tuple(calls),
        preparation=tuple(line.replace("$SCRATCH/", "files/") for line in commands),
    )


def _of_step(step: Step) -> Iterator[Call]:
    lines = [line for line in step.commands.splitlines() if not line.startswith(_PREPARATION)]
    commands = [command for line in lines for command in _unrolled(line)]
    # A curl that tries again by itself sends more requests than there are commands.
    commands += commands[-1:] * (len(step.expected) - len(commands))
    for number, (command, outcome) in enumerate(zip(commands, step.expected, strict=True), 1):
        said = step.says.partition(": ")[2]
        if len(commands) > 1:
            said = f"({number} of {len(commands)})"
        name = f"{outcome.status} {said}".strip()
        yield _of_curl(command, outcome, name)


def _unrolled(line: str) -> list[str]:
    loop = _LOOP.fullmatch(line)
    return [loop[2]] * int(loop[1]) if loop else [line]


def _of_curl(command: str, outcome: Outcome, name: str) -> Call:
    """Read a curl command of a ``try`` line; its key is the group's."""
    arguments = iter(shlex.split(command)[1:])
    url, file, fields = "", "", {}
    for argument in arguments:
        if argument in _FLAGS_WITH_A_VALUE or argument == "-H":
            next(arguments)
        elif argument == "-F":
            key, _, value = next(arguments).partition("=")
            if key == "file":
                file = value.rpartition("/")[2]
            else:
                fields[key] = value
        elif not argument.startswith("-"):
            url = argument
    parts = urlsplit(url.removeprefix("$BASE"))
    method = "post" if file else "get"
    operation = contract().operation_at(method, parts.path)
    return Call(
        name=name,
        operation=operation,
        method=method,
        path=parts.path,
        status=outcome.status,
        members=contract().members(operation, outcome.status),
        query=dict(parse_qsl(parts.query)),
        fields=fields,
        file=file,
    )
