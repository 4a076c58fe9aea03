"""Compares a response with the documented one: keys, types, and the values that are certain."""

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


class MismatchKind(StrEnum):
    """How the page and the response differ."""

    VALUE = "value"
    TYPE = "type"
    MISSING = "key missing from the response"
    EXTRA = "key missing from the page"
    STATUS = "status"


@dataclass(frozen=True)
class Certainty:
    """Which documented values must be exact.

    ``values``: all, since a scenario fixes them; ``times``: also times, since its clock is frozen;
    ``stated``: the text of the scenario, whose ids are exact.
    """

    values: bool = True
    times: bool = True
    stated: str = ""


@dataclass(frozen=True)
class Mismatch:
    """One place where the response differs from the page, at a line of the page.

    ``page`` and ``response`` are the two values; for ``EXTRA`` and ``MISSING`` the last part of
    ``path`` is the key, and ``meant`` the key that was probably meant.
    """

    line: int
    path: Path
    kind: MismatchKind
    page: Any = None
    response: Any = None
    meant: str = ""


@dataclass
class ComparisonResult:
    """What differs, and notes for the reader."""

    mismatches: list[Mismatch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(
    documented: Sequence[Node], responses: Sequence[Any], certainty: Certainty
) -> ComparisonResult:
    """Compare the values that a page documents with those of the response, in order.

    Documentation abbreviates: an array of objects may show only some of its elements, a stream of
    values only its beginning.
    """
    comparer = _Comparer(certainty)
    for at, node in enumerate(documented):
        if at < len(responses):
            comparer.value(node, responses[at], ())
        else:
            comparer.found(node, (), MismatchKind.VALUE, node.value, None)
    if len(responses) > len(documented) > 1:
        comparer.result.notes.append(f"{len(documented)} of {len(responses)} values are shown")
    return comparer.result


def shown(path: Path) -> str:
    """Return a path as people write it: ``errors[0].line``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the response"


def type_of(value: Any) -> str:
    """Return the name of a value's JSON type."""
    names = {bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null"}
    if type(value) in names:
        return names[type(value)]
    return "integer" if isinstance(value, int) else "number"


class _Comparer:
    def __init__(self, certainty: Certainty) -> None:
        self.result = ComparisonResult()
        self._certainty = certainty

    def found(self, node: Node, path: Path, kind: MismatchKind, page: Any, response: Any) -> None:
        self.result.mismatches.append(Mismatch(node.line, path, kind, page, response))

    def value(self, node: Node, response: Any, path: Path) -> None:
        """Compare one value; mismatches are collected."""
        if _is_placeholder(node):
            return
        wanted, got = type_of(node.value), type_of(response)
        if wanted != got and {wanted, got} != {"integer", "number"}:
            self.found(node, path, MismatchKind.TYPE, node.value, response)
        elif node.members is not None:
            self._object(node, response, path)
        elif node.items is not None:
            self._array(node, node.items, response, path)
        elif not self._agrees(node.scalar, response, path):
            self.found(node, path, MismatchKind.VALUE, node.scalar, response)

    def _object(self, node: Node, response: dict[str, Any], path: Path) -> None:
        assert node.members is not None
        extra = [key for key in response if key not in node.members]
        for key, member in node.members.items():
            if key in response:
                self.value(member, response[key], (*path, key))
                continue
            meant = _meant(key, member, response, extra)
            if meant:
                extra.remove(meant)
            line = node.lines_of_keys[key]
            mismatch = Mismatch(line, (*path, key), MismatchKind.MISSING, member.value, None, meant)
            self.result.mismatches.append(mismatch)
        if not node.abbreviated:
            self._extra(node, extra, response, path)

    def _extra(self, node: Node, extra: list[str], response: dict[str, Any], path: Path) -> None:
        for key in extra:
            if self._certainty.values:
                self.found(node, (*path, key), MismatchKind.EXTRA, None, response[key])
            else:
                self.result.notes.append(f"{shown((*path, key))} is not documented")

    def _array(self, node: Node, items: tuple[Node, ...], response: list[Any], path: Path) -> None:
        if all(each.members is None and each.items is None for each in items):
            self._scalars(node, items, response, path)
            return
        if len(items) < len(response):
            self.result.notes.append(f"{len(items)} of {len(response)} {shown(path)} are shown")
        if len(items) <= len(response) and not any(
            self._mismatches(item, response[at]) for at, item in enumerate(items)
        ):
            return
        self._subset(items, response, path)

    def _scalars(
        self, node: Node, items: tuple[Node, ...], response: list[Any], path: Path
    ) -> None:
        if node.abbreviated or not self._certainty.values:
            for at, item in enumerate(items):
                if response and not any(self._agrees(item.scalar, each, path) for each in response):
                    self.found(item, (*path, at), MismatchKind.VALUE, item.scalar, response)
            return
        if len(items) != len(response):
            self.found(node, path, MismatchKind.VALUE, node.value, response)
            return
        for at, (item, each) in enumerate(zip(items, response, strict=True)):
            self.value(item, each, (*path, at))

    def _subset(self, items: tuple[Node, ...], response: list[Any], path: Path) -> None:
        """Pair every element with its equal in the response, or with the most similar one."""
        left = dict(enumerate(response))
        for at, item in enumerate(items):
            if not self._certainty.values:
                # Their number is not certain here, so each is compared with the most similar one.
                left = dict(enumerate(response))
                if not left:
                    continue
            if not left:
                self.found(item, (*path, at), MismatchKind.VALUE, item.value, None)
                continue
            near = min(left, key=lambda i: (len(self._mismatches(item, left[i])), abs(i - at)))
            self.value(item, left.pop(near), (*path, at))

    def _mismatches(self, item: Node, response: Any) -> list[Mismatch]:
        within = _Comparer(self._certainty)
        within.value(item, response, ())
        return within.result.mismatches

    def _agrees(self, page: Any, response: Any, path: Path) -> bool:
        if page == response and isinstance(page, bool) == isinstance(response, bool):
            return True
        if isinstance(page, str) and isinstance(response, str):
            return self._same_form(page, response, path)
        return not self._certainty.values and type_of(page) == type_of(response) != "boolean"

    def _same_form(self, page: str, response: str, path: Path) -> bool:
        if _PLACEHOLDER.fullmatch(page):
            return True
        if _TIME.fullmatch(page):
            return not self._certainty.times and bool(_TIME.fullmatch(response))
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if key.lower().endswith("id") and not self._is_certain(response):
            wanted, got = _ID.fullmatch(page), _ID.fullmatch(response)
            return wanted is None or (got is not None and wanted[1] == got[1])
        if self._certainty.values:
            return False
        in_refusal = path[:1] == ("data",)
        return not in_refusal or _DIGITS.sub("0", page) == _DIGITS.sub("0", response)

    def _is_certain(self, identity: str) -> bool:
        """Return whether the scenario fixes an id, and the deployment did not generate it."""
        if not self._certainty.values:
            return False
        return identity in self._certainty.stated or bool(_RUNNING.fullmatch(identity))


def _is_placeholder(node: Node) -> bool:
    return isinstance(node.scalar, str) and bool(_PLACEHOLDER.fullmatch(node.scalar))


def _meant(key: str, member: Node, response: dict[str, Any], extra: list[str]) -> str:
    """Return the key of the response that a documented key was probably meant to be, or nothing."""
    lower = {each.lower().replace("_", ""): each for each in extra}
    near = get_close_matches(key.lower().replace("_", ""), lower, n=1, cutoff=0.75)
    if near:
        return lower[near[0]]
    same = [each for each in extra if json.dumps(response[each]) == json.dumps(member.value)]
    return same[0] if len(same) == 1 else ""
