"""Overlays as tests write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def overlay_file(folder: Path, overlay: dict[str, Any]) -> Path:
    """Write an overlay, and return its file; JSON is YAML."""
    path = folder / "overlay.yaml"
    path.write_text(json.dumps(overlay), encoding="utf-8")
    return path


def overlay_of(*actions: dict[str, Any]) -> dict[str, Any]:
    """Return an overlay with these actions."""
    return {"overlay": "1.0.0", "info": {"title": "T", "version": "1"}, "actions": [*actions]}
