"""vCard files over HTTP: however the bytes are cut on their way, the response is the same."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

from reliability import corpus, dictionaries, schemas, wire
from reliability.card_count import count_cards
from reliability.mutation import Mutator
from reliability.target import Figures, InvariantBroken
from reliability.targets import vcard
from reliability.targets.forms import check_upload
from reliability.targets.served import KEY, Host, Served

if TYPE_CHECKING:
    from collections.abc import Hashable

_SESSIONS = ("whole", "chunked", "split")
_MANY_CONTACTS = 150
_LARGEST_CHUNK = 700
_MOST_PIECES = 12


class Uploads:
    """Uploads each input three times, into worlds that are the same before and must be so after.

    Once with ``Content-Length`` in one piece, once in chunks, once with ``Content-Length`` in pieces
    that end anywhere, also within a character.
    """

    name = "vcard-http"

    def __init__(self, host: Host | None = None) -> None:
        self._served = Served(host)
        self._mutator = Mutator(dictionaries.VCARD, vcard.seeds())
        self._totals: dict[str, int] | None = None

    def seeds(self) -> list[bytes]:
        return [*vcard.seeds(), *corpus.load("vcard")]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        return self._mutator(data, rng)

    def run(self, data: bytes) -> Hashable:
        served = self._served
        before = self._before()
        self._totals = None  # until all is well
        strategy = vcard.strategy_of(data)
        responses = {}
        for session in _SESSIONS:
            pieces = request_in_pieces(data, strategy, session)
            try:
                responses[session] = served.client.send(*pieces)
            except wire.Gone as error:
                served.check()
                raise InvariantBroken("a complete request gets a response", str(error)) from error
        served.check()
        kinds = {session: check_upload(response) for session, response in responses.items()}
        require_same(responses)
        served.used()
        after = {session: self._contacts(session) for session in _SESSIONS}
        check_growth(responses["whole"], strategy, before, after)
        if responses["whole"].status == 200:
            check_total(responses["whole"].json()["summary"], data)
        self._totals = after
        return (strategy, kinds["whole"])

    def figures(self) -> Figures:
        return self._served.figures()

    def close(self) -> None:
        self._served.close()

    def _before(self) -> dict[str, int]:
        if self._totals is None or max(self._totals.values()) > _MANY_CONTACTS:
            self._served.start_over()
            return {session: self._contacts(session) for session in _SESSIONS}
        return self._totals

    def _contacts(self, session: str) -> int:
        # Every contact is read in one of the worlds; of the others, the total is enough.
        limit = 1000 if session == _SESSIONS[0] else 1
        path = f"{wire.LIST.format(wire.DESTINATION)}?limit={limit}"
        response = self._served.client.get(path, **{"X-Sandbox-Session": session})
        if response.status != 200:
            detail = f"{response.status} {response.body[:300]!r}"
            raise InvariantBroken("the list can be read", detail)
        page = response.json()
        schemas.require("ContactPage", page)
        if len(page["contacts"]) != min(page["total"], limit):
            detail = f"{len(page['contacts'])} contacts of {page['total']}"
            raise InvariantBroken("the list can be read", detail)
        ids = {contact["contactId"] for contact in page["contacts"]}
        if len(ids) != len(page["contacts"]):
            raise InvariantBroken("ids are unique", str(page["contacts"])[:300])
        total: int = page["total"]
        return total


def request_in_pieces(data: bytes, strategy: str, session: str) -> list[bytes]:
    """Return the upload of *data* for a session, in the pieces that it is to be sent in."""
    body = wire.form(data, boundary=_boundary(data), duplicateStrategy=strategy)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_boundary(data)}",
        "X-Sandbox-Session": session,
    }
    whole = wire.request("POST", wire.UPLOAD, KEY, headers, body)
    head, rest = whole[: -len(body)], body
    rng = Random(f"{session}:{crc32(data)}")
    if session == "chunked":
        return [b"".join(wire.chunked(head, _cut(rest, rng)))]
    if session == "split":
        return [head, *_cut(rest, rng)]
    return [whole]


def require_same(responses: dict[str, wire.Response]) -> None:
    """Compare the responses to one upload that was sent in several ways.

    Raises:
        InvariantBroken: they differ in more than ids and times.
    """
    shown = {session: _comparable(response) for session, response in responses.items()}
    if any(one != shown["whole"] for one in shown.values()):
        raise InvariantBroken("the same response, however the bytes are cut", str(shown)[:1000])


def check_growth(
    response: wire.Response, strategy: str, before: dict[str, int], after: dict[str, int]
) -> None:
    """Hold how the lists have grown against the report.

    Raises:
        InvariantBroken: contacts are lost, or came from nowhere.
    """
    grown = {after[session] - before[session] for session in after}
    if len(grown) != 1:
        raise InvariantBroken("the same state after the same uploads", f"{before} {after}")
    [growth] = grown
    imported = response.json()["summary"]["imported"] if response.status == 200 else 0
    fits = growth == imported if strategy != "UPDATE" else 0 <= growth <= imported
    if not fits:
        detail = f"{imported} imported with {strategy}, {growth} more contacts in the list"
        raise InvariantBroken("the list has what the report says", detail)


def check_total(summary: dict[str, Any], data: bytes) -> None:
    """Hold the total of a report against the cards of the file.

    Raises:
        InvariantBroken: a card is lost.
    """
    cards = count_cards(data)
    if not cards.least <= summary["total"] <= cards.most:
        detail = f"total {summary['total']}, but the file has {cards.least} to {cards.most}"
        raise InvariantBroken("every card is counted", detail)


def _comparable(response: wire.Response) -> Any:
    content = response.json()
    for field in ("importId", "completedAt"):
        content.pop(field, None)
    return (response.status, content)


def _boundary(data: bytes) -> str:
    return f"b{crc32(data):08x}"


def _cut(data: bytes, rng: Random) -> list[bytes]:
    pieces: list[bytes] = []
    while data and len(pieces) < _MOST_PIECES:
        size = rng.randint(1, rng.choice((1, 3, 40, _LARGEST_CHUNK)))
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data] if data else pieces
