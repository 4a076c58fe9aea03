"""The files that commands upload in place of their own: found by name, or generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_examples.heading_rules import OVERSIZED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"


class UploadFiles:
    """Looks for files in *folders*, in order; generates the oversized one in *scratch*."""

    def __init__(self, folders: Sequence[Path], scratch: Path) -> None:
        self._folders = folders
        self._oversized = scratch / "too-large.vcf"

    def find(self, name: str) -> Path | None:
        """Return the file of this name; ``None`` if there is none."""
        if name != OVERSIZED:
            candidates = (folder / name for folder in self._folders)
            return next((each for each in candidates if each.is_file()), None)
        if not self._oversized.exists():
            self._oversized.write_bytes(_CARD * (_largest_file() // len(_CARD) + 1))
        return self._oversized


def _largest_file() -> int:
    """Return the largest file that the contract allows, in bytes."""
    schema = contract().document["components"]["schemas"]["VCardUpload"]
    return int(schema["properties"]["file"]["x-qlara-max-bytes"])
