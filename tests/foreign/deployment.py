"""The deployment: its accounts, its switches, and the response to a request."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from time import sleep
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.foreign import stages
from tests.foreign.listing import list_contacts
from tests.foreign.messages import Refused, Request, Response, fail
from tests.foreign.policy import Policy
from tests.foreign.stages import Context, Hooks
from tests.foreign.store import Account, Contact, ContactList, Ids
from tests.foreign.uploads import upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.foreign.switch import Switch

_UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
_LIST = re.compile(r"/api/partner-gateway/v1/contacts/list/([^/]+)/contacts")
_QUOTA = "/api/v1/partner-gateway/subscription/contacts"
SEEDED_LIST = "list_crm_migration"


def seeded_account(
    key: str,
    *,
    quota: int = 50_000,
    contacts: int = 2,
    may_import: bool = True,
    list_ids: Iterable[str] = (SEEDED_LIST,),
) -> Account:
    """Return an account whose lists share *contacts* contacts."""
    account = Account(key, quota, may_import)
    mark = sha256(key.encode()).hexdigest()[:6]  # no two accounts have an id in common
    for at in range(contacts):
        name, email = _PEOPLE[at] if at < len(_PEOPLE) else (f"Contact {at + 1}", "")
        phone = _PHONES[at] if at < len(_PHONES) else f"+3934000{at:05d}"
        account.add(Contact(f"cnt_{mark}{at + 1:03d}", name, phone, email, ["crm-import"]))
    for list_id in list_ids:
        members = [(contact, 0.0) for contact in account.contacts]
        account.lists[list_id] = ContactList(list_id, "CRM migration", members)
    return account


_PEOPLE = (
    ("Marco Rossi", "marco.rossi@email.com"),
    ("Giulia Bianchi", "g.bianchi@company.it"),
)
_PHONES = ("+393471234567", "+393489876543")


class Deployment:
    """Responds to requests by UC-020, as its policy and its switches say."""

    def __init__(
        self, accounts: Iterable[Account], switches: Iterable[Switch] = (), seed: int | None = None
    ) -> None:
        self.accounts: dict[str, Account] = {account.key: account for account in accounts}
        self.ids = Ids(seed)
        self.hooks = Hooks()
        self.policy = Policy()
        self.memory: dict[Any, Any] = {}
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.requests = count(1)
        for switch in switches:
            self.policy = switch.apply(self.policy, self.hooks)

    def time(self, moment: datetime) -> str:
        """Return a time as responses print it."""
        shown = self.policy.shown
        if shown.zone == "Z":
            text = moment.astimezone(UTC).isoformat(timespec=shown.time_style)
            return text.replace("+00:00", "Z")
        return moment.astimezone(ZoneInfo(shown.zone)).isoformat(timespec=shown.time_style)

    def respond(self, request: Request) -> Response:
        """Return the response to *request*."""
        context = Context(self, request, self.policy, self.memory)
        context.request = context.pass_through(stages.REQUEST, request)
        if self.policy.timing.response_after:
            sleep(self.policy.timing.response_after)
        try:
            response = self._routed(context)
        except Refused as refused:
            response = refused.response
        if request.method == "HEAD":
            response.body = b""
        return context.pass_through(stages.RESPONSE, response)

    def _routed(self, context: Context) -> Response:
        path, method = context.request.path, context.request.method
        refusals = self.policy.refusals
        listing = _LIST.fullmatch(path)
        allowed = "POST" if path == _UPLOAD else "GET" if listing or path == _QUOTA else ""
        if not allowed:
            return self._undocumented(refusals.unknown_path, "path", f"No such path: {path}")
        if method == "OPTIONS" and refusals.options != 405:
            return Response(refusals.options, b"", {"Access-Control-Allow-Origin": "*"})
        if method == "TRACE" and refusals.trace != 405:
            return self._undocumented(refusals.trace, "method", "Not supported.")
        head = method == "HEAD" and allowed == "GET" and refusals.head == "serve"
        if method != allowed and not head:
            refused = self._undocumented(refusals.other_method, "method", f"Use {allowed}.")
            if refusals.allow_header:
                refused.headers["Allow"] = allowed
            return refused
        context.account = self._account(context)
        if listing:
            return list_contacts(context, listing[1])
        return upload(context) if path == _UPLOAD else self._quota(context)

    def _account(self, context: Context) -> Account:
        policy = self.policy.refusals
        key = context.pass_through(stages.KEY, context.request.header("x-api-key"))
        found = self.accounts.get(key) if key is not None else None
        account = context.pass_through(stages.ACCOUNT, found)
        if account is None:
            if not key:  # left out, or empty
                message, status = "Missing API key.", policy.missing_key
            else:
                message, status = "Unknown or inactive API key.", policy.unknown_key
            raise Refused(self._undocumented(status, policy.key_field, message))
        if not account.may_import:
            message = "This API key may not manage contacts."
            raise Refused(self._undocumented(policy.no_permission, policy.key_field, message))
        return account

    def _quota(self, context: Context) -> Response:
        assert context.account
        used = context.account.used(self.policy.timing.quota_after)
        quota = {"used": used, "total": context.account.quota}
        return Response(200, context.pass_through(stages.QUOTA, quota))

    def _undocumented(self, status: int, field: str, message: str) -> Response:
        """Return a refusal that UC-020 does not show, in the shape of this deployment."""
        return BODIES[self.policy.refusals.body](status, field, message)


def _problem(status: int, _: str, message: str) -> Response:
    body = {"type": "about:blank", "title": message, "status": status, "detail": message}
    return Response(status, body, {"Content-Type": "application/problem+json"})


def _html(status: int, _: str, message: str) -> Response:
    page = f"<html><head><title>{status}</title></head><body><h1>{message[:30]}</h1></body></html>"
    return Response(status, page, {"Content-Type": "text/html"})


BODIES: dict[str, Callable[[int, str, str], Response]] = {
    "fail": fail,
    "problem": _problem,
    "html": _html,
    "empty": lambda status, _field, _message: Response(status, b"", {"Content-Type": ""}),
    "text": lambda status, _, message: Response(status, message, {"Content-Type": "text/plain"}),
    "message": lambda status, _, message: Response(
        status, {"status": status, "error": "Refused", "message": message}
    ),
    "error-list": lambda status, field, message: Response(
        status, {"errors": [{"code": field.upper(), "detail": message}]}
    ),
}
