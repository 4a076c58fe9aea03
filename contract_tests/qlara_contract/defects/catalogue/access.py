"""Defects of access: keys, permissions, and accounts that are not isolated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_refusal, on_request, stateful
from qlara_contract.defects.messages import KEY_HEADER, ServedRequest, ServedResponse
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward

_GUEST = "sandbox_defect-guest"


def _without_key(operation: str) -> Callable[[], Behaviour]:
    """Serve *operation* to a request without a key, as some account."""
    return on_request(
        operation,
        lambda request: request if request.key else request.with_header(KEY_HEADER, _GUEST),
    )


def _let_in(status: int) -> Callable[[], Behaviour]:
    """Serve a request that is refused with *status*, as some account, if it has a key."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if response.status != status or not request.key or not request.operation:
            return response
        return await forward(request.with_header(KEY_HEADER, _GUEST))

    return lambda: behave


async def _key_judged_last(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    if response.status != 401:
        return response
    judged = await forward(request.with_header(KEY_HEADER, _GUEST))
    return judged if judged.status in (400, 404) else response


def _lists_shared() -> Behaviour:
    """Look for a list that an account does not have among those of all others."""
    owners: dict[str, ServedRequest] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation == UPLOAD and response.status == 200:
            owners[response.json["listId"]] = request
        owner = owners.get(request.path.split("/")[-2]) if request.operation == LIST else None
        if response.status != 404 or owner is None:
            return response
        return await forward(request.with_header(KEY_HEADER, owner.key))

    return behave


def _contacts_shared() -> Behaviour:
    """Compare a card with the contacts of every account: a number imported once is a duplicate."""
    tried: set[bytes] = set()

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        form = request.form if request.operation == UPLOAD else None
        if form is None or form.file is None or response.status != 200:
            return response
        if form.file in tried and response.json["summary"]["duplicates"] == 0:
            body = response.json
            counts = body["summary"]
            others = {"imported": 0, "duplicates": counts["imported"], "skipped": counts["total"]}
            return response.with_json(body | {"summary": counts | others})
        tried.add(form.file)
        return response

    return behave


_G = Group.ACCESS

DEFECTS = (
    Defect(
        "quota-without-key",
        _G,
        "The quota can be read without a key.",
        ("access.refused-without-key",),
        _without_key(QUOTA),
    ),
    Defect(
        "import-without-key",
        _G,
        "A file can be imported without a key.",
        ("access.refused-without-key",),
        _without_key(UPLOAD),
    ),
    Defect(
        "any-key-accepted",
        _G,
        "Every key is accepted.",
        ("access.unknown-key",),
        _let_in(401),
    ),
    Defect(
        "forbidden-instead-of-unauthorised",
        _G,
        "A request without a valid key gets 403 instead of 401.",
        ("access.key-required", "access.unknown-key"),
        on_refusal(lambda response: response.with_status(403), 401),
    ),
    Defect(
        "unauthorised-as-text",
        _G,
        "A 401 is plain text.",
        ("access.key-required",),
        on_refusal(lambda response: response.with_body(b"Unauthorized", "text/plain"), 401),
    ),
    Defect(
        "unauthorised-names-another-field",
        _G,
        "A 401 has its message in `X-Api-Key` instead of `apiKey`.",
        ("access.key-required", "access.unknown-key"),
        on_refusal(
            lambda response: response.with_json(
                {"status": "fail", "data": {"X-Api-Key": "Missing."}}
            ),
            401,
        ),
    ),
    Defect(
        "key-judged-last",
        _G,
        "The request is checked before the key: 400 and 404 come before 401.",
        ("access.key-first",),
        lambda: _key_judged_last,
    ),
    Defect(
        "permission-not-asked-for",
        _G,
        "A key without contact permission is accepted.",
        ("access.refused-without-permission",),
        _let_in(403),
    ),
    Defect(
        "unauthorised-instead-of-forbidden",
        _G,
        "A key without contact permission gets 401 instead of 403.",
        ("access.permission-required",),
        on_refusal(lambda response: response.with_status(401), 403),
    ),
    Defect(
        "lists-of-all-accounts",
        _G,
        "A list of one account can be read with the key of another.",
        ("access.accounts-apart",),
        stateful(_lists_shared),
    ),
    Defect(
        "contacts-of-all-accounts",
        _G,
        "A contact of one account is a duplicate in another.",
        ("access.accounts-apart",),
        stateful(_contacts_shared),
    ),
)
