"""Sends the name of the new list with every part of the file. Found by: new-list."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def import_file(self) -> dict[str, Any] | None:
        first, end, rest = self.file.read_bytes().partition(b"END:VCARD")
        self.upload(first + end)
        return self.upload(rest.lstrip())


if __name__ == "__main__":
    sys.exit(Wrong().run())
