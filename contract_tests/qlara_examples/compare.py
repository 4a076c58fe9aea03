"""Holds an answer against the documented one: keys, types, and the values that are promised."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.json_text import Node

Path = tuple[str | int, ...]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"([a-z]+)_[A-Za-z0-9_-]+")
_RUNNING = re.compile(r"cnt_\d{3,}")
_PLACEHOLDER = re.compile(r"<[^>]*>|\.\.\.|…|\{[^}]*\}")
_DIGITS = re.compile(r"\d+")


class Kind(StrEnum):
    """How a documented fact and the answer differ."""

    VALUE = "value"
    TYPE = "type"
    MISSING = "key that the answer lacks"
    EXTRA = "key that the page lacks"
    STATUS = "status"


@dataclass(frozen=True)
class Promised:
    """Which values are certain.

    ``values``: those of a scenario's world; ``times``: its clock stands still; ``stated``: the text
    that names the ids which are certain.
    """

    values: bool = True
    times: bool = True
    stated: str = ""


@dataclass(frozen=True)
class Difference:
    """One documented fact that the answer does not bear out, at a line of the page.

    ``page`` and ``answer`` are the two values; for ``EXTRA`` and ``MISSING`` the last part of
    ``path`` is the key, and ``meant`` the key that was probably meant.
    """

    line: int
    path: Path
    kind: Kind
    page: Any = None
    answer: Any = None
    meant: str = ""


@dataclass
class Comparison:
    """What differs, and what a reader may want to know beside."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(documented: Sequence[Node], answers: Sequence[Any], promised: Promised) -> Comparison:
    """Compare the values that a page documents with those of the answer, in order.

    Documentation abbreviates: an array of objects may show a beginning or some of its elements, a
    stream of values its beginning.
    """
    comparer = _Comparer(promised)
    for at, node in enumerate(documented):
        if at < len(answers):
            comparer.value(node, answers[at], ())
        else:
            comparer.found(node, (), Kind.VALUE, node.value, None)
    if len(answers) > len(documented) > 1:
        comparer.result.notes.append(f"{len(documented)} of {len(answers)} values are shown")
    return comparer.result


