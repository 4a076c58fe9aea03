"""What the variables of a client hold that is kept out of output and reports: secrets, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_THE_SHELL = frozenset(["PWD", "OLDPWD"])  # directories
_SHORTEST = 8  # characters: shorter values are words that stand elsewhere as well


def secrets_of(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the *variables* whose names say that they hold a secret, such as ``CRM_TOKEN``.

    Values with a placeholder, such as ``{api_key}``, are none.
    """
    found = {
        value
        for name, value in variables.items()
        if is_secret_name(name)
        and name not in _OF_THE_SHELL
        and len(value) >= _SHORTEST
        and "{" not in value
    }
    return tuple(sorted(found))
