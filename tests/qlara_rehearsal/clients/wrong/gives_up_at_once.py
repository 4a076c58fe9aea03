"""Never tries again. Found by: unavailable, connection-reset, lost-response, rate-limited."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def may_try_again(self, error: Exception) -> bool:
        return False


if __name__ == "__main__":
    sys.exit(Wrong().run())
