"""Makes pauses by chance, the first of them hardly one. Right in: unavailable, connection-reset, rate-limited."""

from __future__ import annotations

import random
import sys

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def pause(self, attempt: int) -> float:
        return 0.01 if attempt == 1 else random.uniform(0.5, 1.5)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds * random.uniform(1.0, 1.3))


if __name__ == "__main__":
    sys.exit(Right().run())
