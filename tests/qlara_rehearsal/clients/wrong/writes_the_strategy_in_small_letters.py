"""Means to update, and writes the strategy in small letters. Found by: update, documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def fields(self) -> dict[str, str]:
        return {**self.destination(), "duplicateStrategy": self.strategy.lower()}


if __name__ == "__main__":
    sys.exit(Wrong().run())
