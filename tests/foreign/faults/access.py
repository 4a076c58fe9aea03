"""Faults in keys and in keeping accounts apart (UC-020: Prerequisites)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.foreign import stages
from tests.foreign.messages import fail
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.messages import Response
    from tests.foreign.multipart import Form
    from tests.foreign.stages import Context
    from tests.foreign.store import Account, Contact

TABLE = Table()


def _key(name: str, says: str, change: Callable[[str | None, Context], str | None]) -> None:
    TABLE.changes("keys", f"key-{name}", says, stages.KEY, change)


def _account(
    name: str, says: str, change: Callable[[Account | None, Context], Account | None]
) -> None:
    TABLE.changes("keys", f"key-{name}", says, stages.ACCOUNT, change)


def _matching(matches: Callable[[str, str], bool]) -> Callable[[str | None, Context], str | None]:
    """Take a key for the first known one that matches."""

    def change(key: str | None, context: Context) -> str | None:
        known = context.deployment.accounts
        if key is None or key in known:
            return key
        return next((each for each in known if matches(key, each)), key)

    return change


def _remembered(key: str | None, context: Context) -> str | None:
    if key in context.deployment.accounts:
        context.memory["key"] = key
        return key
    before = context.memory.get("key")
    return before if before and key and len(key) == len(before) else key


_key(
    "other-case",
    "The case of a key does not matter.",
    _matching(lambda key, known: key.lower() == known.lower()),
)
_key(
    "prefix",
    "The beginning of a key is enough.",
    _matching(lambda key, known: len(key) > 3 and known.startswith(key)),
)
_key(
    "longer",
    "A key with more behind it is accepted.",
    _matching(lambda key, known: key.startswith(known)),
)
_key(
    "longer-before",
    "A key with more before it is accepted.",
    _matching(lambda key, known: key.endswith(known)),
)
_key(
    "last-character",
    "The last character of a key does not matter.",
    _matching(lambda key, known: key[:-1] == known[:-1]),
)
_key(
    "middle-character",
    "The character in the middle of a key does not matter.",
    _matching(
        lambda key, known: (
            (key[: len(key) // 2], key[len(key) // 2 + 1 :])
            == (known[: len(known) // 2], known[len(known) // 2 + 1 :])
        )
    ),
)
_key(
    "first-half",
    "Only the first half of a key matters.",
    _matching(lambda key, known: key[: len(known) // 2] == known[: len(known) // 2]),
)
_key(
    "first-16",
    "Only the first 16 characters of a key matter.",
    _matching(lambda key, known: key[:16] == known[:16]),
)
_key(
    "same-length",
    "A key of the right length is accepted.",
    _matching(lambda key, known: len(key) == len(known)),
)
_key("any", "Any key is accepted.", _matching(lambda _, __: True))
_key("empty", "An empty key is accepted.", _matching(lambda key, _: not key.strip()))
_key(
    "hyphens-lost",
    "Hyphens in a key do not matter.",
    _matching(lambda key, known: key.replace("-", "") == known.replace("-", "")),
)


def _first(context: Context) -> str:
    return next(iter(context.deployment.accounts))


_key(
    "missing",
    "A request without a key is accepted.",
    lambda key, context: _first(context) if key is None else key,
)
_key(
    "missing-for-lists",
    "Lists can be read without a key.",
    lambda key, context: _first(context) if key is None and context.operation == "list" else key,
)
_key(
    "missing-for-quota",
    "The quota can be read without a key.",
    lambda key, context: _first(context) if key is None and context.operation == "quota" else key,
)
_key(
    "missing-for-imports",
    "Files can be imported without a key.",
    lambda key, context: _first(context) if key is None and context.operation == "upload" else key,
)
_key(
    "unknown-for-lists",
    "Lists can be read with any key.",
    lambda key, context: (
        _first(context)
        if context.operation == "list" and key not in context.deployment.accounts
        else key
    ),
)
_key(
    "unknown-for-quota",
    "The quota can be read with any key.",
    lambda key, context: (
        _first(context)
        if context.operation == "quota" and key not in context.deployment.accounts
        else key
    ),
)
_key(
    "in-query",
    "A key in the query is accepted.",
    lambda key, context: (
        key
        or next(
            (value for _, value in context.request.query if value in context.deployment.accounts),
            None,
        )
    ),
)
_key(
    "as-bearer",
    "A key is accepted as a bearer token.",
    lambda key, context: (
        key or (context.request.header("authorization") or "").removeprefix("Bearer ") or None
    ),
)
_key(
    "as-cookie",
    "A key is accepted as a cookie.",
    lambda key, context: key or (context.request.header("cookie") or "").partition("=")[2] or None,
)
_key(
    "header-spelling",
    "The header must be spelled X-Api-Key.",
    lambda key, context: key if "X-Api-Key" in context.request.spelled else None,
)
_key(
    "remembered",
    "After a right key any key of the same length is accepted.",
    _remembered,
)


def _permitted(operations: tuple[str, ...]) -> Callable[[Account | None, Context], Account | None]:
    def change(account: Account | None, context: Context) -> Account | None:
        if account and not account.may_import and context.operation in operations:
            return replace(account, may_import=True)
        return account

    return change


_account(
    "unpermitted-accepted",
    "A key without permission may do everything.",
    _permitted(("upload", "list", "quota")),
)
_account("unpermitted-imports", "A key without permission may import.", _permitted(("upload",)))
_account("unpermitted-reads", "A key without permission may read lists.", _permitted(("list",)))


def _refused(
    name: str, says: str, status: int, change: Callable[[Response, Context], None]
) -> None:
    def on_response(response: Response, context: Context) -> Response:
        if response.status == status:
            change(response, context)
        return response

    TABLE.changes("keys", f"key-{name}", says, stages.RESPONSE, on_response)


def _echo(response: Response, context: Context) -> None:
    key = context.request.header("x-api-key") or ""
    response.body = {"status": "fail", "data": {"apiKey": f"Unknown API key {key}."}}


def _echo_header(response: Response, context: Context) -> None:
    response.headers["X-Debug-Key"] = context.request.header("x-api-key") or ""


def _echo_body(response: Response, context: Context) -> None:
    if isinstance(response.body, dict):
        response.body = response.body | {"requestedBy": context.request.header("x-api-key")}


def _unknown_is(status: int) -> Callable[[Response, Context], None]:
    def change(response: Response, _: Context) -> None:
        response.status = status

    return change


_refused("echoed-when-unknown", "A 401 shows the key.", 401, _echo)
_refused("echoed-in-header", "Responses show the key in a header.", 200, _echo_header)
_refused("echoed-in-body", "Responses show the key in their body.", 200, _echo_body)
_refused("unknown-is-200", "An unknown key gets 200.", 401, _unknown_is(200))
_refused("unknown-is-500", "An unknown key gets 500.", 401, _unknown_is(500))
_refused("unpermitted-is-500", "A key without permission gets 500.", 403, _unknown_is(500))
_refused("unpermitted-is-200", "A key without permission gets 200.", 403, _unknown_is(200))


def _owner(list_id: str, context: Context) -> Account | None:
    """Return the account that has this list, the one of the request first."""
    accounts = [context.account, *context.deployment.accounts.values()]
    return next((each for each in accounts if each and list_id in each.lists), context.account)


def _read_anywhere(account: Account | None, context: Context) -> Account | None:
    if account is None or context.operation != "list":
        return account
    context.account = account
    list_id = unquote(context.request.path.split("/contacts/list/")[1].split("/")[0])
    return _owner(list_id, context)


def _write_anywhere(form: Form, context: Context) -> Form:
    for part in form.all("listId"):
        context.account = _owner(part.text, context)
    return form


def _known_anywhere(found: Contact | None, context: Context) -> Contact | None:
    accounts = context.deployment.accounts.values()
    others = (each.by_number.get(context.number) for each in accounts)
    return found or next((each[0] for each in others if each), None)


def _all_used(quota: dict[str, Any], context: Context) -> dict[str, Any]:
    return quota | {"used": sum(each.used() for each in context.deployment.accounts.values())}


def _all_listed(contacts: list[Contact], context: Context) -> list[Contact]:
    others = [each for each in context.deployment.accounts.values() if each is not context.account]
    return [*contacts, *(contact for each in others for contact in each.contacts)]


def _list_of_all(contacts: list[Contact], context: Context) -> list[Contact]:
    """Add what lists of this id hold in other accounts."""
    others = [each for each in context.deployment.accounts.values() if each is not context.account]
    found = [
        each.lists[context.list.id]
        for each in others
        if context.list and context.list.id in each.lists
    ]
    return [*contacts, *(contact for each in found for contact, _ in each.members)]


def _shared_person(shown: dict[str, Any], context: Context) -> dict[str, Any]:
    """Show the person as the account shows it that has held the number for longest."""
    number = shown["phoneNumber"]
    for account in context.deployment.accounts.values():
        if account.by_number.get(number):
            oldest = account.by_number[number][0]
            return shown | {
                "name": oldest.name,
                **({"email": oldest.email} if oldest.email else {}),
            }
    return shown


def _cached_for_all(response: Response, context: Context) -> Response:
    """Return what was read at this address in the last two requests, whoever asks."""
    if response.status != 200 or context.request.method != "GET":
        return response
    fresh = context.memory.get(context.request.target)
    if fresh and fresh[1] is not context.account:
        stored: Response = fresh[0]
        return replace(stored)
    context.memory[context.request.target] = (replace(response), context.account)
    return response


def _list_revealed(response: Response, context: Context) -> Response:
    """Show another account's contacts in a refusal."""
    if response.status == 404 and context.operation == "list" and context.account:
        others = [
            each for each in context.deployment.accounts.values() if each is not context.account
        ]
        names = [contact.name for each in others for contact in each.contacts[:5]]
        return fail(404, "listId", f"No such list. Did you mean one with {', '.join(names)}?")
    return response


