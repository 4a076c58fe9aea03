"""Reads no list, but asks how many contacts it has. Right in: documented-import, lost-response, rate-limited."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        return [{}] * int(self.get(self.list_path(list_id, 1, 1))["total"])


if __name__ == "__main__":
    sys.exit(Right().run())
