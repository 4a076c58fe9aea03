"""Allow ``python -m qlara_sandbox``."""

from __future__ import annotations

from qlara_cli import main

if __name__ == "__main__":
    main(prog_name="python -m qlara_sandbox")
