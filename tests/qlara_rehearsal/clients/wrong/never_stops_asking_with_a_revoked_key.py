"""Asks until the key is accepted, which it never is. Found by: key-revoked."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def get(self, path: str) -> dict[str, Any]:
        while True:
            response = self.send("GET", path)
            if response.status == 200:
                return self.read(response)
            self.sleep(0.5)

    def import_file(self) -> dict[str, Any] | None:
        self.get(self.quota_path())
        return super().import_file()


if __name__ == "__main__":
    sys.exit(Wrong().run())
