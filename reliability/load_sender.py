"""Sends the uploads of `reliability.load` from a process of its own, so that they delay nobody else.

``python -m reliability.load_sender PORT FILE UPLOADS OWN_ACCOUNTS`` prints a line per failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

from reliability.load import send

if __name__ == "__main__":
    port, path, uploads, own_accounts = sys.argv[1:]
    failures = send(int(port), Path(path), int(uploads), own_accounts=own_accounts == "1")
    sys.stdout.write("".join(f"{failure}\n" for failure in failures))
