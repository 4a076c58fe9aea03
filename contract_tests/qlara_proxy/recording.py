"""Traffic as a scenario file: with it the sandbox answers the reads that were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange


class Recording:
    """Watches traffic to *base_url*. Personal data is replaced unless ``keep_data``; keys always are."""

    def __init__(self, base_url: str, keep_data: bool = False) -> None:
        self.base_url = base_url
        self.keep_data = keep_data

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""

    def write(self, path: Path) -> list[Path]:
        """Write the scenario file and the uploads beside it, and return what was written."""
        raise NotImplementedError(path)
