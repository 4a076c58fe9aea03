"""One request on its way through the pipeline, and what the gates have learned of it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.http.request import RequestBody, headers_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope

    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.multipart import UploadForm
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.services.importing import Keeper
    from qlara_sandbox.state.faults import MatchedFaults
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry, WorldKey
    from qlara_sandbox.store.interface import Store
    from qlara_sandbox.web.runtime import Runtime


class RequestContext:
    """One request: ``operation`` is None where the ``contract`` has none for it.

    The gates fill in the rest: ``entry`` is the world that it came to, ``faults`` what it met there,
    ``values`` its checked parameters and body, ``form`` its multipart form. ``release`` gives back what the
    request holds when it is over.
    """

    __slots__ = (
        "began",
        "body",
        "contract",
        "entry",
        "faults",
        "form",
        "head_bytes",
        "headers",
        "operation",
        "receive",
        "request_id",
        "runtime",
        "scope",
        "values",
        "writes",
    )

    def __init__(
        self,
        runtime: Runtime,
        contract: Contract,
        request_id: str,
        scope: Scope,
        receive: Receive,
    ) -> None:
        self.began = perf_counter()
        self.runtime = runtime
        self.contract = contract
        self.request_id = request_id
        self.scope = scope
        self.receive = receive
        self.headers = headers_of(scope)
        self.body = RequestBody(receive, self.headers)
        self.head_bytes = 0
        self.operation: Operation | None = None
        self.entry: WorldEntry | None = None
        self.writes = False
        self.faults: MatchedFaults | None = None
        self.values: dict[str, Any] = {}
        self.form: UploadForm | None = None

    def use(self, entry: WorldEntry, *, writes: bool) -> None:
        """Use a world until the request is over; *writes*: it may change it."""
        self.entry = self.runtime.worlds.begin(entry)
        self.writes = writes

    def release(self) -> None:
        """Give back the world and the form's file, which may fail to close where the disk is full."""
        if self.entry is not None:
            self.runtime.worlds.end(self.entry, writes=self.writes)
        if self.form is not None:
            self.form.close()

    def come_under(self, contract: Contract) -> None:
        """Go on under another contract with the same operations, as the scenario demands."""
        if contract is not self.contract:
            self.contract = contract
            if self.operation is not None:
                self.operation = contract.by_id[self.operation.operation_id]

    @property
    def key(self) -> WorldKey | None:
        """The key of the world that the request came to."""
        return self.entry.key if self.entry is not None else None


class Call(NamedTuple):
    """What a handler gets: checked values, the form if there is one, the world, the contract, the headers.

    ``approve`` holds a response against the contract and returns it as it is to be sent; a handler calls
    it before it changes anything, and nobody holds that response against the contract again.
    """

    values: Mapping[str, Any]
    form: UploadForm | None
    entry: WorldEntry | None
    store: Store
    approve: Callable[[Response], Awaitable[Response]]
    contract: Contract
    headers: Mapping[str, str]  # of the request, by lower-case name

    @property
    def conventions(self) -> Conventions:
        """What the contract decides where UC-020 is silent."""
        return self.contract.conventions

    @property
    def first_page(self) -> int:
        """The number of the first page of a list."""
        first: int = self.contract.by_id["listContacts"].defaults["page"]
        return first

    @property
    def scenario(self) -> str:
        """The scenario of the world that the request came to."""
        assert self.entry is not None, "the key gate has found it"
        return self.entry.key.scenario

    @property
    def world(self) -> World:
        """The world that the request came to."""
        assert self.entry is not None, "the key gate has found it"
        return self.entry.world

    @property
    def keeper(self) -> Keeper:
        """Who commits imports into that world."""
        assert self.entry is not None, "the key gate has found it"
        return self.store.keeper(self.entry)
