"""What one API key stands for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """The terms of an account; what it holds is in its world.

    ``used_elsewhere`` counts contacts that belong to the account but to none of its lists.
    ``region`` is the ISO 3166 code whose prefix a number without one gets; ``timezone`` an IANA name.
    """

    quota_total: int = 50_000
    used_elsewhere: int = 0
    region: str = "IT"
    timezone: str = "Europe/Rome"
    permissions: frozenset[str] = field(default_factory=lambda: frozenset({"contacts", "billing"}))
    active: bool = True
