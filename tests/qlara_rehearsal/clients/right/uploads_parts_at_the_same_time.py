"""Uploads five cards at a time, all parts at once, in chunks without a length. Right in: documented-import, unavailable, rate-limited, key-revoked, no-permission, connection-reset, plan-full."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.qlara_rehearsal.clients.good import ATTEMPTS, Client, Lost, Refused

CARDS = 5
END = b"END:VCARD"


class Right(Client):
    def import_file(self) -> dict[str, Any] | None:
        cards = [each.lstrip() + END for each in self.file.read_bytes().split(END)[:-1]]
        parts = [b"\r\n".join([*cards[at : at + CARDS], b""]) for at in range(0, len(cards), CARDS)]
        with ThreadPoolExecutor(len(parts)) as threads:
            reports = list(threads.map(self.import_part, parts))
        counts = {
            name: sum(each["summary"][name] for each in reports) for name in ("imported", "total")
        }
        errors = [error for each in reports for error in each["errors"]]
        return {"listId": self.list_id, "errors": errors, "summary": counts}

    def import_part(self, content: bytes) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.upload(content)
            except (Refused, Lost) as error:
                if attempt == ATTEMPTS or not self.may_try_again(error):
                    raise
                self.wait(attempt, error)
        raise AssertionError

    def send(self, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        return super().send(method, path, iter([body]) if body else None, headers)


if __name__ == "__main__":
    sys.exit(Right().run())
