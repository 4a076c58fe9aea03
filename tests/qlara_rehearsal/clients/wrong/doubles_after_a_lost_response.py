"""Imports again with DUPLICATE without a look at the list. Found by: lost-response."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def __init__(self) -> None:
        super().__init__()
        self.strategy = "DUPLICATE"

    def has_happened(self, error: Exception, before: int | None) -> bool:
        return False


if __name__ == "__main__":
    sys.exit(Wrong().run())
