"""Reads on and on, past the last page. Found by: many-pages."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        pages = [self.get(self.list_path(list_id, number, 100)) for number in range(1, 31)]
        return [one for page in pages for one in page["contacts"]]


if __name__ == "__main__":
    sys.exit(Wrong().run())
