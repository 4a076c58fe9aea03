"""Reads the file as text in another encoding and writes it anew. Found by: hostile-names, documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload(self, content: bytes) -> dict[str, object]:
        return super().upload(content.decode("utf-8").encode("ascii", "replace"))


if __name__ == "__main__":
    sys.exit(Wrong().run())
