"""Makes three attempts and no more, ends with an error, and reads no broken page again. Right in: all."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients import good
from tests.qlara_rehearsal.clients.good import Client

good.ATTEMPTS = 3


class Right(Client):
    def get(self, path: str) -> dict[str, Any]:
        return self.read(self.send("GET", path))

    def give_up(self, error: Exception) -> int:
        self.say(f"not done: {error}")
        return 75


if __name__ == "__main__":
    sys.exit(Right().run())
