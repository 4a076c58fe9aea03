"""Which variables hold secrets, by their names: what they hold is kept out of output and reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET = re.compile(r"(?:^|_)(?:KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD)$", re.IGNORECASE)
_SHORTEST = 8  # characters: shorter values are words that stand elsewhere as well


def secrets_of(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the *variables* whose names say that they hold a secret, such as ``CRM_TOKEN``.

    Values with a placeholder, such as ``{api_key}``, are none.
    """
    found = {
        value
        for name, value in variables.items()
        if _SECRET.search(name) and len(value) >= _SHORTEST and "{" not in value
    }
    return tuple(sorted(found))
