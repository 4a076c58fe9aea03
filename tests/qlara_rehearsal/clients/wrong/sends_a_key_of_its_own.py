"""Has a key in its code. Found by: documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def key_headers(self) -> dict[str, str]:
        return {**super().key_headers(), "X-Api-Key": "YOUR_API_KEY"}


if __name__ == "__main__":
    sys.exit(Wrong().run())
