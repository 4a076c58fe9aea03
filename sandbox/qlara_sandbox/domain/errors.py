"""Every refusal, with the evidence that its message is made of.

A refusal is an expected error: the request is answered with it and nothing has changed. Each one
knows the field it blames and the sentence to show; which HTTP status it becomes is decided in one
table, ``qlara_sandbox.http.error_responses``. Anything else that is raised is a bug and must look like one.
"""

from __future__ import annotations


class Refusal(Exception):
    """A request that is not carried out, in the words of the contract.

    ``data`` is the body's ``data`` object: field to message.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    @property
    def data(self) -> dict[str, str]:
        """The fields at fault and what was expected of each."""
        return {self.field: self.message}


class InvalidField(Refusal):
    """A field of the request is not what the contract allows."""


class InvalidFields(Refusal):
    """Several fields of one request are not what the contract allows."""

    def __init__(self, data: dict[str, str]) -> None:
        field, message = next(iter(data.items()))
        super().__init__(field, message)
        self._data = data

    @property
    def data(self) -> dict[str, str]:
        return dict(self._data)


class InvalidParameters(InvalidFields):
    """Several query or path parameters, or one, are not what the contract allows."""


class NotAForm(InvalidField):
    """The body of an upload is not ``multipart/form-data``."""


class UnknownPath(Refusal):
    """No operation of the contract has the path; ``hint`` is a sentence on the one that was meant."""

    def __init__(self, path: str, hint: str | None = None) -> None:
        message = f"No such path in the contract: {path[:200]}"
        super().__init__("path", f"{message}. {hint}" if hint else message)


class MethodNotAllowed(Refusal):
    """The path has no operation with the method; ``allowed`` are the methods that it has."""

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__("method", f"Expected {allowed}; found {method[:50]}.")
        self.allowed = allowed


class MisusedSandbox(Refusal):
    """What only the sandbox knows (a scenario, a session, a forced response) is asked for wrongly.

    The contract says nothing of it: the refusal comes from the sandbox, not from the API.
    """


class MalformedRequest(MisusedSandbox):
    """What arrived is not HTTP, or the body of a request is not framed as HTTP demands."""

    def __init__(self, message: str) -> None:
        super().__init__("request", message)


class HeadTooLarge(MisusedSandbox):
    """The head of a request, or what surrounds its body (chunk sizes, trailers), is too long."""


class HeadStalled(MisusedSandbox):
    """The head of a request was not complete after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__("request", f"Expected the whole head within {_seconds(seconds)}.")


class BodyStalled(MisusedSandbox):
    """Nothing of the body of a request has arrived for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        message = f"Expected the rest of the body; nothing has arrived for {_seconds(seconds)}."
        super().__init__("body", message)


class Overloaded(MisusedSandbox):
    """The machine has no thread left for the request, which may be sent again; ``retry_after`` in seconds."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            "sandbox", "Expected a free thread; none can be started. Nothing has changed."
        )


class StateUnavailable(MisusedSandbox):
    """The ``engine`` that keeps the accounts does not respond; ``retry_after`` in seconds."""

    retry_after = 1

    def __init__(self, engine: str) -> None:
        self.engine = engine
        message = "Expected the engine that keeps the accounts to respond; it does not. Try again."
        super().__init__("sandbox", message)


class TooBusy(MisusedSandbox):
    """Others have changed the account again and again while an import was planned; ``retry_after`` in seconds."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            "sandbox", "Expected a turn in this account; others had it. Nothing has changed."
        )


class NotAVCard(Refusal):
    """The file does not begin with ``BEGIN:VCARD`` (UC-020: 400 Bad Request)."""

    def __init__(self) -> None:
        super().__init__("file", "Invalid VCard format. Expected BEGIN:VCARD header.")


class UnterminatedVCard(Refusal):
    """The last card of the file is never closed (UC-020: VCard file parsing).

    ``line`` is that of its ``BEGIN:VCARD``, 1-based; ``complete`` counts the cards that are closed.
    """

    def __init__(self, line: int, complete: int) -> None:
        super().__init__(
            "file",
            "Invalid VCard format. Expected END:VCARD footer. The card that begins on line "
            f"{line} has none; complete cards before it: {complete}.",
        )
        self.line, self.complete = line, complete


class FileTooLarge(Refusal):
    """The file is larger than the account may upload (UC-020: 413 Payload Too Large)."""

    def __init__(self, limit: int) -> None:
        super().__init__("file", f"File size exceeds maximum allowed ({human_size(limit)})")
        self.limit = limit


class QuotaExceeded(Refusal):
    """The import would create more contacts than the plan allows (UC-020: 409 Conflict)."""

    def __init__(self, *, used: int, total: int, asked: int) -> None:
        super().__init__(
            "contacts",
            f"Contact quota exceeded. Current: {used}/{total}. "
            "Upgrade your plan to import more contacts.",
        )
        self.used, self.total, self.asked = used, total, asked


class UnknownList(Refusal):
    """No list of this account has the id."""

    def __init__(self, list_id: str) -> None:
        super().__init__("listId", f"No list with id {list_id!r} in this account.")
        self.list_id = list_id


class ListNameTaken(Refusal):
    """A list of this account has the name already, and names are unique."""

    def __init__(self, name: str) -> None:
        super().__init__("listName", f"A list with the name {name!r} exists already.")


class NoNewLists(Refusal):
    """Imports cannot create lists."""

    def __init__(self) -> None:
        super().__init__("listName", "An import cannot create a list. Expected listId.")


class PastTheEnd(Refusal):
    """The list has no such page; ``last`` is the number of its last one."""

    def __init__(self, last: int) -> None:
        super().__init__("page", f"Expected a page up to {last}.")


class UnknownKey(Refusal):
    """The API key is missing, unknown or revoked."""

    def __init__(self, message: str) -> None:
        super().__init__("apiKey", message)


class MissingKey(UnknownKey):
    """The request has no API key."""


class NotPermitted(Refusal):
    """The API key is valid, but may not do this."""

    def __init__(self, permission: str) -> None:
        super().__init__("apiKey", f"This API key lacks the {permission!r} permission.")
        self.permission = permission


class RateLimited(Refusal):
    """The key has used up its requests; ``retry_after`` is in whole seconds."""

    def __init__(self, *, limit: int, retry_after: int) -> None:
        message = f"Rate limit exceeded. Please retry after {retry_after} seconds."
        super().__init__("rateLimit", message)
        self.limit, self.retry_after = limit, retry_after


class NotFound(Refusal):
    """A call to the control API names something that is not there."""


class Conflict(Refusal):
    """A call to the control API contradicts itself, or what there is."""


class AccessDenied(Refusal):
    """The control API is closed to this caller."""


class TokenRequired(Refusal):
    """The control API needs its token, and the call does not have it."""


def human_size(octets: int) -> str:
    """Return *octets* as people write it: ``10 MB`` for 10 485 760 or 10 000 000, ``512 KB``, ``100 bytes``."""
    for unit, name in ((1024 * 1024, "MB"), (1000 * 1000, "MB"), (1024, "KB")):
        if octets >= unit and octets % unit == 0:
            return f"{octets // unit} {name}"
    return f"{octets} bytes"


def _seconds(number: float) -> str:
    return f"{number:g} second{'' if number == 1 else 's'}"
