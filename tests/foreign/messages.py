"""HTTP messages as the deployment sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One request; ``target`` is the raw target, header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    spelled: tuple[str, ...] = ()  # the names of the headers as they were sent

    @property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """Return the first header of that name (in lower case)."""
        return next((value for each, value in self.headers if each == name), None)


@dataclass
class Response:
    """One response; a body that is not ``bytes`` or ``str`` is sent as JSON."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False
    drop: bool = False  # close the connection without a response
    cut: int = 0  # bytes of the body that are never sent

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def fail(status: int, field_name: str, message: str) -> Response:
    """Return a refusal in the documented shape (UC-020: Common errors)."""
    return Response(status, {"status": "fail", "data": {field_name: message}})


class Refused(Exception):
    """The request is refused with ``response``."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refuse(status: int, field_name: str, message: str) -> Refused:
    """Return the exception for a refusal in the documented shape."""
    return Refused(fail(status, field_name, message))
