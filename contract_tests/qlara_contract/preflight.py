"""Can the run begin? Tells apart why not: unreachable, TLS, wrong base path, not this API, wrong key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qlara_contract import spec_variants
from qlara_contract.client import Unreachable
from qlara_contract.contract import contract
from qlara_contract.exchange import Exchange, Request
from qlara_contract.promises import QUOTA

if TYPE_CHECKING:
    from qlara_contract.run import Run


class CannotRun(Exception):
    """The run cannot begin; the message is one sentence that helps."""


def preflight(run: Run) -> Exchange:
    """Ask for the quota once and return the exchange; raise ``CannotRun``."""
    base_url = run.settings.base_url
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotRun(f"{base_url!r} is not a base URL; expected one like http://127.0.0.1:8080.")
    try:
        exchange = run.client.send(Request("GET", contract().path_of(QUOTA)))
    except Unreachable as error:
        raise CannotRun(str(error)) from error
    reason = _objection(exchange, base_url)
    if reason:
        raise CannotRun(reason)
    return exchange


def _objection(exchange: Exchange, base_url: str) -> str:
    status, body = exchange.answer.status, exchange.answer.json
    path = contract().path_of(QUOTA)
    if status == 200:
        if isinstance(body, dict) and ("used" in body or spec_variants.of_quota(body)):
            return ""
        return (
            f"{base_url} is not this API: it answers {path} with 200, but not with a contact quota."
        )
    if status == 401:
        return f"{base_url} does not accept the key given with --api-key (401)."
    if status == 403:
        return (
            f"{base_url} knows the key given with --api-key, but does not let it read the contact "
            "quota (403): the key, its plan or this machine's address lacks the permission."
        )
    if status in (404, 405):
        if urlsplit(base_url).path.strip("/"):
            return (
                f"{base_url} has no {path}: the base URL seems to have a wrong path; "
                "it is the part of the address before /api."
            )
        return f"{base_url} is not this API, or has it at another base path: no {path} ({status})."
    if 300 <= status < 400:
        return f"{base_url} redirects to {exchange.answer.header('location')}; give that base URL."
    if status == 429:
        return f"{base_url} goes on refusing requests as too many (429); run again later."
    return f"{base_url} answers {path} with {status}; a run needs a deployment that can answer."
