"""Requests whose head the server has refused itself: journalled, counted and logged like others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.web.observers.journal import JournalEntry, weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_sandbox.http.connection import CutHead
    from qlara_sandbox.web.runtime import Runtime

_KEPT_OF_A_TARGET = 2000


def cut_heads_of(runtime: Runtime) -> Callable[[CutHead], None]:
    """Return what the server tells a refused head to."""

    def observe(cut: CutHead) -> None:
        entry = _entry(runtime.next_request_id(), cut)
        for each in (
            runtime.journal.add,
            runtime.metrics.observe,
            runtime.events.observe,
            runtime.log_request,
        ):
            each(entry)

    return observe


def _entry(request_id: str, cut: CutHead) -> JournalEntry:
    path, _, query = cut.target[:_KEPT_OF_A_TARGET].partition(b"?")
    size = len(path) + len(query) + sum(len(name) + len(value) for name, value in cut.headers)
    return JournalEntry(
        request_id=request_id,
        at=real_seconds() - cut.seconds,
        seconds=cut.seconds,
        method=cut.method,
        path=path.decode("latin-1"),
        query=query,
        headers=cut.headers,
        sent=None,
        operation=None,
        key=None,
        status=cut.status,
        response_headers=cut.response_headers,
        response=cut.response,
        response_bytes=len(cut.response),
        faults=(),
        weight=weigh(cut.headers, size, cut.response_headers, cut.response),
    )
