"""Decides whether a run can begin, and says why not: unreachable, TLS, base path, API, or key."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun, Interrupted, RunStopped
from qlara_contract.exchange import ApiExchange, ApiRequest
from qlara_contract.promises import LIST, QUOTA
from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from qlara_contract.client import Client
    from qlara_contract.run import SuiteRun

_WRONG_FOR_A_QUOTA = frozenset({400, 404, 405, 500})
_WRONG_FOR_ANYTHING = frozenset({400, 404, 405, 406, 415, 500})


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
    if reason and not _is_this_api(run.client, run.list_id, exchange):
        return _asked_for_json(run, exchange, reason)
    return exchange


def _asked_for_json(run: SuiteRun, before: ApiExchange, reason: str) -> ApiExchange:
    """Ask once more, for JSON only, and let the run go on so; raise ``CannotRun`` with *reason*."""
    status = before.response.status
    if status in _WRONG_FOR_ANYTHING and not any(
        name.lower() == "accept" for name, _ in run.settings.headers
    ):
        request = replace(before.request, headers=(("Accept", "application/json"),))
        with suppress(Interrupted, RunStopped):
            exchange = run.client.send(request)
            if not _objection(exchange, run.settings.base_url):
                run.client.ask_for_json()  # a story judges that it has to be asked so
                return exchange
    raise CannotRun(visible(reason))


def why_unusable(client: Client, base_url: str, list_id: str) -> str:
    """Return why a deployment that has refused a request refuses every one: its path or the key is wrong.

    Empty if it does not: it is this API and accepts the key. Raises ``CannotRun`` if it is not there any more.
    """
    try:
        quota = client.send(ApiRequest("GET", contract().path_of(QUOTA)))
        reason = _objection(quota, base_url)
        if not reason or _is_this_api(client, list_id, quota):
            return ""
        listed = client.send(ApiRequest("GET", contract().path_of(LIST, listId=list_id)))
    except (Interrupted, RunStopped) as error:
        raise CannotRun(str(error)) from error
    return visible(reason) if listed.response.status == quota.response.status else ""


def _is_this_api(client: Client, list_id: str, exchange: ApiExchange) -> bool:
    """Return whether a deployment whose quota cannot be read shows that it is this API all the same."""
    try:
        if exchange.response.status == 200:  # then it refuses the quota without a key
            quota = ApiRequest("GET", contract().path_of(QUOTA))
            return client.send(quota, key="").response.status in (401, 403)
        if exchange.response.status in _WRONG_FOR_A_QUOTA:
            listed = ApiRequest("GET", contract().path_of(LIST, listId=list_id))
            return _is_of_a_list(client.send(listed))
    except (Interrupted, RunStopped):
        pass
    return False


def _is_of_a_list(exchange: ApiExchange) -> bool:
    """Return whether a response is a page of a list, or says that there is no such list."""
    body = exchange.response.json
    if not isinstance(body, dict):
        return False
    data = body.get("data")
    return "contacts" in body or (isinstance(data, dict) and "listId" in data)


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
