"""A time on the command line: how long something goes on, or is waited for."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)")


class Duration(click.ParamType[float]):
    """A time such as ``500ms``, ``90s``, ``10m`` or ``2h``; in seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = _TIME.fullmatch(str(value).strip())
        seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
        if not seconds:
            expected = "expected a time such as 500ms, 90s, 10m or 2h"
            self.fail(f"{expected}; found {str(value)!r}.", param, ctx)
        return seconds
