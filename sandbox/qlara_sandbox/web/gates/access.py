"""Who may use the control API: local callers of the same origin, or whoever has the token."""

from __future__ import annotations

import hmac
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

from qlara_sandbox.domain.errors import AccessDenied, TokenRequired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.context import RequestContext

_SAME = frozenset({"same-origin", "none"})
# RFC 9110 section 7.2: a host and perhaps a port, and nothing else that a URL may have.
_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+?)\.?)(?::[0-9]*)?")


class AccessRules(Protocol):
    """Who may pass: with ``admin_token``, whoever has it; else local callers, if the bind is ``loopback``."""

    @property
    def admin_token(self) -> str | None: ...
    @property
    def loopback(self) -> bool: ...


async def access(context: RequestContext) -> Response | None:
    """Let a caller pass who may use the control API.

    Raises:
        AccessDenied, TokenRequired: as ``require_access``.
    """
    require_access(context.runtime.settings, context.headers, context.scope["scheme"])
    return None


def require_access(rules: AccessRules, headers: Mapping[str, str], scheme: str) -> None:
    """Let a caller pass who may use the control API.

    With a token, the token decides. Without one, on a loopback bind: the ``Host`` must be a local
    name (a rebinding one is not), and a browser's ``Origin`` the sandbox itself.

    Raises:
        AccessDenied: the caller is not local, or a page of another origin.
        TokenRequired: the token is missing, or another one.
    """
    if rules.admin_token is not None:
        _require_token(rules.admin_token, headers)
        return
    if not rules.loopback:
        message = "Closed: this sandbox listens beyond the machine and was started without a token."
        raise AccessDenied("authorization", message)
    host = headers.get("host", "")
    if not is_local(host):
        expected = "Expected a local name such as 127.0.0.1 or localhost"
        raise AccessDenied("host", f"{expected}; found {host[:200]!r}.")
    _require_same_origin(headers, f"{scheme}://{host}")


def is_local(host: str) -> bool:
    """Return whether a ``Host`` header names this machine: a loopback address, or localhost.

    A name may end with the dot of the root, as in ``localhost.`` (RFC 1034 section 3.1). Names below localhost
    are no local ones: RFC 6761 section 6.3 asks resolvers to keep them on the machine, and not all do.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    if found["ipv6"] is not None:
        return _is_loopback(found["ipv6"])
    name = found["name"].lower()
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _require_same_origin(headers: Mapping[str, str], own: str) -> None:
    origin = headers.get("origin")
    if origin is not None and origin.lower() != own.lower():
        raise AccessDenied("origin", f"Expected {own}; found {origin[:200]!r}.")
    # Sent by browsers also where Origin is not, as with an image or a form.
    site = headers.get("sec-fetch-site", "none").lower()
    if site not in _SAME:
        message = f"Expected a call of the sandbox's own pages; found one that is {site[:50]!r}."
        raise AccessDenied("sec-fetch-site", message)


def _require_token(token: str, headers: Mapping[str, str]) -> None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "replace"), token.encode("utf-8")
    ):
        return
    found = "another one" if given else "none"
    message = f"Expected Authorization: Bearer with the admin token; found {found}."
    raise TokenRequired("authorization", message)
