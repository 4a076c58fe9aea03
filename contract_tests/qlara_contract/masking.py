"""Keeps API keys out of everything that is shown or written."""

from __future__ import annotations

PLACEHOLDER = "YOUR_API_KEY"
"""What the documentation prints in place of a key."""


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """Return *text* with each of *secrets* replaced by the documentation's placeholder."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret and secret != PLACEHOLDER:
            text = text.replace(secret, PLACEHOLDER)
    return text
