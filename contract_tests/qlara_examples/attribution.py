"""Page, contract and server are three witnesses: says which one stands alone where they differ."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jsonschema_rs

from qlara_examples.compare import Difference, Kind, Path, shown, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qlara_contract.contract import Contract, Operation
    from qlara_examples.bash import Command
    from qlara_examples.json_text import Node
    from qlara_examples.relay import Passed

_ABSENT = object()
_RESEMBLES, _RECOGNISED = 0.5, 0.7


class Alone(StrEnum):
    """The witness that the two others contradict."""

    PAGE = "the page"
    SERVER = "the server"
    CONTRACT = "openapi.yaml"
    NOBODY = ""


@dataclass(frozen=True)
class Finding:
    """What is wrong, at which line of the page, and who stands alone with it."""

    line: int
    text: str
    alone: Alone = Alone.NOBODY

    def __str__(self) -> str:
        return f"{self.text}. {self.verdict}" if self.alone else f"{self.text}."

    @property
    def verdict(self) -> str:
        """Who stands alone, as a sentence; empty where nobody does."""
        return f"{self.alone[:1].upper()}{self.alone[1:]} stands alone." if self.alone else ""


class Witnesses:
    """Judges differences by the contract; *operation* and *status* say which of its answers counts."""

    def __init__(self, contract: Contract, operation: Operation | None, status: int) -> None:
        self._document = contract.document
        self._operation = operation
        self._answer = self._content(status)
        self._example: Any = _ABSENT
        self._same_story = False

    def recognise(self, documented: Any, *, certain: bool = True) -> None:
        """Choose the example of the contract that tells the same story as the documented answer.

        Not *certain*: the values of the answer are those of some account, and no story.
        """
        rated = [(_likeness(documented, each), each) for each in self._examples()]
        best = max(rated, key=lambda each: each[0], default=(0.0, _ABSENT))
        self._example = best[1] if best[0] >= _RESEMBLES else _ABSENT
        self._same_story = certain and best[0] >= _RECOGNISED

    def judge(self, difference: Difference) -> Finding:
        """Return a difference between page and server as a finding, with the contract's voice."""
        text = _told(difference)
        if difference.kind is Kind.STATUS:
            return self._judge_status(difference, text)
        if difference.kind in {Kind.MISSING, Kind.EXTRA}:
            return self._judge_key(difference, text)
        return self._judge_value(difference, text)

    def contradictions(self, node: Node, differences: Sequence[Difference]) -> Iterator[Finding]:
        """Yield what the page says, undisputed by the server, and the contract forbids."""
        judged = [each.path for each in differences]
        for path, message in self._violations(node.value):
            if not any(path[: len(each)] == each or each[: len(path)] == path for each in judged):
                yield Finding(
                    _line_of(node, path),
                    f"{shown(path)}: page and server agree, and openapi.yaml says: {message}",
                    Alone.CONTRACT,
                )
        example = self._example if self._same_story else _ABSENT
        for path, page, other in _leaves_that_differ(node.value, example):
            if path not in judged and not _is_volatile(path, page):
                yield Finding(
                    _line_of(node, path),
                    f"{shown(path)}: page and server say {_json(page)}, "
                    f"the example in openapi.yaml {_json(other)}",
                    Alone.CONTRACT,
                )

    def broken_by(self, answer: Any, line: int) -> Iterator[Finding]:
        """Yield how the answer itself breaks the contract."""
        if self._operation is None or self._answer is None:
            return
        for path, message in self._violations(answer, required=True):
            text = f"{shown(path)}: the answer breaks openapi.yaml: {message}"
            yield Finding(line, text, Alone.SERVER)

    def _judge_status(self, difference: Difference, text: str) -> Finding:
        if self._operation is None:
            return Finding(difference.line, text)
        known = self._operation.answers
        page, answer = difference.page in known, difference.answer in known
        if isinstance(difference.page, int) and page != answer:
            alone = Alone.SERVER if page else Alone.PAGE
            other = difference.answer if page else difference.page
            return Finding(difference.line, f"{text}; openapi.yaml knows no {other} here", alone)
        return Finding(difference.line, f"{text}; openapi.yaml knows both" if page else text)

    def _judge_key(self, difference: Difference, text: str) -> Finding:
        schema = self._schema(difference.path[:-1])
        key = difference.path[-1]
        if schema is None or "properties" not in schema:
            return Finding(difference.line, text)
        missing = difference.kind is Kind.MISSING
        if key not in schema["properties"]:
            alone = Alone.PAGE if missing else Alone.SERVER
            return Finding(
                difference.line,
                f"{text}; openapi.yaml has no such key either"
                if missing
                else f"{text}; openapi.yaml has no such key",
                alone,
            )
        if key in schema.get("required", ()):
            alone = Alone.SERVER if missing else Alone.PAGE
            return Finding(difference.line, f"{text}; openapi.yaml demands it", alone)
        return Finding(difference.line, f"{text}; openapi.yaml leaves it free")

    def _judge_value(self, difference: Difference, text: str) -> Finding:
        example = _at(self._example, difference.path)
        line = difference.line
        if example is not _ABSENT and _same(example, difference.answer):
            return Finding(line, f"{text}; so does the example in openapi.yaml", Alone.PAGE)
        if example is not _ABSENT and _same(example, difference.page):
            text = f"{text}; the example in openapi.yaml has what the page has"
            return Finding(line, text, Alone.SERVER)
        page, answer = (
            self._allows(difference.path, value) for value in (difference.page, difference.answer)
        )
        if page is False and answer:
            return Finding(line, f"{text}; openapi.yaml allows only the latter", Alone.PAGE)
        if answer is False and page:
            return Finding(line, f"{text}; openapi.yaml allows only the former", Alone.SERVER)
        return Finding(line, f"{text}; openapi.yaml allows both" if page else text)

    def _allows(self, path: Path, value: Any) -> bool | None:
        schema = self._schema(path)
        if schema is None:
            return None
        whole = {**schema, "components": self._document.get("components", {})}
        return jsonschema_rs.validator_for(whole, validate_formats=True).is_valid(value)

    def _violations(self, value: Any, *, required: bool = False) -> Iterator[tuple[Path, str]]:
        if self._answer is None or "schema" not in self._answer:
            return
        whole = {**self._answer["schema"], "components": self._document.get("components", {})}
        validator = jsonschema_rs.validator_for(whole, validate_formats=True)
        for error in validator.iter_errors(value):
            lacks = "is a required property" in error.message
            if required or not lacks:
                yield tuple(error.instance_path), error.message

    def _content(self, status: int) -> dict[str, Any] | None:
        if self._operation is None:
            return None
        responses = self._path_item()["responses"]
        response = responses.get(str(status))
        content = self._resolved(response or {}).get("content", {})
        return next(iter(content.values()), None)

    def _path_item(self) -> dict[str, Any]:
        assert self._operation is not None
        item = self._document["paths"][self._operation.template]
        found: dict[str, Any] = item[self._operation.method.lower()]
        return found

    def _examples(self) -> list[Any]:
        if self._answer is None:
            return []
        given = [self._resolved(each) for each in self._answer.get("examples", {}).values()]
        found = [each["value"] for each in given if "value" in each]
        return [*found, self._answer["example"]] if "example" in self._answer else found

    def _schema(self, path: Path) -> dict[str, Any] | None:
        schema = self._resolved((self._answer or {}).get("schema", {}))
        for part in path:
            if isinstance(part, int):
                step = schema.get("items")
            else:
                step = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
            if not isinstance(step, dict):
                return None
            schema = self._resolved(step)
        return schema or None

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self._document
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            value = found
        return value


