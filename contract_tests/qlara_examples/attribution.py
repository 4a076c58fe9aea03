"""Says which of page, contract and server is the odd one out where they differ."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from qlara_examples.compare import Mismatch, MismatchKind, Path, shown, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qlara_contract.contract import ContractDocument, ContractOperation
    from qlara_examples.bash import Command
    from qlara_examples.json_text import Node
    from qlara_examples.relay import RelayedExchange

_ABSENT = object()
_RESEMBLES, _RECOGNISED = 0.5, 0.7


class OddOneOut(StrEnum):
    """The one of three that the two others contradict."""

    PAGE = "the page"
    SERVER = "the server"
    CONTRACT = "openapi.yaml"
    NOBODY = ""


@dataclass(frozen=True)
class Finding:
    """What is wrong, at which line of the page, and who is the odd one out."""

    line: int
    text: str
    odd_one_out: OddOneOut = OddOneOut.NOBODY

    def __str__(self) -> str:
        return f"{self.text}. {self.verdict}".rstrip()

    @property
    def verdict(self) -> str:
        """Who is the odd one out, as a sentence; empty where nobody is."""
        who = self.odd_one_out
        return f"The odd one out is {who}." if who else ""


class Attributor:
    """Judges mismatches by the contract; *operation* and *status* select the documented response."""

    def __init__(
        self, contract: ContractDocument, operation: ContractOperation | None, status: int
    ) -> None:
        self._contract = contract
        self._operation = operation
        self._content = self._content_of(status)
        self._example: Any = _ABSENT
        self._same_story = False

    def recognise(self, documented: Any, *, certain: bool = True) -> None:
        """Choose the example of the contract that resembles the documented response most.

        Not *certain*: the values in the response are those of some account, not of a scenario.
        """
        rated = [(_likeness(documented, each), each) for each in self._examples()]
        best = max(rated, key=lambda each: each[0], default=(0.0, _ABSENT))
        self._example = best[1] if best[0] >= _RESEMBLES else _ABSENT
        self._same_story = certain and best[0] >= _RECOGNISED

    def judge(self, mismatch: Mismatch) -> Finding:
        """Return a mismatch between page and server as a finding that cites the contract."""
        text = _text_of(mismatch)
        if mismatch.kind is MismatchKind.STATUS:
            return self._judge_status(mismatch, text)
        if mismatch.kind in {MismatchKind.MISSING, MismatchKind.EXTRA}:
            return self._judge_key(mismatch, text)
        return self._judge_value(mismatch, text)

    def contradictions(self, node: Node, mismatches: Sequence[Mismatch]) -> Iterator[Finding]:
        """Yield what page and server agree on and the contract contradicts."""
        judged = [each.path for each in mismatches]
        for path, message in self._violations(node.value):
            if not any(path[: len(each)] == each or each[: len(path)] == path for each in judged):
                yield Finding(
                    _line_of(node, path),
                    f"{shown(path)}: page and server agree, but openapi.yaml says: {message}",
                    OddOneOut.CONTRACT,
                )
        example = self._example if self._same_story else _ABSENT
        for path, page, other in _leaves_that_differ(node.value, example):
            if path not in judged and not _is_volatile(path, page):
                yield Finding(
                    _line_of(node, path),
                    f"{shown(path)}: page and server say {_json(page)}, "
                    f"the example in openapi.yaml {_json(other)}",
                    OddOneOut.CONTRACT,
                )

    def broken_by(self, response: Any, line: int) -> Iterator[Finding]:
        """Yield how the response itself breaks the contract."""
        for path, message in self._violations(response, required=True):
            text = f"{shown(path)}: the response breaks openapi.yaml: {message}"
            yield Finding(line, text, OddOneOut.SERVER)

    def _judge_status(self, mismatch: Mismatch, text: str) -> Finding:
        if self._operation is None:
            return Finding(mismatch.line, text)
        known = self._operation.responses
        page, response = mismatch.page in known, mismatch.response in known
        if isinstance(mismatch.page, int) and page != response:
            other = mismatch.response if page else mismatch.page
            text = f"{text}; openapi.yaml documents no {other} here"
            return Finding(mismatch.line, text, OddOneOut.SERVER if page else OddOneOut.PAGE)
        return Finding(mismatch.line, f"{text}; openapi.yaml documents both" if page else text)

    def _judge_key(self, mismatch: Mismatch, text: str) -> Finding:
        schema = self._schema(mismatch.path[:-1])
        key = mismatch.path[-1]
        if schema is None or "properties" not in schema:
            return Finding(mismatch.line, text)
        missing = mismatch.kind is MismatchKind.MISSING
        if key not in schema["properties"]:
            text += "; openapi.yaml has no such key" + (" either" if missing else "")
            return Finding(mismatch.line, text, OddOneOut.PAGE if missing else OddOneOut.SERVER)
        if key in schema.get("required", ()):
            text += "; openapi.yaml requires it"
            return Finding(mismatch.line, text, OddOneOut.SERVER if missing else OddOneOut.PAGE)
        return Finding(mismatch.line, f"{text}; in openapi.yaml it is optional")

    def _judge_value(self, mismatch: Mismatch, text: str) -> Finding:
        example = _at(self._example, mismatch.path)
        line = mismatch.line
        if example is not _ABSENT and _same(example, mismatch.response):
            return Finding(line, f"{text}; so does the example in openapi.yaml", OddOneOut.PAGE)
        if example is not _ABSENT and _same(example, mismatch.page):
            text += "; the example in openapi.yaml agrees with the page"
            return Finding(line, text, OddOneOut.SERVER)
        page, response = (
            self._allows(mismatch.path, value) for value in (mismatch.page, mismatch.response)
        )
        if page is False and response:
            return Finding(line, f"{text}; openapi.yaml allows only the latter", OddOneOut.PAGE)
        if response is False and page:
            return Finding(line, f"{text}; openapi.yaml allows only the former", OddOneOut.SERVER)
        return Finding(line, f"{text}; openapi.yaml allows both" if page else text)

    def _allows(self, path: Path, value: Any) -> bool | None:
        schema = self._schema(path)
        return None if schema is None else self._contract.validator(schema).is_valid(value)

    def _violations(self, value: Any, *, required: bool = False) -> Iterator[tuple[Path, str]]:
        """Yield how *value* breaks the schema; missing keys count only if *required*."""
        if "schema" not in self._content:
            return
        for error in self._contract.validator(self._content["schema"]).iter_errors(value):
            if required or "is a required property" not in error.message:
                yield tuple(error.instance_path), error.message

    def _content_of(self, status: int) -> dict[str, Any]:
        """Return schema and examples of the documented response; empty if there is none."""
        if self._operation is None:
            return {}
        responses = _described(self._contract, self._operation)["responses"]
        response = self._contract.resolve(responses.get(str(status), {}))
        return next(iter(response.get("content", {}).values()), {})

    def _examples(self) -> list[Any]:
        given = map(self._contract.resolve, self._content.get("examples", {}).values())
        found = [each["value"] for each in given if "value" in each]
        return [*found, self._content["example"]] if "example" in self._content else found

    def _schema(self, path: Path) -> dict[str, Any] | None:
        schema = self._contract.resolve(self._content.get("schema", {}))
        for part in path:
            if isinstance(part, int):
                step = schema.get("items")
            else:
                step = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
            if not isinstance(step, dict):
                return None
            schema = self._contract.resolve(step)
        return schema or None


def _described(contract: ContractDocument, operation: ContractOperation) -> dict[str, Any]:
    """Return an operation as openapi.yaml describes it."""
    described: dict[str, Any] = contract.document["paths"][operation.template][
        operation.method.lower()
    ]
    return described


def judge_request(
    contract: ContractDocument, command: Command, relayed: RelayedExchange
) -> Iterator[Finding]:
    """Yield what a command requests that the contract does not have."""
    operation = contract.operation_of(relayed.method, relayed.path)
    if operation is None:
        odd = OddOneOut.PAGE if relayed.status in {404, 405} else OddOneOut.CONTRACT
        text = f"openapi.yaml has no operation {relayed.method} {relayed.path}"
        yield Finding(_line_with(command, relayed.path), text, odd)
        return
    shared = contract.document["paths"][operation.template].get("parameters", ())
    described = map(
        contract.resolve, [*shared, *_described(contract, operation).get("parameters", ())]
    )
    known = {each["name"] for each in described if each["in"] == "query"}
    for name, _ in parse_qsl(relayed.query, keep_blank_values=True):
        if name not in known:
            text = f"openapi.yaml has no parameter `{name}` for {operation.operation_id}"
            yield Finding(_line_with(command, name), text, OddOneOut.PAGE)


def _line_with(command: Command, text: str) -> int:
    """Return the first line of a command that holds *text*, or its first line."""
    return next((line.number for line in command.lines if text in line.text), command.first)


def _text_of(mismatch: Mismatch) -> str:
    what = shown(mismatch.path)
    if mismatch.kind is MismatchKind.STATUS:
        return f"the page documents {mismatch.page}, the response is {mismatch.response}"
    if mismatch.kind is MismatchKind.MISSING:
        meant = f"; it has `{mismatch.meant}`" if mismatch.meant else ""
        return f"{what}: the response has no such key{meant}"
    if mismatch.kind is MismatchKind.EXTRA:
        return f"{what}: the response has it ({_json(mismatch.response)}), the page does not"
    page, response = _json(mismatch.page), _json(mismatch.response)
    if mismatch.kind is MismatchKind.TYPE:
        return (
            f"{what}: the page has {type_of(mismatch.page)} {page}, "
            f"the response {type_of(mismatch.response)} {response}"
        )
    return f"{what}: the page says {page}, the response {response}"


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
    """Return the line of the page of the value at *path*."""
    for part in path:
        if node.members is not None and isinstance(part, str) and part in node.members:
            node = node.members[part]
        elif node.items is not None and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
    return node.line
