"""Turns names round that are written from right to left. Found by: hostile-names."""

from __future__ import annotations

import re
import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, Any]:
        turned = re.sub("[\u0590-\u06ff]+", lambda found: found[0][::-1], content.decode())
        return super().upload(turned.encode())


if __name__ == "__main__":
    sys.exit(Wrong().run())
