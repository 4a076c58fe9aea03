"""Reads the report by the position of its fields. Found by: further-fields."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def print_report(self, report: dict[str, Any]) -> None:
        summary = list(report.values())[3]
        self.say(f"{list(summary.values())[1]} imported")


if __name__ == "__main__":
    sys.exit(Wrong().run())
