"""Refuses a file by itself that the API would refuse. Right in: not-a-vcard, too-large, documented-import, file-with-errors."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import LARGEST, Client, Refused


class Right(Client):
    def check_file(self) -> None:
        content = self.file.read_bytes()
        if len(content) > LARGEST:
            raise Refused(0, f"{len(content)} bytes")
        if not content.startswith(b"BEGIN:VCARD"):
            raise Refused(0, "niente vCard")


if __name__ == "__main__":
    sys.exit(Right().run())
