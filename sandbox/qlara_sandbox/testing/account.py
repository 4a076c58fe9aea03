"""What a test sees of the sandbox: one account of its own, to prepare, to call and to look into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qlara_sandbox.testing.own_line import ends_in_own_line

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.domain.quota import Quota
    from qlara_sandbox.testing.calls import ReceivedResponse
    from qlara_sandbox.testing.server import Server

_LABEL = re.compile(r"[A-Za-z0-9.-]+(_[A-Za-z0-9.-]+)*", re.ASCII)


class Sandbox:
    """An account of a running sandbox: no other account sees what happens here.

    ``base_url`` and ``api_key`` are what the code under test needs; ``headers`` carries the key.
    """

    def __init__(self, server: Server, api_key: str) -> None:
        self._server = server
        self._others: list[Sandbox] = []
        self._before = server.last_request()
        self.base_url = server.url
        self.api_key = api_key

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request of this account needs."""
        return {"X-Api-Key": self.api_key}

    @ends_in_own_line
    def account(self, label: str) -> Sandbox:
        """Return another account of the same server, with the key ``sandbox_LABEL``.

        Raises:
            ValueError: the label has characters that a key does not.
        """
        if not _LABEL.fullmatch(label):
            message = (
                f"label: expected letters, digits, dots, hyphens, single underscores: {label!r}"
            )
            raise ValueError(message)
        other = Sandbox(self._server, f"sandbox_{label}")
        self._others.append(other)
        return other

    @ends_in_own_line
    def scenario(self, name: str) -> None:
        """Start this account afresh from the scenario *name*, which it keeps from now on.

        Raises:
            UnknownScenario: there is none of this name; the message lists the known ones.
            InvalidScenario: its file has mistakes.
        """
        self._server.begin(self.api_key, name)

    @ends_in_own_line
    def reset(self) -> None:
        """Start this account afresh from the same scenario. Its requests stay in the journal."""
        self._server.forget(self.api_key)

    @ends_in_own_line
    def fault(self, **rule: Any) -> None:
        """Set a fault for this account, written as in a scenario file.

        ``fault(on="uploadVCard", count=1, respond={"status": 503})``

        Raises:
            ValueError: the rule has mistakes; the message names them.
        """
        self.control("POST", "faults", fault=rule)

    @ends_in_own_line
    def clock(self, **change: str | bool) -> str:
        """Stop, move or reset the account's clock, and return its time (RFC 3339).

        ``clock(freeze="2026-04-09T11:00:10+02:00")``, ``clock(advance="90s")``, ``clock(reset=True)``

        Raises:
            ValueError: the change has mistakes; the message names them.
        """
        now: str = self.control("PUT", "clock", **change)["now"]
        return now

    @ends_in_own_line
    def control(self, method: str, path: str, **values: Any) -> Any:
        """Call the control API about this account, and return the JSON of its response.

        ``control("GET", "state")`` is ``GET /__admin/state`` with this account's key.

        Raises:
            ValueError: it refuses; the message names the fields and what was expected.
        """
        from qlara_sandbox.testing.calls import control

        return control(self._server.address, method, path, {"apiKey": self.api_key, **values})

    @ends_in_own_line
    def contacts(self, list_id: str = "list_crm_migration") -> list[Contact]:
        """Return the contacts of a list, in the order in which they joined it.

        Raises:
            UnknownList: the account has no such list.
        """
        return self._server.contacts(self.api_key, list_id)

    @ends_in_own_line
    def quota(self) -> Quota:
        """Return how many contacts the account holds and may hold."""
        return self._server.quota(self.api_key)

    @ends_in_own_line
    def requests(
        self, *, operation: str | None = None, status: int | str | None = None
    ) -> list[dict[str, Any]]:
        """Return the requests of this account and their responses, oldest first.

        *operation* is an operationId of the contract, *status* one status (``409``) or a class of
        them (``"4xx"``). Each entry has the shape that ``GET /__admin/requests`` shows. Requests
        that are under way are waited for, for up to a second.
        """
        return self._server.requests(self.api_key, operation, status)

    def coverage(self) -> dict[str, Any]:
        """Return what of the contract all accounts of this sandbox have met, as ``GET /__admin/coverage`` shows it.

        Of this account alone: ``control("GET", "coverage")``.
        """
        from qlara_sandbox.web.observers.coverage import as_json

        return as_json(self._server.coverage())

    def last_exchanges(self) -> list[str]:
        """Return the last exchanges as lines for people: status, reason, and a command for each.

        Those of this account, of the accounts made from it, and of keys that no account has.
        """
        from qlara_sandbox.testing.exchanges import lines

        keys = {self.api_key, *(other.api_key for other in self._others)}
        return list(lines(self._server.exchanges(keys, self._before)))

    @ends_in_own_line
    def upload(self, file: Path | bytes | str, **fields: str) -> ReceivedResponse:
        """Upload a vCard file over HTTP, as any client would, and return the response.

        *file* is a path, the name of a file, or the content itself. *fields* are the form fields of the contract
        (``listId``, ``listName``, ``duplicateStrategy``, ``tags``); with no destination the file
        goes into ``list_crm_migration``. A refusal is a response, too.

        Raises:
            OSError: the file cannot be read, or there was no response.
        """
        from qlara_sandbox.testing.calls import upload

        if not fields.keys() & {"listId", "listName"}:
            fields["listId"] = "list_crm_migration"
        return upload(self._server.address, self._server.upload_path, self.headers, file, fields)

    def __repr__(self) -> str:
        return f"<Sandbox {self.base_url} {self.api_key}>"
