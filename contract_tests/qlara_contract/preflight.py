"""Decides whether a run can begin, and says why not: unreachable, TLS, base path, API, or key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun, Interrupted, RunStopped
from qlara_contract.exchange import ApiExchange, ApiRequest
from qlara_contract.promises import LIST, QUOTA
from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from qlara_contract.run import SuiteRun


def preflight(run: SuiteRun) -> ApiExchange:
    """Ask for the quota once and return the exchange; raise ``CannotRun``."""
    base_url = run.settings.base_url
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotRun(f"{base_url!r} is not a base URL; expected one like http://127.0.0.1:8080.")
    try:
        exchange = run.client.send(ApiRequest("GET", contract().path_of(QUOTA)))
    except (Interrupted, RunStopped) as error:
        raise CannotRun(str(error)) from error
    reason = _objection(exchange, base_url)
    if exchange.response.status == 200 and reason and _wants_a_key(run):
        return exchange  # it is this API, and its quota is wrong
    if exchange.response.status == 404 and _has_lists(run):
        return exchange
    if reason:
        raise CannotRun(visible(reason))
    return exchange


def _has_lists(run: SuiteRun) -> bool:
    """Return whether a list can be read with the key and not without: then only the quota is missing."""
    request = ApiRequest("GET", contract().path_of(LIST, listId=run.list_id))
    try:
        with_key, without = run.client.send(request), run.client.send(request, key="")
    except (Interrupted, RunStopped):
        return False
    body = with_key.response.json
    is_page = with_key.response.status == 200 and isinstance(body, dict) and "contacts" in body
    return is_page and without.response.status in (401, 403)


def _wants_a_key(run: SuiteRun) -> bool:
    """Return whether the quota is refused without a key: then something does serve it."""
    try:
        exchange = run.client.send(ApiRequest("GET", contract().path_of(QUOTA)), key="")
    except (Interrupted, RunStopped):
        return False
    return exchange.response.status in (401, 403)


def _objection(exchange: ApiExchange, base_url: str) -> str:
    status, body = exchange.response.status, exchange.response.json
    path = contract().path_of(QUOTA)
    if status == 200:
        if isinstance(body, dict) and ("used" in body or spec_variants.of_quota(body)):
            return ""
        return f"{base_url} is not this API: {path} returns 200, but not a contact quota."
    if status == 401:
        return f"{base_url} does not accept the key given with --api-key (401)."
    if status == 403:
        return (
            f"{base_url} knows the key given with --api-key, but does not let it read the contact "
            "quota (403): the key, its plan or this machine's address may lack the permission."
        )
    if status in (404, 405):
        if urlsplit(base_url).path.strip("/"):
            return (
                f"{base_url} has no {path}: the base URL seems to have the wrong path; "
                "it is the part of the address before /api."
            )
        return f"{base_url} is not this API, or serves it under another base path: no {path} ({status})."
    if 300 <= status < 400:
        return f"{base_url} redirects to {exchange.response.header('location')}; use that as the base URL."
    if status == 429:
        return f"{base_url} keeps refusing requests as too many (429); try again later."
    return f"{base_url} responds to {path} with {status}; verify needs a deployment that is up."
