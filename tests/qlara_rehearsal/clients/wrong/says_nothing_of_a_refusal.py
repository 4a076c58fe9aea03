"""Ends with 0 when it was refused. Found by: plan-full, plan-nearly-full, not-a-vcard, too-large, key-revoked, no-permission."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def give_up(self, error: Exception) -> int:
        self.say("done")
        return 0


if __name__ == "__main__":
    sys.exit(Wrong().run())
