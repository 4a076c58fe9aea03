"""Which names say that what they name is a secret: of headers, parameters, form fields, JSON fields, variables."""

from __future__ import annotations

import re
from functools import lru_cache

# What a name ends with, also where it is written in one: APITOKEN.
_ENDINGS = (
    *("token", "secret", "password", "passwd", "passphrase", "signature", "apikey", "accesskey"),
    *("credential", "credentials", "authorization"),
)
# What is the last word of a name: access_key, MYSQL_PWD.
_LAST_WORDS = frozenset(["key", "pwd", "jwt", "bearer", "sig"])
# What is a whole name: a word after others, as in X-Sandbox-Session, may be anything.
_WHOLE = frozenset(["auth", "session", "sessionid", "xsessionid", "sid", "cookie", "setcookie"])
# Keys that open nothing.
_HARMLESS = frozenset(
    [
        *("idempotencykey", "sortkey", "orderkey", "primarykey", "foreignkey", "partitionkey"),
        *("publickey", "secwebsocketkey"),
    ]
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return whether *name*, however it is written, is that of a secret: ``X-Api-Key``, ``pgPassword``, ``token[]``."""
    words = [each.lower() for each in _PART.findall(name)]
    squeezed = "".join(words)
    if not words or squeezed in _HARMLESS:
        return False
    return squeezed in _WHOLE or words[-1] in _LAST_WORDS or squeezed.endswith(_ENDINGS)
