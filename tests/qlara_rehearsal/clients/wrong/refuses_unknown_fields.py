"""Takes a response with a field that it does not know for a broken one. Found by: further-fields."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client, Refused, Response

KNOWN = {"total", "imported", "duplicates", "errors", "skipped"}


class Wrong(Client):
    def read(self, response: Response) -> dict[str, Any]:
        value = super().read(response)
        if unknown := value.get("summary", {}).keys() - KNOWN:
            raise Refused(200, f"unknown fields: {', '.join(sorted(unknown))}")
        return value


if __name__ == "__main__":
    sys.exit(Wrong().run())
