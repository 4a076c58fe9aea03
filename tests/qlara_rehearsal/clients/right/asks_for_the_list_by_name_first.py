"""Asks for a list of that name before it creates one. Right in: all."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client, Refused


class Right(Client):
    def check_file(self) -> None:
        by_name = self.list_name.lower().replace(" ", "_")
        try:
            self.get(self.list_path(by_name or self.list_id, 1, 1))
        except Refused as error:
            if error.status != 404:
                raise
            self.say("there is no such list: it is created")


if __name__ == "__main__":
    sys.exit(Right().run())