def judge_request(contract: Contract, command: Command, passed: Passed) -> Iterator[Finding]:
    """Yield what a command asks for that the contract does not know."""
    operation = contract.operation_of(passed.method, passed.path)
    if operation is None:
        alone = Alone.PAGE if passed.status in {404, 405} else Alone.CONTRACT
        text = f"openapi.yaml knows no {passed.method} {passed.path}"
        yield Finding(_line_with(command, passed.path), text, alone)
        return
    item = contract.document["paths"][operation.template]
    described = [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]
    known = {each.get("name") for each in described if each.get("in", "query") == "query"}
    for name, _ in parse_qsl(passed.query, keep_blank_values=True):
        if name not in known and not any("$ref" in each for each in described):
            text = f"openapi.yaml knows no parameter `{name}` of {operation.operation_id}"
            yield Finding(_line_with(command, name), text, Alone.PAGE)


def _line_with(command: Command, text: str) -> int:
    """Return the first line of a command that holds *text*, or its first line."""
    return next((line.number for line in command.lines if text in line.text), command.first)


def _told(difference: Difference) -> str:
    what = shown(difference.path)
    if difference.kind is Kind.STATUS:
        return f"the page documents {difference.page}, the answer is {difference.answer}"
    if difference.kind is Kind.MISSING:
        meant = f"; it has `{difference.meant}`" if difference.meant else ""
        return f"{what}: the answer has no such key{meant}"
    if difference.kind is Kind.EXTRA:
        return f"{what}: the answer has it ({_json(difference.answer)}), the page does not"
    page, answer = _json(difference.page), _json(difference.answer)
    if difference.kind is Kind.TYPE:
        return (
            f"{what}: the page has {type_of(difference.page)} {page}, "
            f"the answer {type_of(difference.answer)} {answer}"
        )
    return f"{what}: the page says {page}, the answer {answer}"


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:160] + "…"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*path, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _leaves(each, (*path, at))
    else:
        yield path, value


def _leaves_that_differ(value: Any, example: Any) -> Iterator[tuple[Path, Any, Any]]:
    for path, leaf in _leaves(value):
        other = _at(example, path)
        if other is not _ABSENT and not _same(other, leaf):
            yield path, leaf, other


def _likeness(value: Any, example: Any) -> float:
    leaves = list(_leaves(value))
    same = sum(_same(_at(example, path), leaf) for path, leaf in leaves)
    return same / len(leaves) if leaves else 0.0


def _is_volatile(path: Path, value: Any) -> bool:
    return isinstance(value, str) and bool(
        re.match(r"\d{4}-\d\d-\d\dT", value) or str(path[-1]).endswith("Id")
    )


def _line_of(node: Node, path: Path) -> int:
    """Return the line of the page where the value at *path* stands."""
    for part in path:
        if node.members is not None and isinstance(part, str) and part in node.members:
            node = node.members[part]
        elif node.items is not None and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
    return node.line
