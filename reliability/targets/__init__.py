"""Everything that is fuzzed, by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reliability.target import Target

# The module and the class of each; imported when it is needed, as some change what they import.
TARGETS = {
    "vcard": ("vcard", "VCardFiles"),
    "vcard-http": ("vcard_http", "Uploads"),
    "raw-http": ("raw_http", "RawRequests"),
    "forms": ("forms", "Forms"),
    "scenario-files": ("scenario_files", "ScenarioFiles"),
    "contract-files": ("contract_files", "ContractFiles"),
    "snapshots": ("snapshots", "Snapshots"),
}


def create(name: str) -> Target:
    """Return the target of this name, ready to run.

    Raises:
        KeyError: there is none.
    """
    module, class_name = TARGETS[name]
    kind: Any = getattr(import_module(f"reliability.targets.{module}"), class_name)
    target: Target = kind()
    return target
