"""Takes every 200 for a complete import. Found by: file-with-errors."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def print_report(self, report: dict[str, Any]) -> None:
        self.say(f"{report['summary']['total']} imported")

    def exit_code(self, report: dict[str, Any] | None) -> int:
        return 0


if __name__ == "__main__":
    sys.exit(Wrong().run())
