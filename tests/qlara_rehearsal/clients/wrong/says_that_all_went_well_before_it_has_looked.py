"""Ends well when half of the list has arrived. Found by: half-a-list."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client, Lost


class Wrong(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        try:
            page = self.read(self.send("GET", self.list_path(list_id, 1, 1000)))
        except Lost:
            return []
        return list(page["contacts"])


if __name__ == "__main__":
    sys.exit(Wrong().run())
