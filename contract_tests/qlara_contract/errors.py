"""The one error of a run that cannot be made, shared by every command of the suite."""

from __future__ import annotations


class CannotRun(Exception):
    """Nothing can be checked; the message is one sentence that helps. Exit code 2."""
