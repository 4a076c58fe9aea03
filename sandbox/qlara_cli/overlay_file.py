"""The option type of an overlay: a file, or the name of one that ships with the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qlara_sandbox import resources


class OverlayFile(click.ParamType[Path]):
    """The file of an overlay, or the name of one that ships with the sandbox."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path, shipped = Path(value), resources.OVERLAYS / f"{value}.yaml"
        if path.is_file():
            return path.resolve()
        if path.name != str(value) or not shipped.is_file():
            names = ", ".join(sorted(one.stem for one in resources.OVERLAYS.glob("*.yaml")))
            self.fail(f"No file {value!r}, and no shipped overlay: {names}.", param, ctx)
        return shipped
