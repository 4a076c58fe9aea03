"""How a request is written, held against the contract: its names, the place of the key, what is needless."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_contract.contract import ContractOperation

Mistake = tuple[str, str]
"""What is wrong with a request, and what the contract expects, a sentence each."""

KEY_ALONE = "The key is in the header X-Api-Key alone: logs and proxies keep URLs."
KEY_HEADER = "x-api-key"
# Refusals that say how a request is written.
MISWRITTEN = frozenset({400, 404, 405, 411, 415, 422, 431})

_KEY = re.compile(
    r"(x[-_]?)?(api|auth|access)?[-_]?(key|token|secret)|(proxy-)?authorization", re.IGNORECASE
)
_CHARSET = "_charset_"  # of the form itself: RFC 7578 section 4.6


def outside_the_contract(method: str, path: str) -> Mistake:
    """Return the mistake of a request that no operation of the contract has."""
    operations = contract().operations.values()
    return (
        f"The contract has no {method} {path}.",
        "; ".join(f"{each.method} {each.template}" for each in operations),
    )


def misplaced_key(
    headers: Iterable[str], parameters: Iterable[str], form_names: Iterable[str]
) -> Iterator[Mistake]:
    """Yield what is wrong with where the key is, given the names (of headers in lower case)."""
    if any(map(_KEY.fullmatch, parameters)):
        yield "The API key is in the query.", KEY_ALONE
    if any(map(_KEY.fullmatch, form_names)):
        yield "The API key is in a form field.", KEY_ALONE
    if KEY_HEADER not in headers:
        yield "The request has no X-Api-Key header.", KEY_ALONE


def names(
    operation: ContractOperation, parameters: Iterable[str], form_names: Iterable[str]
) -> Iterator[Mistake]:
    """Yield the names that the contract does not have, and those that it has no more."""
    yield from _names("query parameter", parameters, _parameters(operation.operation_id))
    yield from _names("form field", form_names, _fields(operation.operation_id))


def _names(kind: str, sent: Iterable[str], known: Mapping[str, Any]) -> Iterator[Mistake]:
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


@lru_cache(maxsize=16)
def _parameters(operation_id: str) -> dict[str, Any]:
    operation = contract().operations[operation_id]
    item = contract().document["paths"][operation.template]
    written = [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]
    resolved = [contract().resolve(one) for one in written]
    return {one["name"]: one for one in resolved if one["in"] == "query"}


@lru_cache(maxsize=16)
def _fields(operation_id: str) -> dict[str, Any]:
    operation = contract().operations[operation_id]
    item = contract().document["paths"][operation.template][operation.method.lower()]
    body = contract().resolve(item.get("requestBody", {}))
    form = body.get("content", {}).get("multipart/form-data", {}).get("schema", {})
    properties = contract().resolve(form).get("properties", {})
    return {name: contract().resolve(one) for name, one in properties.items()}
