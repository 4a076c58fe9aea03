"""Runs the lines that a report prints, as a reader would: in a shell, against another deployment."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CURL = 'curl() { command curl -sS -D head.txt -o body.bin "$@"; }\n'
_NOTED = re.compile(r"(?m)^(LIST_ID\w*)=\S+  # listId of this response$")
_OWN = re.compile(r"Id$|At$")


@dataclass
class Replay:
    """The responses to the lines, block by block: status and body (JSON, where it is)."""

    responses: list[tuple[int, Any]] = field(default_factory=list)


def replay(script: str, folder: Path, replaced: Mapping[str, str]) -> Replay:
    """Run *script* with the texts in *replaced* filled in (address and keys); note its list ids."""
    found, variables = Replay(), ""
    for old, new in replaced.items():
        script = script.replace(old, new)
    for block in re.split(r"\n\n(?=# (?:then|last): )", script):
        lines = _NOTED.sub("", block)
        subprocess.run(["bash", "-ec", _CURL + variables + lines], check=True, cwd=folder)
        head = (folder / "head.txt").read_bytes()
        body = (folder / "body.bin").read_bytes()
        status = int(re.findall(rb"(?m)^HTTP/\S+ (\d+)", head)[-1])
        found.responses.append((status, _read(body)))
        variables += "".join(
            f"{name}={found.responses[-1][1]['listId']}\n" for name in _NOTED.findall(block)
        )
    return found


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def comparable(value: Any) -> Any:
    """Return a body without what every import makes anew: ids and times."""
    if isinstance(value, dict):
        return {key: "…" if _OWN.search(key) else comparable(each) for key, each in value.items()}
    return [comparable(each) for each in value] if isinstance(value, list) else value
