"""Reads page 1 as often as there are pages. Found by: many-pages."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        pages = -(-self.total() // 100)
        return [
            one
            for _ in range(pages)
            for one in self.get(self.list_path(list_id, 1, 100))["contacts"]
        ]


if __name__ == "__main__":
    sys.exit(Wrong().run())
