"""Escapes names for a page before it sends them. Found by: hostile-names."""

from __future__ import annotations

import html
import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, Any]:
        return super().upload(html.escape(content.decode(), quote=False).encode())


if __name__ == "__main__":
    sys.exit(Wrong().run())
