"""Calls the strategy duplicate_strategy. Found by: documented-import, update."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def fields(self) -> dict[str, str]:
        return {**self.destination(), "duplicate_strategy": self.strategy}


if __name__ == "__main__":
    sys.exit(Wrong().run())
