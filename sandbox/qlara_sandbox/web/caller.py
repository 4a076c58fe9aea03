"""Whose request this is: the API key, the session and the scenario that a request names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import MissingKey, MisusedSandbox, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTED_KEY = "YOUR_API_KEY"
SANDBOX_PREFIX = "sandbox_"
SCENARIO_MARK = "__"
SCENARIO_HEADER = "X-Sandbox-Scenario"
SESSION_HEADER = "X-Sandbox-Session"
_SESSION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class Caller(NamedTuple):
    """Who sends a request, and the session and scenario that it chooses (None: no scenario)."""

    api_key: str
    session: str
    scenario: str | None


def identify(headers: Mapping[str, str]) -> Caller:
    """Return the caller of a request.

    ``X-Sandbox-Scenario`` wins over a scenario in the key (``sandbox_LABEL__SCENARIO``).

    Raises:
        UnknownKey: no key, or one that no account has.
        MisusedSandbox: a session label that is not one.
    """
    key = headers.get("x-api-key")
    if not key:
        raise MissingKey("Missing API key. Expected the X-Api-Key header.")
    session = headers.get("x-sandbox-session") or "default"
    if not _SESSION.fullmatch(session):
        message = "Expected 1 to 64 letters, digits, dots, hyphens or underscores."
        raise MisusedSandbox(SESSION_HEADER, message)
    scenario = headers.get("x-sandbox-scenario")
    if key.startswith(SANDBOX_PREFIX):
        return Caller(key, session, scenario or chosen_by_key(key))
    if key != DOCUMENTED_KEY:
        raise UnknownKey("Unknown or inactive API key.")
    return Caller(key, session, scenario)


def chosen_by_key(key: str) -> str | None:
    """Return the scenario that a key names itself: ``sandbox_LABEL__SCENARIO``."""
    return key.partition(SCENARIO_MARK)[2] or None if key.startswith(SANDBOX_PREFIX) else None


def masked(key: str) -> str:
    """Return *key* as logs and reports show it: enough to tell keys apart, not to use one."""
    if key == DOCUMENTED_KEY:
        return key
    if not key.startswith(SANDBOX_PREFIX):
        return "…"
    label, mark, scenario = key.partition(SCENARIO_MARK)
    return f"{label[: len(SANDBOX_PREFIX) + 2]}…{mark}{scenario}"
