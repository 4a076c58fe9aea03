"""The contract as a page: operations, errors, schemas and assumptions, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.http.schemas import Document
from qlara_sandbox.web.pages import ASSETS_PATH, BASE_URL, DOCS_PATH, templating
from qlara_sandbox.web.pages.operations import (
    DocumentedOperation,
    SampleBody,
    documented_operations,
    forced_request,
    operation_section,
    pretty,
    sample_bodies,
)
from qlara_sandbox.web.pages.provenance import Source, assumptions, source_of
from qlara_sandbox.web.pages.shapes import schema_sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_sandbox.http.schemas import Schema

# Responses of this sandbox that the contract does not have; a client can meet them all the same.
_SANDBOX_ERRORS = {
    "404": ("The path is not in the contract.", {"path": "No such path in the contract: …"}),
    "405": (
        "The path does not take this method; `Allow` lists those that it takes.",
        {"method": "Expected GET, HEAD; found DELETE."},
    ),
    "500": (
        "A bug in the sandbox, or a fault set by a scenario. Never the response to bad input.",
        None,
    ),
    "503": ("A fault set by a scenario.", None),
}

_CONTROLS = (
    ("X-Api-Key", "`YOUR_API_KEY` works as it stands. Any key that begins with `sandbox_` is accepted and gets an account of its own; `sandbox_LABEL__SCENARIO` chooses its scenario too."),
    ("X-Sandbox-Scenario", "Chooses the scenario of this request, for example `quota-exhausted`."),
    ("X-Sandbox-Session", "Separates accounts of the same key, for tests that run side by side."),
    ("Prefer", "`code=409` or `example=quotaExhausted` forces one documented response and changes nothing."),
)  # fmt: skip
_NOT_ERRORS = ("1", "2", "3")


class SharedResponse(NamedTuple):
    """An error response and the operations that share it; ``command`` gets it from the first."""

    description: str
    operations: list[str]
    sources: list[Source]
    samples: list[SampleBody]
    command: str


class SandboxResponse(NamedTuple):
    """An error response that only this sandbox gives; ``text`` is its body, if it has a fixed one."""

    description: str
    text: str


class ErrorSection(NamedTuple):
    """All responses of one status that are errors."""

    status: str
    shared: list[SharedResponse]
    sandbox: SandboxResponse | None


class Readable(Document):
    """A document to be read: an unresolved reference is shown as such."""

    def resolve(self, node: Any) -> Any:
        try:
            return super().resolve(node)
        except KeyError as error:
            return {"description": f"Unresolved $ref: `{error.args[0]}`"}


def render(root: Schema, overlay: str = "", *, of_proxy: bool = False) -> str:
    """Return the page of an OpenAPI document; ``{base-url}`` stands for the sandbox's address.

    *overlay* names the overlay that has been applied to it. *of_proxy*: it is a proxy's, so that nothing
    of it is about the sandbox.
    """
    document = Readable(root)
    operations = list(documented_operations(document))
    info = root["info"]
    return templating.render(
        "contract.html",
        assets=ASSETS_PATH,
        docs=DOCS_PATH,
        base_url=BASE_URL,
        title=info["title"],
        summary=info.get("summary", ""),
        description=info.get("description", ""),
        overlay=overlay,
        of_proxy=of_proxy,
        controls=_CONTROLS,
        operations=[operation_section(document, each) for each in operations],
        errors=_errors(document, operations, {} if of_proxy else _SANDBOX_ERRORS),
        schemas=schema_sections(document),
        assumptions=assumptions(root),
    )


def _errors(
    document: Document,
    operations: list[DocumentedOperation],
    own: Mapping[str, tuple[str, dict[str, str] | None]],
) -> list[ErrorSection]:
    statuses = {
        status
        for operation in operations
        for status in operation.responses
        if not status.startswith(_NOT_ERRORS)
    }
    return [
        ErrorSection(status, list(_shared(document, operations, status)), _of_sandbox(own, status))
        for status in sorted(statuses | own.keys())
    ]


def _shared(
    document: Document, operations: list[DocumentedOperation], status: str
) -> Iterator[SharedResponse]:
    users: dict[int, tuple[Schema, list[DocumentedOperation]]] = {}
    for operation in operations:
        response = operation.responses.get(status)
        if response is not None:
            whole = document.resolve(response)
            users.setdefault(id(whole), (whole, []))[1].append(operation)
    for response, sharing in users.values():
        samples = sample_bodies(document, response.get("content", {}))
        yield SharedResponse(
            description=response.get("description", ""),
            operations=[operation.id for operation in sharing],
            sources=source_of(response),
            samples=samples,
            command=forced_request(document, sharing[0], status) if samples else "",
        )


def _of_sandbox(
    own: Mapping[str, tuple[str, dict[str, str] | None]], status: str
) -> SandboxResponse | None:
    if status not in own:
        return None
    description, data = own[status]
    return SandboxResponse(description, pretty({"status": "fail", "data": data}) if data else "")
