"""Sends a field that nobody reads. Found by: documented-import."""

from __future__ import annotations

import sys

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def fields(self) -> dict[str, str]:
        return {**super().fields(), "source": "crm"}


if __name__ == "__main__":
    sys.exit(Wrong().run())
