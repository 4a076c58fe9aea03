"""Sends a file again that the plan has no room for. Found by: plan-full."""

from __future__ import annotations

import sys
from typing import ClassVar

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    temporary: ClassVar[set[int]] = {*Client.temporary, 409}


if __name__ == "__main__":
    sys.exit(Wrong().run())
