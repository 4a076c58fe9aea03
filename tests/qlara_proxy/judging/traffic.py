"""Traffic made by hand: what a client and a deployment say to each other, second by second."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.strategies import card
from qlara_proxy.judging import TrafficJudge
from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse
from tests.qlara_proxy.judging.capture import BOUNDARY, Bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import Evidence

URL = "https://qlara.example"
KEY = "a-very-secret-key-4711"  # of no deployment
NOON = 1_775_729_615.0  # 2026-04-09T10:13:35Z
_JSON = (("Content-Type", "application/json"),)


def person(number: str, name: str = "Marco Rossi", **fields: Any) -> str:
    """Return a card of a mobile number."""
    return card(name, f"TEL:{number}", **fields)


def contact(
    number: str, name: str = "Marco Rossi", identity: str = "", **fields: Any
) -> dict[str, Any]:
    """Return a contact as a page shows it."""
    right = {
        "contactId": identity or f"cnt_{number[-4:]}",
        "name": name,
        "phoneNumber": number,
        "tags": [],
        "createdAt": "2026-04-09T12:13:35+02:00",
    }
    return right | fields


def report(list_id: str = "list_a", **counts: int) -> dict[str, Any]:
    """Return a report of an import with these counts."""
    summary = {"total": 1, "imported": 1, "duplicates": 0, "errors": 0, "skipped": 0} | counts
    return {
        "importId": "imp_0000000001",
        "listId": list_id,
        "status": "COMPLETED",
        "summary": summary,
        "errors": [],
        "completedAt": "2026-04-09T12:13:35+02:00",
    }


@dataclass
class Traffic:
    """A judge, and the traffic that it is shown. Each exchange takes 0.1 s and begins a second after the last."""

    judge: TrafficJudge = field(default_factory=lambda: TrafficJudge(URL))
    now: float = NOON
    number: int = 0
    imports: int = 0

    def send(  # noqa: PLR0913 - all that an exchange is
        self,
        method: str,
        target: str,
        status: int,
        body: object,
        *,
        key: str = KEY,
        form: ImportForm | None = None,
        at: float | None = None,
        seconds: float = 0.1,
        headers: Sequence[tuple[str, str]] = (),
        number: int | None = None,
        is_whole: bool = True,
    ) -> PassedExchange:
        """Show the judge an exchange; *status* 0 is one without a response."""
        self.now += 1.0
        self.number = self.number + 1 if number is None else number
        sent = [*headers, *([("X-Api-Key", key)] if key else [])]
        content = b""
        if form is not None:
            content = form.encode(BOUNDARY)
            sent.append(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"))
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = PassedResponse(status, "", _JSON, Bytes(text), is_whole) if status else None
        exchange = PassedExchange(
            self.number,
            1,
            self.now if at is None else at,
            seconds,
            PassedRequest(method, target, tuple(sent), Bytes(content)),
            response,
            "" if status else "the connection was reset",
        )
        self.judge.passed(exchange)
        return exchange

    def quota(self, used: int, total: int = 1000, **how: Any) -> None:
        """Read the quota."""
        self.send("GET", contract().path_of(QUOTA), 200, {"used": used, "total": total}, **how)

    def upload(  # noqa: PLR0913 - all that an import is
        self,
        file: str,
        body: Mapping[str, Any],
        *,
        status: int = 200,
        strategy: str = "",
        list_id: str = "list_a",
        list_name: str = "",
        tags: str = "",
        **how: Any,
    ) -> None:
        """Import a file."""
        self.imports += 1
        fields = [("listName", list_name)] if list_name else [("listId", list_id)]
        fields += [("duplicateStrategy", strategy)] if strategy else []
        fields += [("tags", tags)] if tags else []
        form = ImportForm(FormFile(file.encode()), tuple(fields))
        told = dict(body)
        if status == 200:
            told["importId"] = f"imp_{self.imports:010}"
        self.send("POST", contract().path_of(UPLOAD), status, told, form=form, **how)

    def page(
        self,
        contacts: Sequence[Mapping[str, Any]],
        *,
        list_id: str = "list_a",
        query: str = "limit=100",
        total: int | None = None,
        page: int = 1,
        size: int = 100,
        **how: Any,
    ) -> None:
        """Read a page of a list."""
        count = len(contacts) if total is None else total
        body = {
            "listId": list_id,
            "contacts": list(contacts),
            "total": count,
            "page": page,
            "totalPages": -(-count // size),
            "hasMore": page * size < count,
        }
        target = contract().path_of(LIST, listId=list_id) + (f"?{query}" if query else "")
        self.send("GET", target, 200, body, **how)

    def refused(self, **how: Any) -> None:
        """Send an import that is refused, as it is no vCard file."""
        message = "Invalid VCard format. Expected BEGIN:VCARD header."
        body = {"status": "fail", "data": {"file": message}}
        self.upload("name,phone\r\n", body, status=400, **how)

    # --- what it shows ---------------------------------------------------------------------------

    def finish(self) -> None:
        """Let the judge see that no more comes."""
        self.judge.finish()

    @property
    def broken(self) -> list[PromiseId]:
        """The promises that are broken, or decided otherwise, when all has been seen."""
        self.finish()
        outcome = self.judge.outcome()
        assert outcome.failures == []
        return sorted([*outcome.broken, *outcome.differing])

    @property
    def doubts(self) -> list[str]:
        """What is in doubt."""
        self.finish()
        return [each.what for each in self.judge.outcome().doubts]

    @property
    def findings(self) -> list[str]:
        """What is wrong with the client's requests."""
        return [each.what for each in self.judge.outcome().clients]

    def kept(self, promise_id: PromiseId) -> int:
        """Return how often a promise was kept."""
        self.finish()
        return self.judge.outcome().results.by_id[promise_id].kept

    def evidence(self, promise_id: PromiseId) -> list[Evidence]:
        """Return the evidence against a promise."""
        self.finish()
        return self.judge.outcome().results.by_id[promise_id].evidence
