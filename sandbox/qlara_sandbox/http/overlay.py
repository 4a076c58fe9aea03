"""OpenAPI Overlays 1.0: changes to an OpenAPI document, each with a target (JSONPath, RFC 9535).

``extends`` is not followed: an overlay is applied to the contract in use, and nothing is fetched. In one
point this is stricter than the specification: a target that selects nothing is an error, since it is
nearly always misspelt.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from qlara_sandbox.http.yaml_document import UnusableDocument, read_plain
from qlara_sandbox.scenario.errors import shown
from qlara_sandbox.scenario.plain_yaml import explained, lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jsonpath import JSONPathEnvironment, JSONPathMatch

_KNOWN = frozenset({"overlay", "info", "extends", "actions"})
_IN_ACTIONS = frozenset({"target", "description", "update", "remove"})
_MOST_BYTES = 10 * 1024 * 1024
_MOST_ACTIONS = 10_000
_LONGEST_TARGET = 200


class InvalidOverlay(ValueError):
    """An overlay that cannot be applied; the message names what of it, and the action and its target."""

    def __init__(self, message: str, action: int | None = None) -> None:
        super().__init__(message)
        self.action = action


def read_overlay(path: Path) -> dict[str, Any]:
    """Return the overlay in a YAML 1.2 or JSON file, checked in itself.

    Raises:
        InvalidOverlay: it cannot be read, or is none; with file and line.
    """
    text = _text(path)
    try:
        overlay = read_plain(text)
    except yaml.YAMLError as error:
        line, problem = explained(error, text)
        raise InvalidOverlay(f"{path}{f':{line}' if line else ''}: {problem}") from error
    except UnusableDocument as error:
        raise InvalidOverlay(f"{path}{error}") from error
    try:
        require_overlay(overlay)
    except InvalidOverlay as error:
        raise _placed(path, text, error) from error
    found: dict[str, Any] = overlay
    return found


def apply_file(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return *document* with the overlay of a file applied.

    Raises:
        InvalidOverlay: it cannot be read, is none, or cannot be applied; with file and line.
    """
    overlay = read_overlay(path)
    try:
        return apply(document, overlay)
    except InvalidOverlay as error:
        raise _placed(path, _text(path), error) from error


def apply(document: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *document* with the actions of *overlay* applied, one after another.

    An update of an object is merged into it, value by value: objects are merged, arrays appended to,
    anything else is replaced. An update of an array is appended to it as one item.

    Raises:
        InvalidOverlay: it is no overlay, or an action cannot be applied.
    """
    require_overlay(overlay)
    changed: dict[str, Any] = deepcopy(dict(document))
    for number, action in enumerate(overlay["actions"], 1):
        _Action(number, action).apply(changed)
    return changed


def require_overlay(overlay: Any) -> None:
    """Let an overlay pass that has the shape of one.

    Raises:
        InvalidOverlay: it does not.
    """
    if not isinstance(overlay, dict):
        raise InvalidOverlay("expected an overlay: a mapping with overlay, info and actions")
    version = overlay.get("overlay")
    if not isinstance(version, str) or not version.startswith("1.0."):
        raise InvalidOverlay(f"overlay: expected version 1.0.0; found {_shown(version)}")
    _require_known(overlay, _KNOWN, "")
    info = overlay.get("info")
    if not isinstance(info, dict) or not {"title", "version"} <= info.keys():
        raise InvalidOverlay("info: expected a mapping with title and version")
    if not isinstance(overlay.get("extends", ""), str):
        raise InvalidOverlay("extends: expected the address of a document; it is not fetched")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not 0 < len(actions) <= _MOST_ACTIONS:
        raise InvalidOverlay(f"actions: expected a list of 1 to {_MOST_ACTIONS} actions")
    for number, action in enumerate(actions, 1):
        _Action(number, action).require_well_formed()


class _Action:
    """One action, which knows its number for messages."""

    def __init__(self, number: int, action: Any) -> None:
        self._number = number
        self._action = action

    def require_well_formed(self) -> None:
        action = self._action
        if not isinstance(action, dict):
            raise self._error("expected a mapping with target and update or remove")
        try:
            _require_known(action, _IN_ACTIONS, "")
        except InvalidOverlay as error:
            raise self._error(str(error)) from error
        target = action.get("target")
        if not isinstance(target, str) or not target.startswith("$"):
            raise self._error("target: expected a JSONPath expression such as $.info")
        if not isinstance(action.get("remove", False), bool):
            raise self._error(f"remove: expected true or false; found {_shown(action['remove'])}")
        if "update" not in action and not action.get("remove"):
            raise self._error("expected update, or remove: true")

    def apply(self, document: dict[str, Any]) -> None:
        matches = self._matches(document)
        if self._action.get("remove"):
            self._remove(matches)
            return
        update = self._action["update"]
        for match in matches:
            node = match.value
            if isinstance(node, list):
                node.append(deepcopy(update))
            elif not isinstance(node, dict):
                raise self._error(
                    f"the target is a single value, {_shown(node)}, not an object or array"
                )
            elif not isinstance(update, dict):
                raise self._error("update: expected a mapping, as the target is an object")
            else:
                _merge(node, update)

    def _matches(self, document: dict[str, Any]) -> list[JSONPathMatch]:
        # Imported with the first overlay: most runs have none.
        from jsonpath import JSONPathError

        try:
            matches = list(_environment().finditer(self._action["target"], document))
        except (JSONPathError, RecursionError) as error:
            # Not str(error), which shows a place in the expression and fails at its end.
            reason = str(error.args[0]).partition("\n")[0] if error.args else "too long"
            raise self._error(f"no usable JSONPath: {reason}") from error
        if not matches:
            raise self._error("the target selects nothing")
        return matches

    def _remove(self, matches: list[JSONPathMatch]) -> None:
        # From the last to the first, so that the indices of an array stay what they are.
        places = {match.path: match for match in matches}
        for match in sorted(places.values(), key=_index, reverse=True):
            parent = match.parent
            if parent is None:
                raise self._error("the whole document cannot be removed")
            step = match.parts[-1]
            holder: Any = parent.value
            del holder[step]

    def _error(self, message: str) -> InvalidOverlay:
        target = self._action.get("target") if isinstance(self._action, dict) else None
        named = f" ({shown(target, _LONGEST_TARGET)})" if isinstance(target, str) else ""
        return InvalidOverlay(f"action {self._number}{named}: {message}", self._number)


def _index(match: JSONPathMatch) -> tuple[int, int]:
    step = match.parts[-1] if match.parts else 0
    return len(match.parts), step if isinstance(step, int) else 0


def _merge(node: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        there = node.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            there.extend(deepcopy(value))
        else:
            node[key] = deepcopy(value)


def _require_known(node: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    for key in node:
        if key not in known and not key.startswith("x-"):
            expected = ", ".join(sorted(known))
            raise InvalidOverlay(f"{place}unknown field {_shown(key)}; expected one of {expected}")


def _placed(path: Path, text: str, error: InvalidOverlay) -> InvalidOverlay:
    at = ("actions", error.action - 1) if error.action is not None else ()
    line = lines_of(text).get(at) if at else None
    return InvalidOverlay(f"{path}{f':{line}' if line else ''}: {error}", error.action)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidOverlay(f"{path}: expected an overlay of at most 10 MB")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidOverlay(f"{path}: cannot be read: {error}") from error


def _shown(value: Any) -> str:
    return shown(repr(value), 60)


@cache
def _environment() -> JSONPathEnvironment:
    from jsonpath import JSONPathEnvironment

    return JSONPathEnvironment(strict=True)
