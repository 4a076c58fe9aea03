"""The contract of the control API."""

from __future__ import annotations

from pathlib import Path

from qlara_sandbox.http.contract import Contract

CONTROL_SPEC = Path(__file__).with_name("control_openapi.yaml")
# Lets the control API name keys that only some sandboxes accept.
_MORE_KEYS = Path(__file__).with_name("control_keys.overlay.yaml")


def control_contract(*, more_keys: bool = False) -> Contract:
    """Return it compiled; with *more_keys*, API keys may look like those of any other deployment."""
    overlay = _MORE_KEYS if more_keys else None
    return Contract(CONTROL_SPEC, overlay, strict_query=True, shipped=CONTROL_SPEC)
