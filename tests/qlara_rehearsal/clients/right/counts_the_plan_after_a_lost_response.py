"""Sees by the quota whether an import has happened whose response was lost, and reads no list. Right in: lost-response, documented-import, connection-reset."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client, Lost


class Right(Client):
    def import_file(self) -> dict[str, Any] | None:
        before = self.used()
        try:
            return self.upload(self.file.read_bytes())
        except Lost as error:
            self.wait(1, error)
            return None if self.used() > before else self.upload(self.file.read_bytes())

    def used(self) -> int:
        return int(self.get(self.quota_path())["used"])

    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        return []


if __name__ == "__main__":
    sys.exit(Right().run())
