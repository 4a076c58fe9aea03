"""Asks for a sorted list, which nobody sorts. Found by: documented-import."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {**super().list_parameters(page, limit), "sort": "name"}


if __name__ == "__main__":
    sys.exit(Wrong().run())
