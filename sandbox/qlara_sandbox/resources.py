"""Where the files that ship with the sandbox are: in the installed package, or in a checkout."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).parent / "_files"
_CHECKOUT = Path(__file__).parent.parent.parent

ROOT = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
SPEC = ROOT / "openapi.yaml"
SCENARIOS = ROOT / "scenarios"
OVERLAYS = ROOT / "overlays"
CLIENTS = ROOT / "clients"
