"""The contract with what generated requests need: vCard text as a pattern, an either-or, whole forms as examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_contract.targets import apply_file

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERLAY = Path(__file__).with_name("fuzzing.overlay.yaml")
_EXAMPLES = "x-qlara-examples"


def for_fuzzing(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of ``openapi.yaml``, with or without an overlay, from which requests can be generated.

    Raises:
        InvalidOverlay: the document lacks what ``fuzzing.overlay.yaml`` changes.
    """
    changed = apply_file(document, OVERLAY)
    for item in changed["paths"].values():
        for operation in item.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if _EXAMPLES in media:
                    media["examples"] = media.pop(_EXAMPLES)
    return changed
