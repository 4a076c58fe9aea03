"""Which promises traffic can show, what shows them, and how certain that is."""
from __future__ import annotations

def shown_by(promise_id: str) -> str:
    return ""
