"""The trace that a request belongs to, as its client says in ``traceparent`` (W3C Trace Context)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_sandbox.http.response import RawHeaders

# Section 3.2.2: version, trace-id, parent-id, trace-flags. Later versions may add more after a hyphen.
_TRACEPARENT = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.*)?",
    re.DOTALL,
)
_ONLY_ZEROS = re.compile(rb"0+")
_FIRST_VERSION = b"00"
_NO_VERSION = b"ff"


def trace_id(headers: RawHeaders) -> str | None:
    """Return the trace id, 32 hexadecimal digits; None if there is no valid ``traceparent``.

    An invalid one is ignored, and so are several (section 3.2.2, section 4.3).
    """
    given = [value for name, value in headers if name.lower() == b"traceparent"]
    if len(given) != 1:
        return None
    found = _TRACEPARENT.fullmatch(given[0].strip(b" \t"))
    if found is None or found["version"] == _NO_VERSION:
        return None
    if found["version"] == _FIRST_VERSION and found["more"] is not None:
        return None
    if any(_ONLY_ZEROS.fullmatch(found[name]) for name in ("trace", "parent")):
        return None
    return found["trace"].decode("ascii")
