"""Reads the quota first, and sends nothing that does not fit. Right in: plan-full, plan-nearly-full, documented-import, lost-response."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client, Refused


class Right(Client):
    def check_file(self) -> None:
        quota = self.get(self.quota_path())
        cards = self.file.read_bytes().count(b"BEGIN:VCARD")
        if quota["used"] + cards > quota["total"]:
            raise Refused(0, f"{cards} contacts do not fit into the plan")


if __name__ == "__main__":
    sys.exit(Right().run())
