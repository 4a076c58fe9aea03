"""Takes the quotes out of names. Found by: hostile-names."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, Any]:
        return super().upload(content.replace(b'"', b""))


if __name__ == "__main__":
    sys.exit(Wrong().run())
