"""Whose request this is: the API key, the session and the scenario that a request names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import MissingKey, MisusedSandbox, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTED_KEY = "YOUR_API_KEY"
SANDBOX_PREFIX = "sandbox_"
SCENARIO_MARK = "__"
SCENARIO_HEADER = "X-Sandbox-Scenario"
SESSION_HEADER = "X-Sandbox-Session"
# A part of a key that is shorter shows nothing of it.
_SHORTEST_SHOWN = 4
_SESSION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AcceptedKeys:
    """The API keys that have an account: the documented one, the sandbox's own, and what is added.

    ``added`` are further keys, which are secrets; with ``any_key``, every key has an account.
    """

    added: frozenset[str] = field(default=frozenset(), repr=False)
    any_key: bool = False

    @property
    def are_usual(self) -> bool:
        """Whether nothing is added to the usual keys."""
        return not self.added and not self.any_key

    def accept(self, key: str) -> bool:
        """Return whether *key* has an account."""
        is_usual = key == DOCUMENTED_KEY or key.startswith(SANDBOX_PREFIX)
        return is_usual or self.any_key or key in self.added

    def in_words(self, beside: str = "") -> str:
        """Return which keys are accepted, in a sentence that names no secret.

        No response shows the key that was sent, *beside*; not even in a longer one that it is the beginning of.
        """
        if self.any_key:
            return "Accepted: any key."
        documented = DOCUMENTED_KEY
        if len(beside) >= _SHORTEST_SHOWN and beside in documented:
            documented = "the key that the documentation prints"
        usual = f"Accepted: {documented}, and any key that begins with {SANDBOX_PREFIX}"
        return f"{usual}, and the keys given with --accept-key." if self.added else f"{usual}."


USUAL_KEYS = AcceptedKeys()


class Caller(NamedTuple):
    """Who sends a request, and the session and scenario that it chooses (None: no scenario)."""

    api_key: str
    session: str
    scenario: str | None


def identify(headers: Mapping[str, str], keys: AcceptedKeys = USUAL_KEYS) -> Caller:
    """Return the caller of a request, whose key must be one of *keys*.

    ``X-Sandbox-Scenario`` wins over a scenario in the key (``sandbox_LABEL__SCENARIO``).

    Raises:
        UnknownKey: no key, or one that no account has.
        MisusedSandbox: a session label that is not one.
    """
    key = headers.get("x-api-key")
    if not key:
        raise MissingKey(f"Missing API key. Expected the X-Api-Key header. {keys.in_words()}")
    if not keys.accept(key):
        raise UnknownKey(f"Unknown or inactive API key. {keys.in_words(key)}")
    session = headers.get("x-sandbox-session") or "default"
    if not _SESSION.fullmatch(session):
        message = "Expected 1 to 64 letters, digits, dots, hyphens or underscores."
        raise MisusedSandbox(SESSION_HEADER, message)
    return Caller(key, session, headers.get("x-sandbox-scenario") or chosen_by_key(key))


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
