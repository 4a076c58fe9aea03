"""The one door to the sandbox: how it reads what people type, its scenarios, and one that runs in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox import __version__ as VERSION  # noqa: N812 - as it is called here
from qlara_sandbox.domain import values
from qlara_sandbox.domain.charset import decode, decode_strictly
from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Strategy
from qlara_sandbox.domain.phone import USUAL_REGION, normaliser as phone_normaliser
from qlara_sandbox.domain.phone_types import ASCII_STEMS, phone_use
from qlara_sandbox.domain.properties import (
    Property,
    PropertyKind,
    name_and_parameters,
    read_any_line,
)
from qlara_sandbox.domain.transcoding import encoded_parts
from qlara_sandbox.resources import OVERLAYS, SCENARIOS
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.load import SCHEMA as SCENARIO_SCHEMA, load as load_scenario
from qlara_sandbox.services.importing import plan_import
from qlara_sandbox.testing.server import Server
from qlara_sandbox.web.runtime import SandboxSettings

if TYPE_CHECKING:
    from qlara_sandbox.domain.importing import Plan

__all__ = [
    "OVERLAYS",
    "PHONE_WORDS",
    "SCENARIOS",
    "SCENARIO_SCHEMA",
    "USUAL_REGION",
    "VERSION",
    "InvalidScenario",
    "SandboxSettings",
    "Server",
    "UnknownScenario",
    "decode",
    "decode_strictly",
    "encoded_parts",
    "import_plan",
    "load_scenario",
    "name_and_parameters",
    "phone_normaliser",
    "phone_of_value",
    "phone_use",
    "read_any_line",
]

PHONE_WORDS = frozenset(each for each in ASCII_STEMS if len(each) > 2)
"""Words, in capitals, one of which is in everything that says of an ASCII text what a telephone is for."""

_TEL = int(PropertyKind.TEL)
_NUMBER, _NUMBER_AS_URI = Property(_TEL, 0), Property(_TEL, 0, uri=True)


def phone_of_value(text: str, *, uri: bool = False) -> str:
    """Return the number in the value of a TEL, as the sandbox takes it out; empty for what is none."""
    octets = text.encode("utf-8", "replace")
    return values.phone(octets, _NUMBER_AS_URI if uri else _NUMBER)


def import_plan(data: bytes, region: str = USUAL_REGION) -> Plan | None:
    """Return what an import of a file into an empty account would do; None if it is no vCard file."""
    options = ImportOptions(Strategy.SKIP, (), "", 1)
    try:
        return plan_import(data, options, ExistingContacts({}, {}), region)
    except Refusal:
        return None
