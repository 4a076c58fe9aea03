"""Keeps the characters that a column of two bytes can hold. Found by: hostile-names."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, Any]:
        kept = "".join(each for each in content.decode() if ord(each) < 0x1_0000)
        return super().upload(kept.encode())


if __name__ == "__main__":
    sys.exit(Wrong().run())
