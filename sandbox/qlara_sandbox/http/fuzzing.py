"""The contract with what generated requests need: vCard text as a pattern, an either-or, whole forms as examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_sandbox.http.overlay import apply_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERLAY = Path(__file__).with_name("fuzzing.overlay.yaml")
_EXAMPLES = "x-qlara-examples"


def for_fuzzing(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of ``openapi.yaml``, with or without an overlay, from which requests can be generated.

    Raises:
        InvalidOverlay: the document lacks what ``fuzzing.overlay.yaml`` changes.
    """
    changed = apply_file(document, OVERLAY)
    for item in _objects(changed["paths"]):
        for operation in _objects(item):
            for media in _objects(_object_at(operation, "requestBody", "content")):
                if isinstance(media.get(_EXAMPLES), dict):
                    media["examples"] = media.pop(_EXAMPLES)
    return changed


def at(document: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """Return *document* with requests for *base_url* alone: its paths and operations name no other server."""
    paths = {}
    for path, item in document["paths"].items():
        operations = _without_servers(item)
        paths[path] = {name: _without_servers(node) for name, node in operations.items()}
    return {**document, "servers": [{"url": base_url}], "paths": paths}


def _without_servers(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    return {name: value for name, value in node.items() if name != "servers"}


def _object_at(node: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the object under *names*; an empty one, if there is none."""
    for name in names:
        found = node.get(name)
        node = found if isinstance(found, dict) else {}
    return node


def _objects(node: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield those values that are objects: of a path item, its operations, and not its parameters."""
    yield from (value for value in node.values() if isinstance(value, dict))
