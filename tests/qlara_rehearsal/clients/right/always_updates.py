"""Imports with UPDATE, whatever it is told. Right in: all."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def __init__(self) -> None:
        super().__init__()
        self.strategy = "UPDATE"


if __name__ == "__main__":
    sys.exit(Right().run())
