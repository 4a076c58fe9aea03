"""Contract files as commands read them: what is wrong with one ends the command with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.errors import CannotRun
from qlara_sandbox.http.contract import Contract, InvalidContract

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, overlay: Path | None = None) -> dict[str, Any]:
    """Return the OpenAPI document in a file, with an overlay applied.

    Raises:
        CannotRun: it is not an OpenAPI file that the sandbox could serve; with file and place.
    """
    try:
        return Contract(path, overlay).document
    except InvalidContract as error:
        raise CannotRun(str(error)) from error
