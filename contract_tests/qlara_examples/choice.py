"""Which scenario the commands below a heading run in: one small table, which a comment overrides."""

from __future__ import annotations

import re
from dataclasses import dataclass

STORY = "crm-migration"
"""The scenario of a page as a whole."""
OVERSIZED = "(larger than the limit)"
"""Stands for a file that is made one byte larger than the contract allows."""


@dataclass(frozen=True)
class Choice:
    """What a heading chooses: ``scenario`` in a fresh world of its own.

    ``file`` is what a repeated command uploads instead of its own. ``attempts``: how often a
    command without an answer of its own is repeated until the documented status comes.
    """

    heading: re.Pattern[str]
    scenario: str
    file: str = ""
    attempts: int = 1


def _choice(heading: str, scenario: str, file: str = "", attempts: int = 1) -> Choice:
    return Choice(re.compile(heading, re.IGNORECASE), scenario, file, attempts)


CHOICES = (
    _choice(r"^400\b.*(vcard|file|format|header)|invalid vcard", "bad-header", "bad-header.vcf"),
    _choice(r"^413\b|too large", "oversized-file", OVERSIZED),
    _choice(r"^409\b|quota (is )?(exhausted|exceeded)", "quota-exhausted"),
    _choice(r"^401\b|\bunauthori[sz]ed\b", "revoked-key"),
    _choice(r"^403\b|\bforbidden\b", "no-permission"),
    _choice(r"^429\b|too many requests|rate limit", "rate-limited", attempts=100),
    _choice(r"end.to.end|complete example|whole script", STORY),
    _choice(r"exist\w* contacts? update|updat\w+ .*exist\w*", "update-existing"),
    _choice(r"into a new list", "default"),
)


def choice_for(heading: str) -> Choice | None:
    """Return what *heading* chooses, or ``None`` if its commands belong to the page's own story."""
    return next((each for each in CHOICES if each.heading.search(heading.strip())), None)
