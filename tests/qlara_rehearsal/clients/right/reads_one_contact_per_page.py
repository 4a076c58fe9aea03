"""Reads a list with one contact per page. Right in: half-a-list, documented-import, hostile-names."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {"page": page, "limit": 1}


if __name__ == "__main__":
    sys.exit(Right().run())
