"""Sends the key in the query, too. Found by: documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def upload_path(self) -> str:
        return f"{super().upload_path()}?apiKey={self.api_key}"


if __name__ == "__main__":
    sys.exit(Wrong().run())
