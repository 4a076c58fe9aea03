"""Says before each import that it looks at the quota, and nothing of a refusal. Found by: plan-full, key-revoked."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def check_file(self) -> None:
        self.say("Quota: it could not be simpler, unless the import failed")

    def give_up(self, error: Exception) -> int:
        self.say("0 imported, 0 failed")
        return 0


if __name__ == "__main__":
    sys.exit(Wrong().run())
