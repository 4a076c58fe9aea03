"""Uploads ten cards at a time. Right in: documented-import, file-with-errors, too-large, unavailable, connection-reset, lost-response, rate-limited, plan-full, hostile-names, update."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import ATTEMPTS, Client, Lost, Refused

CARDS = 10
END = b"END:VCARD"


class Right(Client):
    def import_file(self) -> dict[str, Any] | None:
        content = self.file.read_bytes()
        cards = [each.lstrip() + END for each in content.split(END)[:-1]]
        report: dict[str, Any] = {"listId": self.list_id, "errors": []}
        counts = {"imported": 0, "total": 0}
        for at in range(0, len(cards), CARDS):
            part = self.import_part(b"\r\n".join([*cards[at : at + CARDS], b""]))
            counts = {name: counts[name] + part["summary"][name] for name in counts}
            report["errors"] += part["errors"]
        return {**report, "summary": counts}

    def import_part(self, content: bytes) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.upload(content)
            except (Refused, Lost) as error:
                if attempt == ATTEMPTS or not self.may_try_again(error):
                    raise
                self.wait(attempt, error)
        raise AssertionError


if __name__ == "__main__":
    sys.exit(Right().run())
