"""Reads the quota and the list before it imports, and writes down what it found. Right in: all."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client, Refused


class Right(Client):
    def check_file(self) -> None:
        quota = self.get(self.quota_path())
        free = quota["total"] - quota["used"]
        self.say(f"{free} of {quota['total']} contacts are free")
        if not free:
            raise Refused(0, "the plan is full")
        self.say(f"{len(self.read_list(self.list_id))} contacts are in the list already")


if __name__ == "__main__":
    sys.exit(Right().run())
