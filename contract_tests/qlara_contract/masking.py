"""Keeps API keys out of everything that is shown or written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER = "YOUR_API_KEY"
"""What the documentation prints in place of a key."""


def mask(text: str, secrets: Iterable[str] | Mapping[str, str]) -> str:
    """Return *text* with each of *secrets* replaced, also where it is escaped for a URL, HTML or JSON.

    A mapping says what stands for each secret; otherwise that is the documentation's placeholder.
    """
    placeholders = secrets if isinstance(secrets, Mapping) else dict.fromkeys(secrets, PLACEHOLDER)
    for secret in sorted(placeholders, key=len, reverse=True):
        if not secret or secret == PLACEHOLDER:
            continue
        for form in _forms(secret):
            text = text.replace(form, placeholders[secret])
    return text


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """Return *secret* as a URL, HTML and JSON write it, the longest first."""
    forms = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        escape(secret),
        escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))