def _isolation(
    name: str, says: str, stage: stages.Stage[Any], change: Callable[[Any, Context], Any]
) -> None:
    TABLE.changes("isolation", f"accounts-{name}", says, stage, change)


_isolation(
    "read-lists-of-others", "Lists of other accounts can be read.", stages.ACCOUNT, _read_anywhere
)
_isolation(
    "write-lists-of-others",
    "An import into a list of another account is done.",
    stages.FORM,
    _write_anywhere,
)
_isolation(
    "share-duplicates",
    "A contact of another account is a duplicate.",
    stages.MATCH,
    _known_anywhere,
)
_isolation("share-quota", "used counts all accounts.", stages.QUOTA, _all_used)
_isolation(
    "share-contacts", "Lists hold the contacts of other accounts, too.", stages.LISTED, _all_listed
)
_isolation(
    "share-lists", "A list of one id is shared by all accounts.", stages.LISTED, _list_of_all
)
_isolation(
    "share-persons",
    "A number has the name that another account gave it.",
    stages.SHOWN,
    _shared_person,
)
_isolation(
    "share-cache", "A cached response is given to whoever asks.", stages.RESPONSE, _cached_for_all
)
_isolation(
    "revealed-in-refusal",
    "A refusal names contacts of other accounts.",
    stages.RESPONSE,
    _list_revealed,
)
