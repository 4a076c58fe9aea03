"""Reads one page of the list. Found by: many-pages."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def has_more(self, page: dict[str, Any]) -> bool:
        return False


if __name__ == "__main__":
    sys.exit(Wrong().run())
