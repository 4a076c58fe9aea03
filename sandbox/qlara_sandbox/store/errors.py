"""What is wrong with an engine, that only its operator can mend."""

from __future__ import annotations


class UnusableEngine(Exception):
    """The engine cannot be used as it is: another start may succeed only once something is changed."""
