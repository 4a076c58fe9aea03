"""The one door to the sandbox: how it reads what people type, its scenarios, and one that runs in this process."""

from __future__ import annotations

from contextlib import suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from qlara_sandbox import __version__ as VERSION  # noqa: N812 - as it is called here
from qlara_sandbox.domain import values
from qlara_sandbox.domain.charset import decode, decode_strictly
from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.conventions import USUAL, Conventions
from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Plan, Strategy
from qlara_sandbox.domain.phone import USUAL_REGION, normaliser as phone_normaliser
from qlara_sandbox.domain.phone_types import ASCII_STEMS, phone_use
from qlara_sandbox.domain.properties import (
    Property,
    PropertyKind,
    name_and_parameters,
    read_any_line,
)
from qlara_sandbox.domain.transcoding import encoded_parts
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.resources import OVERLAYS, SCENARIOS, SPEC
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.load import load as load_scenario
from qlara_sandbox.services.importing import plan_import
from qlara_sandbox.testing.server import Server
from qlara_sandbox.web.runtime import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


__all__ = [
    "OVERLAYS",
    "PHONE_WORDS",
    "SCENARIOS",
    "USUAL_REGION",
    "VERSION",
    "Contact",
    "Conventions",
    "InvalidContract",
    "InvalidScenario",
    "Plan",
    "RunningSandbox",
    "UnknownScenario",
    "conventions_under",
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

_LONGEST_RESPONSE = 120.0  # seconds
_TEL = int(PropertyKind.TEL)
_NUMBER, _NUMBER_AS_URI = Property(_TEL, 0), Property(_TEL, 0, uri=True)


def phone_of_value(text: str, *, uri: bool = False) -> str:
    """Return the number in the value of a TEL, as the sandbox takes it out; empty for what is none."""
    octets = text.encode("utf-8", "replace")
    return values.phone(octets, _NUMBER_AS_URI if uri else _NUMBER)


def import_plan(
    data: bytes, region: str = USUAL_REGION, conventions: Conventions = USUAL
) -> Plan | None:
    """Return what an import of a file into an empty account would do; None if it is no vCard file."""
    options = ImportOptions(Strategy.SKIP, (), "", 1)
    try:
        return plan_import(data, options, ExistingContacts({}, {}), region, conventions)
    except Refusal:
        return None


def conventions_under(overlay: Path | None) -> Conventions:
    """Return what a deployment decides under an overlay.

    Raises:
        InvalidContract: the overlay cannot be used.
    """
    return Contract(SPEC, overlay).conventions if overlay is not None else USUAL


class RunningSandbox:
    """A sandbox in this process, on a free port of this machine, with one account for each label."""

    def __init__(
        self, scenario: str, folder: Path = SCENARIOS, overlay: Path | None = None, seed: int = 0
    ) -> None:
        """Start it.

        Raises:
            InvalidScenario, UnknownScenario, InvalidContract: it cannot be started so.
        """
        self._scenario = scenario
        self._server = Server(
            SandboxSettings(
                scenarios=folder,
                scenario=scenario,
                overlay=overlay,
                seed=seed,
                sandbox_headers=False,
            )
        )
        self._server.__enter__()
        self._begun: set[str] = set()
        self.base_url = self._server.url

    def key(self, label: str, scenario: str = "") -> str:
        """Return the API key of an account, which begins with *scenario*, or with that of the sandbox."""
        key = f"sandbox_{label}"
        if key not in self._begun:
            self._begun.add(key)
            self._server.begin(key, scenario or self._scenario)
        return key

    def send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Send a request and return status, headers and body of the response.

        Raises:
            OSError, HTTPException: there was no response.
        """
        connection = HTTPConnection(*self._server.address, timeout=_LONGEST_RESPONSE)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("latin-1", "replace"))
            if body or method not in {"GET", "HEAD"}:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            with suppress(OSError):  # refused before its end
                connection.send(body)
            response = connection.getresponse()
            found = tuple((name.lower(), value) for name, value in response.getheaders())
            return response.status, found, response.read()
        finally:
            connection.close()

    def close(self) -> None:
        """Stop it."""
        self._server.__exit__()
