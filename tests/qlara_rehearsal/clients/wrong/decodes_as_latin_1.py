"""Takes the bytes of the file for another encoding. Found by: hostile-names, documented-import."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, Any]:
        return super().upload(content.decode("latin-1").encode())


if __name__ == "__main__":
    sys.exit(Wrong().run())
