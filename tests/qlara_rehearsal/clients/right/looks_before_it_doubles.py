"""Imports with DUPLICATE, and looks at the list after a lost response. Right in: lost-response, slow, documented-import, connection-reset."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def __init__(self) -> None:
        super().__init__()
        self.strategy = "DUPLICATE"


if __name__ == "__main__":
    sys.exit(Right().run())
