"""The traffic once more, to a sandbox: where its responses differ from those of the deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qlara_proxy.traffic import PassedExchange


@dataclass
class Difference:
    """One way in which deployment and sandbox differ."""

    operation: str
    kind: str
    what: str


class Shadow:
    """Watches traffic, and sends each request to a world of *scenario*, too."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""

    def differences(self) -> list[Difference]:
        """Return what differs so far."""
        return []

    def text(self) -> str:
        """Return the differences for people."""
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return the differences as a JSON value."""
        return {}

    def close(self) -> None:
        """Stop the sandbox."""
