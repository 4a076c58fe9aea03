"""Reads as many pages of a hundred as the first one says. Right in: all."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        first = self.get(self.list_path(list_id, 1, 100))
        numbers = range(2, first["totalPages"] + 1)
        others = [self.get(self.list_path(list_id, number, 100)) for number in numbers]
        return [one for page in (first, *others) for one in page["contacts"]]


if __name__ == "__main__":
    sys.exit(Right().run())
