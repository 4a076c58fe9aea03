"""Says what went wrong in Italian, in red, and ends well. Right in: plan-full, key-revoked, no-permission, slow, not-a-vcard."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def give_up(self, error: Exception) -> int:
        self.say("\x1b[31mfallita\x1b[0m l'importazione\r\n")
        return 0

    def say(self, text: str, to: object = None) -> None:
        print(text)


if __name__ == "__main__":
    sys.exit(Right().run())
