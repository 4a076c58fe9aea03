"""Makes the same pause before each attempt. Found by: unavailable."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def pause(self, attempt: int) -> float:
        return 0.5


if __name__ == "__main__":
    sys.exit(Wrong().run())
