"""What a client sent and got, as the sandbox's journal has it, in the terms of an import."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UPLOAD = "uploadVCard"
LIST = "listContacts"
QUOTA = "getContactQuota"
_OK = 200
# Faults after which the client has not got the response, or not all of it.
_NOT_DELIVERED = frozenset(
    {"EMPTY_RESPONSE", "CONNECTION_RESET", "MALFORMED_CHUNK", "TRUNCATED_BODY"}
)
_DEFAULT_STRATEGY = "SKIP"


@dataclass(frozen=True, eq=False)  # each is its own
class ActExchange:
    """One request and its response. ``started`` and ``ended`` are in seconds since 1970.

    ``status`` is 0 where there was no response. ``form`` are the text fields of an upload, ``None`` where
    the request was refused, or broke off, before its form was read. ``form_names`` are the names of all
    parts that arrived, also of fields that nobody reads. ``has_key``: X-Api-Key is the account's key.
    ``file_begins`` is the same for files that begin alike; empty where that was not seen.
    """

    number: int
    started: float
    ended: float
    operation: str | None
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None
    file_name: str
    file_head: str
    file_bytes: int
    body_bytes: int
    status: int
    response_headers: Mapping[str, str]
    response: str
    faults: tuple[str, ...]
    form_names: tuple[str, ...]
    has_key: bool
    file_begins: str = ""

    @classmethod
    def of(cls, number: int, entry: Mapping[str, Any]) -> ActExchange:
        """Return the journal's *entry*, the *number*-th of its act, counted from 1."""
        request, response = entry["request"], entry["answer"] or {}
        read = datetime.fromisoformat(entry["at"]).timestamp()
        form = request.get("form")
        file = (form or {}).get("file", {})
        return cls(
            number=number,
            started=entry["began"] or read,
            ended=read + entry["milliseconds"] / 1000,
            operation=entry["operation"],
            method=request["method"],
            path=request["path"],
            query=request["query"],
            headers=request["headers"],
            form=form["fields"] if form else None,
            file_name=file.get("name", ""),
            file_head=file.get("head", request.get("body", "")),
            file_bytes=file.get("bytes", 0),
            body_bytes=request["bodyBytes"],
            status=response.get("status", 0),
            response_headers=response.get("headers", {}),
            response=response.get("body", ""),
            faults=tuple(entry["faults"]),
            form_names=tuple(entry["formNames"]),
            has_key=entry["hasKey"],
            file_begins=entry["fileBegins"],
        )

    @property
    def is_good(self) -> bool:
        """Whether it succeeded, and the response has reached the client."""
        return self.status == _OK and not _NOT_DELIVERED & set(self.faults)

    @property
    def is_failure(self) -> bool:
        """Whether a fault kept the client from a whole response of the API."""
        return bool({*_NOT_DELIVERED, "respond"} & set(self.faults))

    @property
    def happened(self) -> bool:
        """Whether it is an import that the account has, whatever the client got of it."""
        return self.operation == UPLOAD and self.form is not None and self.status in {0, _OK}

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The JSON object of the response; empty if it is none, or too long to be kept."""
        try:
            value = json.loads(self.response)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def strategy(self) -> str:
        """The ``duplicateStrategy`` of an upload."""
        return (self.form or {}).get("duplicateStrategy", _DEFAULT_STRATEGY)

    def is_again(self, other: ActExchange) -> bool:
        """Return whether it is the same request as *other*, sent again.

        Of two uploads the files decide, as far as they have been read: a part of a file is another request.
        """
        if (self.method, self.path) != (other.method, other.path):
            return False
        if self.method == "GET":
            return self.query == other.query
        if self.file_begins and other.file_begins and self.file_begins != other.file_begins:
            return False
        if self.file_bytes and other.file_bytes:
            return (self.file_bytes, self.file_head) == (other.file_bytes, other.file_head)
        sizes = {one.headers.get("content-length", "") for one in (self, other)}
        return len(sizes) == 1 or "" in sizes

    def reason(self) -> str:
        """Return why it was refused, in one line; empty if the response does not say."""
        data = self.body.get("data")
        if isinstance(data, dict):
            return "; ".join(f"{name}: {text}" for name, text in data.items())
        return next(
            (str(self.body[name]) for name in ("message", "error") if self.body.get(name)), ""
        )


def exchanges_of(entries: Sequence[Mapping[str, Any]]) -> list[ActExchange]:
    """Return the journal's *entries*, oldest first, numbered from 1."""
    return [ActExchange.of(number, entry) for number, entry in enumerate(entries, 1)]


def of_operation(exchanges: Sequence[ActExchange], operation: str) -> list[ActExchange]:
    """Return the exchanges of *operation*, an operationId or ``*``."""
    return [one for one in exchanges if operation in {"*", one.operation}]
