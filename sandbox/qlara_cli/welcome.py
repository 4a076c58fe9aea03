"""What ``serve`` says when the sandbox is ready: where it is, and what to try first."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from qlara_cli.addresses import reachable, urls
from qlara_cli.colours import painter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qlara_sandbox.web.caller import AcceptedKeys

_QUOTA = "/api/v1/partner-gateway/subscription/contacts"


class Welcome(NamedTuple):
    """What is said when the sandbox is ready; ``new_token`` and ``authority`` where there is one.

    ``hosts`` are the names and addresses under which it may be reached, ``names`` those of them that were
    asked for, ``keys`` the API keys that are accepted.
    ``differs`` are the promises that the overlay says to differ in sentences.
    """

    url: str
    hosts: Sequence[str]
    names: Sequence[str]
    scenario: str
    overlay: Path | None
    keys: AcceptedKeys
    differs: Sequence[str]
    new_token: str | None
    authority: Path | None

    def show(self) -> None:
        """Print it."""
        paint = painter(sys.stdout)
        trust = f"--cacert {shlex.quote(str(self.authority))} " if self.authority else ""
        overlay = f", overlay {self.overlay.name}" if self.overlay else ""
        lines = [
            f"Qlara sandbox at {paint('bold', self.url)}  (scenario {self.scenario}{overlay})",
            *self._other_addresses(),
            f"API key: {_keys_in_words(self.keys)}",
            "",
            "Try:",
            f'  curl {trust}{self.url}{_QUOTA} -H "X-Api-Key: YOUR_API_KEY"',
            "",
            f"In a browser: {self.url}/__console to try things, {self.url}/__docs to read the contract",
        ]
        if self.differs:
            named = ", ".join(self.differs)
            lines.insert(1, f"Does as the contract says, and not as x-qlara-differs does: {named}")
        if self.authority:
            lines.append(f"Trust in your client: {self.authority} (docs/tls.md says how)")
        if self.new_token:
            lines.append(f"Control API: Authorization: Bearer {self.new_token}")
        click.echo("\n".join([*lines, "Stop with Ctrl-C."]))
        sys.stdout.flush()

    def _other_addresses(self) -> list[str]:
        """Return what to say of the other addresses: which work, and which names lead elsewhere."""
        scheme, _, rest = self.url.partition("://")
        port, secure = int(rest.rpartition(":")[2]), scheme == "https"
        others = [host for host in self.hosts if urls([host], port, secure=secure) != [self.url]]
        working = reachable(others, port)
        lines = [f"Also at {', '.join(urls(working, port, secure=secure))}"] if working else []
        lost = [name for name in self.names if name in others and name not in working]
        return lines + [
            f"Not at {name} yet, which does not lead here. In the hosts file: 127.0.0.1 {name}"
            for name in lost
            if "*" not in name
        ]


def _keys_in_words(keys: AcceptedKeys) -> str:
    if keys.any_key:
        return "any; each has an account of its own"
    more = "; and those given with --accept-key" if keys.added else ""
    return f"YOUR_API_KEY, or any that begins with sandbox_ for an account of its own{more}"