def shown(path: Path) -> str:
    """Return a path as people write it: ``errors[0].line``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the answer"


def type_of(value: Any) -> str:
    """Return the name of a value's JSON type."""
    names = {bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null"}
    if type(value) in names:
        return names[type(value)]
    return "integer" if isinstance(value, int) else "number"


class _Comparer:
    def __init__(self, promised: Promised) -> None:
        self.result = Comparison()
        self._promised = promised

    def found(self, node: Node, path: Path, kind: Kind, page: Any, answer: Any) -> None:
        self.result.differences.append(Difference(node.line, path, kind, page, answer))

    def value(self, node: Node, answer: Any, path: Path) -> None:
        """Compare one value; differences are collected."""
        if _is_placeholder(node):
            return
        wanted, got = type_of(node.value), type_of(answer)
        if wanted != got and {wanted, got} != {"integer", "number"}:
            self.found(node, path, Kind.TYPE, node.value, answer)
        elif node.members is not None:
            self._object(node, answer, path)
        elif node.items is not None:
            self._array(node, node.items, answer, path)
        elif not self._agrees(node.scalar, answer, path):
            self.found(node, path, Kind.VALUE, node.scalar, answer)

    def _object(self, node: Node, answer: dict[str, Any], path: Path) -> None:
        assert node.members is not None
        extra = [key for key in answer if key not in node.members]
        for key, member in node.members.items():
            if key in answer:
                self.value(member, answer[key], (*path, key))
                continue
            meant = _meant(key, member, answer, extra)
            if meant:
                extra.remove(meant)
            line = node.lines_of_keys[key]
            difference = Difference(line, (*path, key), Kind.MISSING, member.value, None, meant)
            self.result.differences.append(difference)
        if not node.abbreviated:
            self._extra(node, extra, answer, path)

    def _extra(self, node: Node, extra: list[str], answer: dict[str, Any], path: Path) -> None:
        for key in extra:
            if self._promised.values:
                self.found(node, (*path, key), Kind.EXTRA, None, answer[key])
            else:
                self.result.notes.append(f"{shown((*path, key))} is not documented")

    def _array(self, node: Node, items: tuple[Node, ...], answer: list[Any], path: Path) -> None:
        if all(each.members is None and each.items is None for each in items):
            self._scalars(node, items, answer, path)
            return
        if len(items) < len(answer):
            self.result.notes.append(f"{len(items)} of {len(answer)} {shown(path)} are shown")
        if len(items) <= len(answer) and not any(
            self._differences(item, answer[at]) for at, item in enumerate(items)
        ):
            return
        self._subset(items, answer, path)

    def _scalars(self, node: Node, items: tuple[Node, ...], answer: list[Any], path: Path) -> None:
        if node.abbreviated or not self._promised.values:
            for at, item in enumerate(items):
                if answer and not any(self._agrees(item.scalar, each, path) for each in answer):
                    self.found(item, (*path, at), Kind.VALUE, item.scalar, answer)
            return
        if len(items) != len(answer):
            self.found(node, path, Kind.VALUE, node.value, answer)
            return
        for at, (item, each) in enumerate(zip(items, answer, strict=True)):
            self.value(item, each, (*path, at))

    def _subset(self, items: tuple[Node, ...], answer: list[Any], path: Path) -> None:
        """Give every element its like in the answer, the nearest where none is equal."""
        left = dict(enumerate(answer))
        for at, item in enumerate(items):
            if not self._promised.values:
                # How many there are is not certain here, so each is held against the nearest.
                left = dict(enumerate(answer))
                if not left:
                    continue
            if not left:
                self.found(item, (*path, at), Kind.VALUE, item.value, None)
                continue
            near = min(left, key=lambda i: (len(self._differences(item, left[i])), abs(i - at)))
            self.value(item, left.pop(near), (*path, at))

    def _differences(self, item: Node, answer: Any) -> list[Difference]:
        within = _Comparer(self._promised)
        within.value(item, answer, ())
        return within.result.differences

    def _agrees(self, page: Any, answer: Any, path: Path) -> bool:
        if page == answer and isinstance(page, bool) == isinstance(answer, bool):
            return True
        if isinstance(page, str) and isinstance(answer, str):
            return self._same_form(page, answer, path)
        return not self._promised.values and type_of(page) == type_of(answer) != "boolean"

    def _same_form(self, page: str, answer: str, path: Path) -> bool:
        if _PLACEHOLDER.fullmatch(page):
            return True
        if _TIME.fullmatch(page):
            return not self._promised.times and bool(_TIME.fullmatch(answer))
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if key.lower().endswith("id") and not self._is_certain(answer):
            wanted, got = _ID.fullmatch(page), _ID.fullmatch(answer)
            return wanted is None or (got is not None and wanted[1] == got[1])
        if self._promised.values:
            return False
        in_refusal = path[:1] == ("data",)
        return not in_refusal or _DIGITS.sub("0", page) == _DIGITS.sub("0", answer)

    def _is_certain(self, identity: str) -> bool:
        """Return whether an id is what the scenario says it is, and not made up by the deployment."""
        if not self._promised.values:
            return False
        return identity in self._promised.stated or bool(_RUNNING.fullmatch(identity))


def _is_placeholder(node: Node) -> bool:
    return isinstance(node.scalar, str) and bool(_PLACEHOLDER.fullmatch(node.scalar))


def _meant(key: str, member: Node, answer: dict[str, Any], extra: list[str]) -> str:
    """Return the key of the answer that a documented key was probably meant to be, or nothing."""
    lower = {each.lower().replace("_", ""): each for each in extra}
    near = get_close_matches(key.lower().replace("_", ""), lower, n=1, cutoff=0.75)
    if near:
        return lower[near[0]]
    same = [each for each in extra if json.dumps(answer[each]) == json.dumps(member.value)]
    return same[0] if len(same) == 1 else ""
