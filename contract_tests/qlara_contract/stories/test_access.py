"""Stories about access, and about requests outside the contract."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.run import MARKER
from qlara_contract.spec_variants import of_refusal
from qlara_contract.story import exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_UNKNOWN_KEY = "contract-check-unknown-key"
_REFUSED_AT_MOST = 60


def _everywhere(story: Story, key: str) -> list[ApiExchange]:
    """Send each operation with *key*, the import only if the run may send one."""
    exchanges = [story.get_quota(key=key), story.get_list(story.run.list_id, key=key)]
    if story.may_send_unsafe:
        exchanges.append(story.post(story.form(card("Marco Rossi", "TEL:n/d")), key=key))
    return exchanges


@exercises("access.key-required", "access.refused-without-key", "access.key-not-shown")
def test_a_request_without_a_key_is_refused(story: Story) -> None:
    for exchange in _everywhere(story, ""):
        _without_key(story, "access.key-required", exchange, "key.missing")


@exercises("access.unknown-key", "access.refused-without-key", "access.key-not-shown")
def test_a_request_with_an_unknown_key_is_refused(story: Story) -> None:
    own = story.settings.api_key
    others = [_UNKNOWN_KEY, *_similar(own)]
    # A sandbox key with another label is the key of another account there.
    unknown = [each for each in others if each and not each.startswith("sandbox_")]
    for key in dict.fromkeys(unknown):
        if key == own:
            continue
        for exchange in (
            _everywhere(story, key) if key == _UNKNOWN_KEY else [story.get_quota(key=key)]
        ):
            _without_key(story, "access.unknown-key", exchange)
    bearer = (("Authorization", f"Bearer {own}"),)
    for headers, query in (
        # A gateway before the deployment may need that header for itself.
        (() if story.settings.authorization else bearer, ()),
        ((), (("apiKey", own), ("X-Api-Key", own), ("api_key", own))),
        ((("Cookie", f"apiKey={own}"),), ()),
        ((("X-Api-Key", ""),), ()),
    ):
        request = ApiRequest("GET", contract().path_of(QUOTA), query, headers)
        exchange = story.send(request, key="")
        what = "A key outside the header X-Api-Key is accepted."
        story.turned_away("access.refused-without-key", exchange, what)


def _similar(key: str) -> list[str]:
    """Return keys that a careless comparison takes for *key*."""
    half = len(key) // 2
    return [
        key.swapcase(),
        key[:-1],
        f"{key}x",
        f"x{key}",
        _other(key, len(key) - 1),
        _other(key, half),
        f"{key[:half]}{key[half:].swapcase()[::-1]}",
        re.sub(r"[^A-Za-z0-9]", "", key),
    ]


def _other(key: str, at: int) -> str:
    """Return *key* with another character at this place."""
    return f"{key[:at]}{'q' if key[at : at + 1] != 'q' else 'z'}{key[at + 1 :]}"


def _without_key(
    story: Story, promise: PromiseId, exchange: ApiExchange, name: str = "key.unknown"
) -> None:
    """Check that a request without a valid key is refused, with the status that a convention decides."""
    if story.turned_away(
        "access.refused-without-key", exchange, "A request without a valid key is not refused."
    ):
        story.refused_as(promise, exchange, name, story.expected.key_field)


@exercises("access.key-first", "access.refused-without-key")
def test_a_stranger_learns_nothing(story: Story) -> None:
    unknown = contract().path_of(LIST, listId="contract-check-no-such-list")
    requests = [
        ApiRequest("GET", unknown),
        ApiRequest("GET", contract().path_of(LIST, listId=story.run.list_id), (("limit", "0"),)),
    ]
    if story.may_send_unsafe:
        requests.append(
            ApiRequest("POST", contract().path_of(UPLOAD), form=story.form("not a vCard file"))
        )
    for request in requests:
        _without_key(story, "access.key-first", story.send(request, key=_UNKNOWN_KEY))


@exercises("access.header-name-case")
def test_the_name_of_the_header_may_be_in_any_letter_case(story: Story) -> None:
    for name in ("x-api-key", "X-API-KEY"):
        request = ApiRequest(
            "GET", contract().path_of(QUOTA), headers=((name, story.settings.api_key),)
        )
        exchange = story.send(request)
        story.expect(
            "access.header-name-case",
            exchange.response.status,
            200,
            exchange,
            f"A key in a header named {name} is not accepted.",
        )


@exercises("access.permission-required", "access.refused-without-permission")
def test_a_key_without_the_permission_is_refused(story: Story) -> None:
    key = story.settings.unpermitted_key or story.run.key_for("no-permission")
    if not key:
        for each in story.promises:
            story.not_exercised(each, "no key without contact permission was given")
        return
    for exchange in _everywhere(story, key):
        # The permission is one for contacts: UC-020 does not say that the quota needs it.
        promise: PromiseId = (
            "access.permission-required"
            if exchange.operation == QUOTA
            else "access.refused-without-permission"
        )
        if story.turned_away(promise, exchange, "The key is not refused."):
            field = story.expected.key_field
            story.refused_as("access.permission-required", exchange, "key.unpermitted", field)


@exercises("access.accounts-apart", "access.other-list-unknown", creates=4)
def test_no_account_sees_or_changes_another(story: Story) -> None:
    other = story.settings.exhausted_key or (
        "sandbox_contract-check-other" if story.run.is_sandbox else ""
    )
    if not other:
        for promise in story.promises:
            story.not_exercised(promise, "no key of another account was given")
        return
    before = story.get_quota(key=other).response.value("used")
    number = story.run.numbers.take()
    name, email = f"{MARKER} {number[-6:]}", f"contract-check-{number[-6:]}@example.com"
    text = card(name, f"TEL:{number}", email=email)
    list_id = story.upload(text).list_id
    own = story.read(list_id, count=1).exchange  # a cache would hold it now
    exchange = story.send(own.request, key=other)
    shown = exchange.response.body.decode("utf-8", "replace")
    story.expect(
        "access.accounts-apart",
        [each for each in (number, name, email, MARKER) if each in shown],
        [],
        exchange,
        "A contact of one account is shown to another.",
    )
    if story.expected.unknown_list == "created":
        story.refused("access.other-list-unknown", exchange, 404, "listId")
    else:
        story.refused_as("access.other-list-unknown", exchange, "unknown-list", "listId")
    into = _import_into(story, list_id, number, other)
    # It may have created a list of that id in the other account.
    is_created = story.actual.unknown_list == "created" and 200 <= into.response.status < 300
    exchange = story.get_quota(key=other)
    story.expect(
        "access.accounts-apart",
        exchange.response.value("used"),
        before + 1 if is_created and isinstance(before, int) else before,
        exchange,
        "An import into one account changed the quota of another.",
    )
    exchange = story.post(story.form(text), key=other)
    summary = exchange.response.value("summary")
    # An exhausted account refuses what it does not hold, and takes a duplicate.
    story.expect(
        "access.accounts-apart",
        summary.get("duplicates") if isinstance(summary, dict) else 0,
        0,
        exchange,
        "A contact of one account is a duplicate in another.",
    )
    if other == story.settings.exhausted_key:
        _quota_apart(story, other)
    _same_lists(story, other)


def _same_lists(story: Story, other: str) -> None:
    """Read the list of one id in both accounts, one right after the other: no contact is in both."""
    list_id, most = story.run.list_id, str(story.run.safe_limit)
    if not any(_contacts(story.get_list(list_id, ("limit", most)))):
        return
    # What one account reads may be kept for the other; what the other read, for the first.
    exchanges = [story.get_list(list_id, ("limit", most), key=key) for key in (other, None)]
    theirs, own = (_contacts(each) for each in exchanges)
    story.expect(
        "access.accounts-apart",
        sorted(own & theirs),
        [],
        exchanges[0],
        "A contact is in lists of two accounts.",
    )


def _contacts(exchange: ApiExchange) -> set[str]:
    """Return what tells the contacts of a page from all others; ids may be unique in one account only."""
    contacts = exchange.response.value("contacts")
    return {
        ", ".join(str(each.get(name)) for name in ("contactId", "phoneNumber", "createdAt"))
        for each in (contacts if isinstance(contacts, list) else ())
        if isinstance(each, dict)
    }


def _quota_apart(story: Story, exhausted: str) -> None:
    """Read the quota of an exhausted account after that of one with room: they cannot be the same."""
    used, total, own = story.quota()
    exchange = story.get_quota(key=exhausted)
    if used < total and exhausted != story.settings.api_key:
        story.expect(
            "access.accounts-apart",
            exchange.response.json == own.response.json,
            False,
            exchange,
            "The quota of one account is shown to another.",
        )


def _import_into(story: Story, list_id: str, number: str, other: str) -> ApiExchange:
    """Try to import into a list of another account; nothing may come there."""
    text = card("Luca Verdi", f"TEL:{story.run.numbers.take()}")
    exchange = story.post(story.form(text, list_id=list_id), key=other)
    page = story.read(list_id)
    story.expect(
        "access.accounts-apart",
        page.numbers,
        [number],
        page.exchange,
        "Another account imported into the list.",
    )
    return exchange


@exercises("answers.unknown-path")
def test_a_path_outside_the_contract_is_not_found(story: Story) -> None:
    for path in (
        "/api/partner-gateway/v1/contacts/contract-check",
        contract().path_of(QUOTA) + "/contract-check",
    ):
        exchange = story.send(ApiRequest("GET", path))
        if story.refused("answers.unknown-path", exchange, 404):
            _documented_shape(story, "answers.unknown-path", exchange)


@exercises("answers.unknown-method", unsafe=True)
def test_a_method_outside_the_contract_is_not_allowed(story: Story) -> None:
    requests = [ApiRequest("GET", contract().path_of(UPLOAD))]
    if story.run.is_sandbox or story.settings.is_loopback:
        # Elsewhere, another method may exist and have effects.
        quota = contract().path_of(QUOTA)
        listed = contract().path_of(LIST, listId="contract-check")
        others = (("POST", quota), ("PUT", listed), ("DELETE", quota))
        requests += [ApiRequest(method, path) for method, path in others]
    for request in requests:
        exchange = story.send(request)
        if not story.refused("answers.unknown-method", exchange, 405):
            continue
        allow = exchange.response.header("allow") or ""
        expected = "POST" if request.path == contract().path_of(UPLOAD) else "GET"
        story.expect(
            "answers.unknown-method",
            expected in [each.strip() for each in allow.split(",")],
            True,
            exchange,
            f"`Allow` ({allow or 'missing'}) does not name {expected}.",
        )
        _documented_shape(story, "answers.unknown-method", exchange)


def _documented_shape(story: Story, promise: PromiseId, exchange: ApiExchange) -> None:
    body = exchange.response.json
    data = body.get("data") if isinstance(body, dict) else None
    is_message = of_refusal(body) is not None
    is_fail = isinstance(data, dict) and bool(data) and body.get("status") == "fail"
    story.expect(
        promise,
        is_message if story.expected.error_body == "message" else is_fail,
        True,
        exchange,
        "The body does not have the documented shape.",
        by="error-body" if is_message else None,
    )


@exercises("rate-limit.answer", "rate-limit.retry-after")
def test_a_request_too_many_says_when_to_come_back(story: Story) -> None:
    key = story.run.key_for("rate-limited")
    if not key:
        for promise in story.promises:
            story.not_exercised(promise, "no request of this run was rate-limited")
        return
    request = ApiRequest("GET", contract().path_of(QUOTA))
    exchange = story.send(request, key=key, patient=False)
    for _ in range(_REFUSED_AT_MOST):
        if exchange.response.status == 429:
            break
        exchange = story.send(request, key=key, patient=False)
    if not story.expect(
        "rate-limit.answer",
        exchange.response.status,
        429,
        exchange,
        f"{_REFUSED_AT_MOST} requests with a rate-limited key were all served.",
    ):
        return
    body = exchange.response.json
    value = exchange.response.header("retry-after") or ""
    story.expect(
        "rate-limit.retry-after",
        value,
        str(body.get("retryAfter")) if isinstance(body, dict) else "",
        exchange,
        "`Retry-After` and the body disagree.",
    )
