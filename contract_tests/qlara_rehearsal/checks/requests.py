"""How requests are written, held against the contract: names, the place of the key, what is needless.

Right are headers of any kind, beside those that only a sandbox knows, and a look for a list that is not there
before one is created.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract import request_mistakes
from qlara_contract.contract import contract
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_rehearsal.evidence import ActEvidence
    from qlara_rehearsal.exchanges import ActExchange

_OF_THE_SANDBOX = re.compile(r"x-sandbox-.*|prefer")
_NOT_FOUND = 404


def requests(evidence: ActEvidence) -> Iterator[ActFinding]:
    """Yield what is wrong with the requests of an act: each kind of mistake once."""
    found: dict[str, list[ActExchange]] = {}
    expected: dict[str, str] = {}
    for exchange in evidence.exchanges:
        for what, wanted in _mistakes(evidence, exchange):
            found.setdefault(what, []).append(exchange)
            expected[what] = wanted
    for what, exchanges in found.items():
        yield ActFinding(what, expected[what], tuple(exchanges[:2]), about_requests=True)


def _mistakes(evidence: ActEvidence, exchange: ActExchange) -> Iterator[tuple[str, str]]:
    if not exchange.method:
        yield "What was sent is no HTTP request.", "A request of HTTP/1.1 (RFC 9112)."
        return
    operation = contract().operation_of(exchange.method, exchange.path)
    if operation is None:
        yield request_mistakes.outside_the_contract(exchange.method, exchange.path)
        return
    yield from _misplaced_key(exchange)
    yield from _of_the_sandbox(exchange)
    yield from request_mistakes.names(operation, exchange.parameters, exchange.form_names)
    if exchange.method == "GET" and exchange.body_bytes:
        yield "A GET request has a body.", "A GET request has none."
    is_asked_for = (
        exchange.status in evidence.act.statuses
        or exchange.faults
        or _is_a_look_for_a_list(evidence, exchange)
    )
    if exchange.status in request_mistakes.MISWRITTEN and not is_asked_for:
        yield (
            f"{exchange.status}: {exchange.reason() or 'refused'}",
            "A request that the contract allows.",
        )


def _is_a_look_for_a_list(evidence: ActEvidence, exchange: ActExchange) -> bool:
    """Return whether a client asked, before it imported anything, for a list that is not there."""
    imported = any(one.number < exchange.number for one in evidence.uploads)
    return exchange.operation == LIST and exchange.status == _NOT_FOUND and not imported


def _misplaced_key(exchange: ActExchange) -> Iterator[tuple[str, str]]:
    yield from request_mistakes.misplaced_key(
        exchange.headers, exchange.parameters, exchange.form_names
    )
    if request_mistakes.KEY_HEADER in exchange.headers and not exchange.has_key:
        yield (
            "The key is not the one that the client was given.",
            "The key comes from the settings: QLARA_API_KEY, or {api_key}.",
        )


def _of_the_sandbox(exchange: ActExchange) -> Iterator[tuple[str, str]]:
    for name in exchange.headers:
        if _OF_THE_SANDBOX.fullmatch(name):
            yield (
                f"The header {name.title()} means something to a sandbox alone.",
                "A request as it is sent to the platform.",
            )
