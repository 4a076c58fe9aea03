"""The scenario that the commands below a heading run in: one small table, which a comment overrides."""

from __future__ import annotations

import re
from dataclasses import dataclass

STORY = "crm-migration"
"""The scenario of a page as a whole."""
OVERSIZED = "(larger than the limit)"
"""Stands for a generated file that is larger than the contract allows."""


@dataclass(frozen=True)
class HeadingRule:
    """What a heading selects: ``scenario`` in a fresh world of its own.

    ``file`` is what a repeated command uploads instead of its own. ``attempts``: how often a command
    is repeated until the documented status comes.
    """

    heading: re.Pattern[str]
    scenario: str
    file: str = ""
    attempts: int = 1


def _rule(heading: str, scenario: str, file: str = "", attempts: int = 1) -> HeadingRule:
    return HeadingRule(re.compile(heading, re.IGNORECASE), scenario, file, attempts)


HEADING_RULES = (
    _rule(r"^400\b.*(vcard|file|format|header)|invalid vcard", "bad-header", "bad-header.vcf"),
    _rule(r"^413\b|too large", "oversized-file", OVERSIZED),
    _rule(r"^409\b|quota (is )?(exhausted|exceeded)", "quota-exhausted"),
    _rule(r"^401\b|\bunauthori[sz]ed\b", "revoked-key"),
    _rule(r"^403\b|\bforbidden\b", "no-permission"),
    _rule(r"^429\b|too many requests|rate limit", "rate-limited", attempts=100),
    _rule(r"end.to.end|complete example|whole script", STORY),
    _rule(r"exist\w* contacts? update|updat\w+ .*exist\w*", "update-existing"),
    _rule(r"into a new list", "default"),
)


def rule_for(heading: str) -> HeadingRule | None:
    """Return the rule for *heading*, or ``None`` if its commands belong to the page's own story."""
    return next((each for each in HEADING_RULES if each.heading.search(heading.strip())), None)
