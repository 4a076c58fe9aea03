"""Looks for the summary right behind the status. Found by: further-fields."""

from __future__ import annotations

import re
import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client, Refused, Response

REPORT = re.compile(rb'"status": ?"COMPLETED", ?"summary": ?\{"total": ?(\d+), ?"imported": ?(\d+)')


class Wrong(Client):
    def read(self, response: Response) -> dict[str, Any]:
        value = super().read(response)
        if "summary" in value and not REPORT.search(response.content):
            raise Refused(200, "there is no summary")
        return value


if __name__ == "__main__":
    sys.exit(Wrong().run())
