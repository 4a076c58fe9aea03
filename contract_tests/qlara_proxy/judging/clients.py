"""The requests of clients, held against the contract: what is told about them never counts as drift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from qlara_contract import request_mistakes
from qlara_contract.contract import contract
from qlara_proxy.judging.exchanges import path_and_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.request_mistakes import Mistake
    from qlara_proxy.judging.disguise import Disguise
    from qlara_proxy.judging.forms import SeenForm
    from qlara_proxy.traffic import PassedExchange

_LONGEST_PATH = 100


def findings(
    exchange: PassedExchange, form: SeenForm | None, disguise: Disguise
) -> Iterator[Mistake]:
    """Yield what is wrong with a request, whatever the deployment responds; nobody is named in it."""
    request = exchange.request
    path, query = path_and_query(request.target)
    operation = contract().operation_of(request.method, path)
    if operation is None:
        shown = disguise.path(path, is_known=False)
        shown = shown if len(shown) <= _LONGEST_PATH else shown[:_LONGEST_PATH] + "…"
        yield request_mistakes.outside_the_contract(request.method, shown)
        return
    headers = [name.lower() for name, _ in request.headers]
    parameters = [name for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace")]
    names = [part.name for part in form.parts] if form is not None else []
    yield from request_mistakes.misplaced_key(headers, parameters, names)
    yield from request_mistakes.names(
        operation,
        dict.fromkeys(map(disguise.name, parameters)),
        dict.fromkeys(map(disguise.name, names)),
    )
    if request.method == "GET" and request.body.size:
        yield "A GET request has a body.", "A GET request has none."
    if {"listId", "listName"} <= set(names):
        yield (
            "An import names both listId and listName.",
            "One of them: the list that is imported into, or the name of a new one.",
        )
    for name in dict.fromkeys([*parameters, *names]):
        if max(parameters.count(name), names.count(name)) > 1:
            yield (
                f"{disguise.name(name)} is given more than once.",
                "Each field and parameter once.",
            )
    if form is not None and "duplicateStrategy" in names:
        yield from _strategy(form.value("duplicateStrategy") or "")
    status = exchange.response.status if exchange.response is not None else 0
    if status in request_mistakes.MISWRITTEN:
        yield f"{status}{_fields(exchange, disguise)}", "A request that the contract allows."


def _fields(exchange: PassedExchange, disguise: Disguise) -> str:
    """Return what a refusal says is wrong: the names of fields, since its messages may quote somebody."""
    assert exchange.response is not None
    try:
        data = json.loads(exchange.response.body.read()).get("data")
    except (ValueError, AttributeError, RecursionError):
        data = None
    names = (
        ", ".join(sorted(disguise.name(str(each)) for each in data))[:200]
        if isinstance(data, dict)
        else ""
    )
    return f": refused for {names}." if names else ": refused."


def _strategy(strategy: str) -> Iterator[Mistake]:
    known = ("SKIP", "UPDATE", "DUPLICATE")
    if strategy not in known:
        yield "The duplicateStrategy is none of the contract.", f"One of {', '.join(known)}."
