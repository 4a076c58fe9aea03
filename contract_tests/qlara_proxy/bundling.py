"""Traffic, report and journal in one archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange


class Bundle:
    """Watches traffic to *base_url*. Personal data is replaced unless ``keep_data``; keys always are."""

    def __init__(self, base_url: str, keep_data: bool = False) -> None:
        self.base_url = base_url
        self.keep_data = keep_data

    def passed(self, exchange: PassedExchange) -> None:
        """Take note of an exchange that is over."""

    def write(
        self,
        path: Path,
        outcome: object = None,
        write_report: Callable[[Any, Path], object] | None = None,
    ) -> None:
        """Write the archive, with the report files that *write_report* makes of *outcome*."""
        raise NotImplementedError(path)


def read_bundle(path: Path) -> Any:
    """Return what an archive holds."""
    raise NotImplementedError(path)
