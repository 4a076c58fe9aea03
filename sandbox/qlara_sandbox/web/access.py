"""Who may use the control API: local callers of the same origin, or whoever has the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qlara_sandbox.http.error_responses import fail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.runtime import SandboxSettings

_SAME = frozenset({"same-origin", "none"})


def refused(settings: SandboxSettings, headers: Mapping[str, str], scheme: str) -> Response | None:
    """Return the answer to a caller who may not, or None to one who may.

    With a token, the token decides. Without one, on a loopback bind: the ``Host`` must be a local
    name (a rebinding one is not), and a browser's ``Origin`` the sandbox itself.
    """
    if settings.admin_token is not None:
        return _without_token(settings.admin_token, headers)
    if not settings.loopback:
        message = "Closed: this sandbox listens beyond the machine and was started without a token."
        return fail(403, {"authorization": message})
    host = headers.get("host", "")
    if not is_local(host):
        expected = "Expected a local name such as 127.0.0.1 or localhost"
        return fail(403, {"host": f"{expected}; found {host[:200]!r}."})
    return _foreign(headers, f"{scheme}://{host}")


def is_local(host: str) -> bool:
    """Return whether a ``Host`` header names this machine: a loopback address, or localhost."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True  # RFC 6761 section 6.3: such names never leave the machine
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _foreign(headers: Mapping[str, str], own: str) -> Response | None:
    origin = headers.get("origin")
    if origin is not None and origin.lower() != own.lower():
        return fail(403, {"origin": f"Expected {own}; found {origin[:200]!r}."})
    # Sent by browsers also where Origin is not, as with an image or a form.
    site = headers.get("sec-fetch-site", "none").lower()
    if site not in _SAME:
        message = f"Expected a call of the sandbox's own pages; found one that is {site[:50]!r}."
        return fail(403, {"sec-fetch-site": message})
    return None


def _without_token(token: str, headers: Mapping[str, str]) -> Response | None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "replace"), token.encode("utf-8")
    ):
        return None
    found = "another one" if given else "none"
    message = f"Expected Authorization: Bearer with the admin token; found {found}."
    return fail(401, {"authorization": message}, {"WWW-Authenticate": 'Bearer realm="sandbox"'})
