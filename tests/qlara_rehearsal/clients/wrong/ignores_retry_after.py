"""Comes back at once, whatever Retry-After says. Found by: rate-limited."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def wait(self, attempt: int, error: Exception) -> None:
        self.sleep(0.0)


if __name__ == "__main__":
    sys.exit(Wrong().run())
