"""Defects of accounts that are not kept apart, and of keys that are not compared as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    on_refusal,
    on_request,
    on_response,
    stateful,
)
from qlara_contract.defects.kinds import Kind
from qlara_contract.defects.messages import KEY_HEADER, ServedRequest, ServedResponse, fail
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward

_GUEST = "sandbox_defect-guest"
Keys = set[str]


def _keys_compared(is_same: Callable[[str, str], bool]) -> Callable[[], Behaviour]:
    """Accept a key that *is_same* takes for one that was accepted before, as that key."""

    def begin() -> Behaviour:
        known: Keys = set()

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            if response.status != 401:
                known.add(request.key)
                return response
            meant = [key for key in sorted(known) if key and is_same(request.key, key)]
            if not meant:
                return response
            return await forward(request.with_header(KEY_HEADER, meant[0]))

        return behave

    return begin


def _key_from(found: Callable[[ServedRequest], str]) -> Callable[[], Behaviour]:
    """Take the key from elsewhere where the header is missing or empty."""

    def changed(request: ServedRequest) -> ServedRequest:
        if request.key or not request.operation:
            return request
        key = found(request)
        return request.with_header(KEY_HEADER, key) if key else request

    return on_request("", changed)


def _of_cookie(request: ServedRequest) -> str:
    return request.header("cookie").partition("apiKey=")[2].split(";")[0]


def _empty_key(request: ServedRequest) -> ServedRequest:
    is_sent = any(name == KEY_HEADER for name, _ in request.headers)
    is_empty = is_sent and not request.key and bool(request.operation)
    return request.with_header(KEY_HEADER, _GUEST) if is_empty else request


def _without_permission(*operations: str) -> Callable[[], Behaviour]:
    """Serve some operations to a key without contact permission, as some account."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if response.status != 403 or request.operation not in operations:
            return response
        return await forward(request.with_header(KEY_HEADER, _GUEST))

    return lambda: behave


def _unknown_key_reads(*operations: str) -> Callable[[], Behaviour]:
    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if response.status != 401 or not request.key or request.operation not in operations:
            return response
        return await forward(request.with_header(KEY_HEADER, _GUEST))

    return lambda: behave


def _into_lists_of_others() -> Behaviour:
    """Import into a list of another account where the own one has none of that id."""
    owners: dict[str, str] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        form = request.form if request.operation == UPLOAD else None
        if form is None:
            return response
        if response.status == 200:
            owners.setdefault(str(response.json.get("listId")), request.key)
        owner = owners.get(form.value("listId") or "")
        if response.status != 404 or owner is None:
            return response
        return await forward(request.with_header(KEY_HEADER, owner))

    return behave


def _owned(response_to_others: ServedResponse) -> Callable[[], Behaviour]:
    """Respond otherwise for a list of another account than for one that nobody has."""

    def begin() -> Behaviour:
        owned: set[str] = set()

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            if request.operation == UPLOAD and response.status == 200:
                owned.add(str(response.json.get("listId")))
            if request.operation != LIST or response.status != 404:
                return response
            return response_to_others if request.path.split("/")[-2] in owned else response

        return behave

    return begin


def _key_in_quota(request: ServedRequest, response: ServedResponse) -> ServedResponse:
    body = response.json
    if response.status != 200 or not isinstance(body, dict):
        return response
    return response.with_json(body | {"account": request.key})


_key = Kind(Group.ACCESS, ("access.refused-without-key",), _keys_compared)
_elsewhere = Kind(Group.ACCESS, ("access.refused-without-key",), _key_from)
_G = Group.ACCESS

DEFECTS = (
    _key(
        "keys-in-any-letter-case",
        "The letter case of a key does not matter.",
        lambda sent, key: sent.lower() == key.lower(),
    ),
    _key(
        "beginning-of-a-key-enough",
        "A key without its last character is accepted.",
        lambda sent, key: len(sent) > 3 and key.startswith(sent),
    ),
    _key(
        "longer-keys-accepted",
        "A key with further characters after it is accepted.",
        lambda sent, key: sent.startswith(key),
    ),
    _key(
        "keys-looked-for-anywhere",
        "A key with further characters before it is accepted.",
        lambda sent, key: sent.endswith(key),
    ),
    _key(
        "keys-by-their-length",
        "Any key of the right length is accepted.",
        lambda sent, key: len(sent) == len(key),
    ),
    _elsewhere(
        "key-in-the-query",
        "A key in the query is accepted.",
        lambda request: request.parameter("apiKey"),
    ),
    _elsewhere(
        "key-as-bearer",
        "A key is accepted as a bearer token.",
        lambda request: request.header("authorization").removeprefix("Bearer "),
    ),
    _elsewhere("key-in-a-cookie", "A key in a cookie is accepted.", _of_cookie),
    Defect(
        "empty-key-accepted",
        _G,
        "An empty key is accepted.",
        ("access.refused-without-key",),
        on_request("", _empty_key),
    ),
    Defect(
        "lists-with-any-key",
        _G,
        "Lists can be read with any key.",
        ("access.refused-without-key",),
        _unknown_key_reads(LIST),
    ),
    Defect(
        "imports-with-any-key",
        _G,
        "Files can be imported with any key.",
        ("access.refused-without-key",),
        _unknown_key_reads(UPLOAD),
    ),
    Defect(
        "unknown-key-fails",
        _G,
        "An unknown key causes a 500.",
        ("answers.never-a-server-error",),
        on_refusal(lambda response: response.with_status(500), 401),
    ),
    Defect(
        "unknown-key-redirected",
        _G,
        "A request without a valid key is redirected to a page to sign in.",
        ("access.refused-without-key",),
        on_response(
            "",
            lambda _, response: (
                response.with_status(302).with_header("location", "/login")
                if response.status == 401
                else response
            ),
        ),
    ),
    Defect(
        "permission-for-reading-not-asked-for",
        _G,
        "A key without contact permission may read lists and quota.",
        ("access.refused-without-permission",),
        _without_permission(LIST, QUOTA),
    ),
    Defect(
        "permission-for-importing-not-asked-for",
        _G,
        "A key without contact permission may import.",
        ("access.refused-without-permission",),
        _without_permission(UPLOAD),
    ),
    Defect(
        "key-shown-with-the-quota",
        _G,
        "The quota shows the key.",
        ("access.key-not-shown",),
        on_response(QUOTA, _key_in_quota),
    ),
    Defect(
        "imports-into-lists-of-others",
        _G,
        "An import into a list of another account is made.",
        ("access.accounts-apart",),
        stateful(_into_lists_of_others),
    ),
    Defect(
        "lists-of-others-forbidden",
        _G,
        "A list of another account gets 403, and one that nobody has 404.",
        ("access.other-list-unknown",),
        _owned(fail(403, "listId", "Not your list.")),
    ),
    Defect(
        "lists-of-others-empty",
        _G,
        "A list of another account is shown as an empty page.",
        ("access.other-list-unknown",),
        _owned(
            ServedResponse(
                200,
                (("content-type", "application/json"),),
                b'{"listId": "list_a", "contacts": [], "total": 0, "page": 1, "totalPages": 0, "hasMore": false}',
            )
        ),
    ),
)
