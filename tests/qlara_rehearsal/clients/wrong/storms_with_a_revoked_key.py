"""Sends a request again that got 401 or 403. Found by: key-revoked, no-permission."""

from __future__ import annotations

import sys
from typing import ClassVar

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    temporary: ClassVar[set[int]] = {*Client.temporary, 401, 403}


if __name__ == "__main__":
    sys.exit(Wrong().run())
