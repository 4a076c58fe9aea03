"""Calls the limit of a page pageSize. Found by: documented-import."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {"page": page, "pageSize": limit}


if __name__ == "__main__":
    sys.exit(Wrong().run())
