"""Sends a file again that is too large. Found by: too-large."""

from __future__ import annotations

import sys
from typing import ClassVar

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    temporary: ClassVar[set[int]] = {*Client.temporary, 413}


if __name__ == "__main__":
    sys.exit(Wrong().run())
