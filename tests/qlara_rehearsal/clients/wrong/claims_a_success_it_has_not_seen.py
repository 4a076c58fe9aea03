"""Goes away after a second and says that all went well. Found by: slow."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    timeout = 1.0

    def may_try_again(self, error: Exception) -> bool:
        return False

    def give_up(self, error: Exception) -> int:
        self.say("done")
        return 0


if __name__ == "__main__":
    sys.exit(Wrong().run())
