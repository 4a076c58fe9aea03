"""Where something was measured: the processor, the system, and the versions that matter."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGES = ("starlette", "uvicorn", "uvloop", "httptools", "vobject", "phonenumbers")


def machine() -> dict[str, object]:
    """Return the machine as the results name it."""
    return {
        "processor": processor(Path("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def in_words(where: Mapping[str, Any]) -> str:
    """Return a machine, as :func:`machine` tells it, on one line."""
    packages = ", ".join(f"{name} {of}" for name, of in where["packages"].items())
    return (
        f"{where['processor']}, {where['cores']} cores, {where['kernel']}, Python {where['python']}; "
        f"{packages}"
    )


def processor(cpuinfo: Path) -> str:
    """Return the name of the processor, or else of its architecture."""
    text = cpuinfo.read_text(encoding="utf-8", errors="replace") if cpuinfo.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()
