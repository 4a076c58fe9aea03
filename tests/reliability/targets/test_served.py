"""The targets that speak HTTP find what is wrong with a sandbox, and nothing that is right."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from reliability import wire
from reliability.engine import broken
from reliability.targets.forms import Forms
from reliability.targets.raw_http import RawRequests
from reliability.targets.served import KEY, Host
from reliability.targets.snapshots import Snapshots
from reliability.targets.vcard_http import Uploads
from tests.reliability.broken import REFUSAL, REPORT, Account, BrokenHost, Received, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from reliability.target import Target
    from tests.server import Running

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Neri\r\nTEL:+393471234567\r\nEND:VCARD\r\n"
FORM = b"multipart/form-data; boundary=b\n" + wire.form(CARD)
QUOTA = wire.request("GET", wire.QUOTA, KEY)
UPLOAD = wire.upload(KEY, wire.form(CARD))
# RFC 9110 15: a server may give up on what is not HTTP, but must not fail.
STATE = Snapshots().seeds()[0]
NO_HTTP = b"\0\0\0\r\n\r\n"


class FailingUploads(Account):
    def upload(self, *_: object) -> tuple[int, Any] | None:
        return 500, {"status": "error"}


class NoUploadResponse(Account):
    def upload(self, *_: object) -> tuple[int, Any] | None:
        return None


class RefusalsThatImport(Account):
    def upload(self, _: Received, held: list[int], /) -> tuple[int, Any] | None:
        held.append(len(held) + 1)
        return 400, REFUSAL


class RefusalsOfAnotherShape(Account):
    def upload(self, *_: object) -> tuple[int, Any] | None:
        return 400, {"error": "no"}


class WrongSums(Account):
    def upload(self, _: Received, held: list[int], /) -> tuple[int, Any] | None:
        held.append(len(held) + 1)
        return 200, {**REPORT, "summary": {**REPORT["summary"], "skipped": 1}}


class LostContacts(Account):
    def upload(self, *_: object) -> tuple[int, Any] | None:
        return 200, REPORT


class LostWhenChunked(Account):
    def upload(self, received: Received, held: list[int], /) -> tuple[int, Any] | None:
        if "transfer-encoding" in received.headers:
            return 400, REFUSAL
        return super().upload(received, held)


class LostCards(Account):
    """Imports one card of each file."""


class WrongPages(Account):
    def page(self, held: list[int]) -> dict[str, Any]:
        return {**super().page(held), "total": -1}


class SameIds(Account):
    def page(self, held: list[int]) -> dict[str, Any]:
        return super().page([1 for _ in held])


class LosesTheBodyOfAnUpgrade(Account):
    def upload(self, received: Received, held: list[int], /) -> tuple[int, Any] | None:
        if "upgrade" in received.headers:
            return 400, REFUSAL
        return super().upload(received, held)


class FailingQuota(Account):
    def __call__(self, received: Received) -> tuple[int, Any] | None:
        if received.path == wire.QUOTA:
            return 503, {}
        return super().__call__(received)


class Restoring(Account):
    """Returns a state with one list, whatever was restored."""

    def __call__(self, received: Received) -> tuple[int, Any] | None:
        if received.method == "GET" and received.path.startswith("/__admin/state"):
            held = self.contacts.get(received.headers.get("x-sandbox-session", ""), [])
            contacts = self.page(held)["contacts"]
            return 200, {"lists": [{"listId": wire.DESTINATION}], "contacts": contacts}
        return super().__call__(received)


class Overwriting(Restoring):
    """Gives a new contact the place of another."""

    def upload(self, *_: object) -> tuple[int, Any] | None:
        return 200, REPORT


class UnsavedAfterImports(Restoring):
    def __call__(self, received: Received) -> tuple[int, Any] | None:
        if received.path.startswith("/__admin/state") and any(self.contacts.values()):
            return 404, {}
        return super().__call__(received)


class Forgetful(Account):
    def __call__(self, received: Received) -> tuple[int, Any] | None:
        if received.method == "GET" and received.path.startswith("/__admin/state"):
            return 404, {}
        return super().__call__(received)


class FailingLists(Restoring):
    def __call__(self, received: Received) -> tuple[int, Any] | None:
        if received.path.startswith(wire.LIST.format(wire.DESTINATION)):
            return 500, {}
        return super().__call__(received)


class WrongPagesRestored(Restoring):
    def page(self, held: list[int]) -> dict[str, Any]:
        return {**super().page(held), "page": 0}


def invariant(target: Target, data: bytes) -> str | None:
    try:
        error = broken(target, data)
    finally:
        target.close()
    return error.invariant if error is not None else None


@pytest.mark.parametrize(
    ("target", "data"),
    [
        (Forms, FORM),
        (Forms, b"\n"),
        (Uploads, CARD),
        (RawRequests, UPLOAD),
        (RawRequests, QUOTA * 3),
        (RawRequests, UPLOAD[:-20]),
        (RawRequests, NO_HTTP),
        (Snapshots, STATE),
        (Snapshots, b"{"),
    ],
)
def test_the_sandbox_as_it_is_breaks_nothing(
    server: Running, target: Callable[[Host], Target], data: bytes
) -> None:
    assert invariant(target(RunningHost(server.port)), data) is None


class RunningHost(BrokenHost):
    """A host that is right: the sandbox that the tests share."""


@pytest.mark.parametrize(
    ("account", "target", "data", "found"),
    [
        (FailingUploads, Forms, FORM, "an upload is imported or refused (500)"),
        (NoUploadResponse, Forms, FORM, "a complete request gets a response"),
        (RefusalsThatImport, Forms, FORM, "a refusal changes nothing"),
        (RefusalsOfAnotherShape, Forms, FORM, "keeps the contract (ErrorResponse)"),
        (WrongSums, Forms, FORM, "total = imported + skipped"),
        (FailingQuota, Forms, FORM, "others are served"),
        (LostContacts, Uploads, CARD, "the list has what the report says"),
        (LostCards, Uploads, CARD * 2, "every card is counted"),
        (LostWhenChunked, Uploads, CARD, "the same response, however the bytes are cut"),
        (WrongPages, Uploads, CARD, "keeps the contract (ContactPage)"),
        (SameIds, Uploads, CARD * 2, "every card is counted"),
        (FailingUploads, RawRequests, UPLOAD, "no 5xx (500)"),
        (NoUploadResponse, RawRequests, UPLOAD, "a complete request gets a response"),
        (RefusalsThatImport, RawRequests, UPLOAD, "nothing changes without a success"),
        (
            LosesTheBodyOfAnUpgrade,
            RawRequests,
            UPLOAD.replace(b"Content-Type", b"Upgrade: TLS/1.2\r\nContent-Type"),
            "an upload is read as h11 reads it",
        ),
        (Forgetful, Snapshots, STATE, "a restored state can be taken"),
        (FailingLists, Snapshots, STATE, "no 5xx (GET /api/partner-gateway/v1/contacts/lis)"),
        (WrongPagesRestored, Snapshots, STATE, "keeps the contract (ContactPage)"),
        (Overwriting, Snapshots, STATE, "an import takes the place of no contact"),
        (UnsavedAfterImports, Snapshots, STATE, "a state can be taken after an import"),
    ],
)
def test_what_is_wrong_with_a_sandbox_is_found(
    account: type[Account], target: Callable[[Host], Target], data: bytes, found: str
) -> None:
    with serving(account()) as host:
        assert invariant(target(host), data) == found


def test_a_request_that_is_never_responded_to_is_found() -> None:
    ended = threading.Event()

    class Hanging(Account):
        def upload(self, *_: object) -> tuple[int, Any] | None:
            ended.wait()
            return None

    with serving(Hanging()) as host:
        found = invariant(RawRequests(host, seconds=0.1), UPLOAD)
        ended.set()

    assert found == "a complete request gets a response"


def test_a_server_that_has_ended_is_found() -> None:
    with serving(Account()) as host:
        ended = BrokenHost(host.port, is_alive=False)

        assert invariant(Forms(ended), FORM) == "the server lives"


def test_a_log_that_speaks_of_a_bug_is_found() -> None:
    with serving(Account()) as host:
        logging = BrokenHost(host.port, log="Traceback …\nKeyError: 'x'")

        assert invariant(Forms(logging), FORM) == "the log is clean (KeyError: 'x')"
