"""Has a time limit of a second, and ends with an error when it is over. Right in: slow, documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client, Lost


class Right(Client):
    timeout = 1.0

    def may_try_again(self, error: Exception) -> bool:
        return not isinstance(error, Lost) and super().may_try_again(error)


if __name__ == "__main__":
    sys.exit(Right().run())
