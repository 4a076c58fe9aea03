"""The one door to the sandbox: where its contract and scenarios are, and how to start one for a run."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qlara_contract.errors import CannotRun
from qlara_sandbox import resources
from qlara_sandbox.domain.contacts import Card
from qlara_sandbox.domain.conventions import (
    TABLE,
    Convention,
    Conventions,
    InvalidConvention,
    attribute_of,
    convention,
    duration_text,
)
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.http.alternatives import alternatives, always_required, properties_of
from qlara_sandbox.http.conventions import (
    LONGEST_SENTENCE,
    conventions_of,
    differs_of,
    overlay_for,
)
from qlara_sandbox.http.fuzzing import for_fuzzing
from qlara_sandbox.http.overlay import InvalidOverlay, apply as apply_overlay, apply_file
from qlara_sandbox.http.schemas import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = [
    "LONGEST_SENTENCE",
    "SANDBOX_KEY",
    "SCENARIOS",
    "SPEC",
    "TABLE",
    "Card",
    "Convention",
    "Conventions",
    "Document",
    "InvalidConvention",
    "InvalidOverlay",
    "NotAVCard",
    "SandboxDidNotStart",
    "UnterminatedVCard",
    "alternatives",
    "always_required",
    "apply_file",
    "apply_overlay",
    "attribute_of",
    "convention",
    "conventions_of",
    "differs_of",
    "duration_text",
    "for_fuzzing",
    "is_mobile_number",
    "overlay_for",
    "properties_of",
    "read_cards_under",
    "running_sandbox",
    "sandbox_behind",
]

SPEC: Path = resources.SPEC
SCENARIOS: Path = resources.SCENARIOS
SANDBOX_KEY = "YOUR_API_KEY"

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


class SandboxDidNotStart(CannotRun):
    """The sandbox exited before it was ready; the message holds its output."""


@contextmanager
def running_sandbox(*arguments: str) -> Iterator[str]:
    """Start a sandbox on a free port of this machine; yield its base URL; stop it at the end.

    *arguments* are passed to ``qlara-sandbox serve``. Raise ``SandboxDidNotStart``.
    """
    command = [sys.executable, "-m", "qlara_sandbox", "serve", "--port", "0", "--quiet", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        try:
            yield _announced_url(process)
        finally:
            process.terminate()


def _announced_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    output = []
    for line in process.stdout:
        output.append(line)
        if found := _URL.search(line):
            return found[0]
    raise SandboxDidNotStart("The sandbox did not start: " + "".join(output).strip())


def read_cards_under(
    conventions: Conventions, content: bytes
) -> tuple[bytes, list[Card], Callable[[str], str | None]]:
    """Return how the contract reads a vCard file: its text in UTF-8, its cards, and what reads a number.

    Raises:
        NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
    """
    from qlara_sandbox.domain.transcoding import as_utf8, read_as
    from qlara_sandbox.domain.vcard import read_cards
    from qlara_sandbox.services.importing import Reading

    read = read_as(content, utf_16=conventions.charset_utf_16, other=conventions.charset_other)
    text = as_utf8(read)
    cards = read_cards(
        text,
        version_2_1=conventions.version_2_1 == "read",
        machines=conventions.numbers_fax == "used",
    )
    return text, list(cards), Reading(conventions.region, conventions).normaliser()


def is_mobile_number(number: str) -> bool:
    """Return whether a number in E.164 is one of mobiles: every deployment takes those."""
    from qlara_sandbox.domain.phone import USUAL_REGION, mobile_normaliser

    return mobile_normaliser(USUAL_REGION)(number) is not None


@contextmanager
def sandbox_behind(wrap: Callable[[Any], Any]) -> Iterator[str]:
    """Serve the application that *wrap* makes of a sandbox's; yield its base URL.

    It runs in a thread of this process, on a free port.
    """
    from qlara_sandbox.http.server import configure
    from qlara_sandbox.http.threaded import ThreadedServer
    from qlara_sandbox.web.app import create_app

    with ThreadedServer(configure(wrap(create_app()), timeout_graceful_shutdown=1)) as server:
        yield f"http://127.0.0.1:{server.ports[0]}"
