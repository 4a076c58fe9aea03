"""How requests are written, held against the contract: names, the place of the key, what is needless.

Right are headers of any kind, beside those that only a sandbox knows, and a look for a list that is not there
before one is created.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import LIST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_contract.contract import ContractOperation
    from qlara_rehearsal.evidence import ActEvidence
    from qlara_rehearsal.exchanges import ActExchange

_KEY = re.compile(
    r"(x[-_]?)?(api|auth|access)?[-_]?(key|token|secret)|(proxy-)?authorization", re.IGNORECASE
)
_CHARSET = "_charset_"  # of the form itself: RFC 7578 section 4.6
_OF_THE_SANDBOX = re.compile(r"x-sandbox-.*|prefer")
_NOT_FOUND = 404
# Refusals that say how a request is written, where an act does not ask for them.
_MISWRITTEN = frozenset({400, 404, 405, 411, 415, 422, 431})


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
        yield (
            f"The contract has no {exchange.method} {exchange.path}.",
            "; ".join(f"{each.method} {each.template}" for each in contract().operations.values()),
        )
        return
    yield from _misplaced_key(exchange)
    yield from _of_the_sandbox(exchange)
    yield from _names("query parameter", exchange.parameters, _parameters(operation))
    yield from _names("form field", exchange.form_names, _fields(operation))
    if exchange.method == "GET" and exchange.body_bytes:
        yield "A GET request has a body.", "A GET request has none."
    is_asked_for = (
        exchange.status in evidence.act.statuses
        or exchange.faults
        or _is_a_look_for_a_list(evidence, exchange)
    )
    if exchange.status in _MISWRITTEN and not is_asked_for:
        yield (
            f"{exchange.status}: {exchange.reason() or 'refused'}",
            "A request that the contract allows.",
        )


def _is_a_look_for_a_list(evidence: ActEvidence, exchange: ActExchange) -> bool:
    """Return whether a client asked, before it imported anything, for a list that is not there."""
    imported = any(one.number < exchange.number for one in evidence.uploads)
    return exchange.operation == LIST and exchange.status == _NOT_FOUND and not imported


def _misplaced_key(exchange: ActExchange) -> Iterator[tuple[str, str]]:
    expected = "The key is in the header X-Api-Key alone: logs and proxies keep URLs."
    if any(map(_KEY.fullmatch, exchange.parameters)):
        yield "The API key is in the query.", expected
    if any(map(_KEY.fullmatch, exchange.form_names)):
        yield "The API key is in a form field.", expected
    if "x-api-key" not in exchange.headers:
        yield "The request has no X-Api-Key header.", expected
    elif not exchange.has_key:
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


def _names(kind: str, sent: Iterable[str], known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in sent:
        if name in known:
            if known[name].get("deprecated"):
                yield f"The {kind} {name} is deprecated.", "A request without it."
        elif not _KEY.fullmatch(name) and name != _CHARSET:
            folded = {one.lower(): one for one in known}
            bare = name.lower().replace("_", "").replace("-", "")
            close = get_close_matches(bare, folded, n=1, cutoff=0.75)
            if close:
                yield (
                    f"The {kind} {name!r} is not one of the contract.",
                    f"The name {folded[close[0]]}: a field of another name is ignored.",
                )
            else:
                yield (
                    f"The {kind} {name!r} is needless: the contract has none of this name.",
                    f"Only {', '.join(known)}.",
                )


def _parameters(operation: ContractOperation) -> dict[str, Any]:
    item = contract().document["paths"][operation.template]
    written = [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]
    resolved = [contract().resolve(one) for one in written]
    return {one["name"]: one for one in resolved if one["in"] == "query"}


def _fields(operation: ContractOperation) -> dict[str, Any]:
    item = contract().document["paths"][operation.template][operation.method.lower()]
    body = contract().resolve(item.get("requestBody", {}))
    form = body.get("content", {}).get("multipart/form-data", {}).get("schema", {})
    properties = contract().resolve(form).get("properties", {})
    return {name: contract().resolve(one) for name, one in properties.items()}
