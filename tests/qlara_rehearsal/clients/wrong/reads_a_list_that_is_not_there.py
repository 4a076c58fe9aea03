"""Looks for what it has imported in a list of another id. Found by: documented-import."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client, Refused


class Wrong(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        try:
            return super().read_list(list_id.replace("list_", "lst_"))
        except Refused:
            return []


if __name__ == "__main__":
    sys.exit(Wrong().run())
