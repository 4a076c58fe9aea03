"""Checks that apply to every response, whatever the request: made on each exchange of a run."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from qlara_contract import spec_variants
from qlara_contract.client import is_from_gateway
from qlara_contract.contract import contract
from qlara_contract.conventions import USUAL, Conventions, contract_under
from qlara_contract.exchange import printable_json
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.contract import ContractOperation
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.spec_variants import SpecVariant

_ACCEPTED = (
    202  # RFC 9110 section 15.3.3: carried out later, and what the body says is not documented
)
_SHORTEST_KEY = 8  # a shorter one may be a word
_UNDER_WAY = re.compile(
    "pend|process|queue|progress|running|start|schedul|accepted|received|created|new|wait",
    re.IGNORECASE,
)
_NO_FAILURES = frozenset({501, 505})  # RFC 9110 sections 15.6.2 and 15.6.6: not supported
_OK = 200
_STATUSES = {"invalid-input", "key.missing", "key.unknown", "key.unpermitted", "unknown-list"}
_STATUSES_OF_UPLOADS = {
    *("import.status", "invalid-field", "not-a-form"),
    *("list-names.status", "list-names.create-status"),
}
_SHAPES: dict[str, PromiseId] = {
    UPLOAD: "upload.report-shape",
    LIST: "list.page-shape",
    QUOTA: "quota.shape",
}


@dataclass(frozen=True)
class CheckResult:
    """The result of checking one promise on one exchange; ``by`` and ``value`` as in `Evidence`."""

    promise: PromiseId
    broken: bool
    what: str = ""
    expected: str = ""
    got: str = ""
    variant: SpecVariant | None = None
    by: tuple[str, ...] = ()
    value: int | str | None = None


@dataclass(frozen=True)
class Paging:
    """What is known of a deployment's pages.

    ``obeyed`` is the largest `limit` that was seen to be obeyed; ``first`` is the number of the first
    page; ``has_pages`` is whether `page` is read at all.
    """

    obeyed: int = 10
    clamped_to: int | None = None
    first: int = 1
    has_pages: bool = True


def check(
    exchange: ApiExchange, paging: Paging, expected: Conventions | None = None
) -> Iterator[CheckResult]:
    """Yield a result for every promise that this one exchange can show.

    *paging* is how the deployment behaves, *expected* what assumed promises are judged by.
    """
    status = exchange.response.status
    if is_from_gateway(exchange.response):
        return
    yield CheckResult(
        "answers.never-a-server-error",
        status >= 500 and status not in _NO_FAILURES,
        "The request made the deployment fail.",
        "a status below 500",
        str(status),
    )
    if len(exchange.key) >= _SHORTEST_KEY:
        yield _key_not_shown(exchange)
    operation = contract().operations.get(exchange.operation)
    if operation is None or status >= 500:
        return
    yield from _of_operation(exchange, operation, paging, expected or Conventions())


def _key_not_shown(exchange: ApiExchange) -> CheckResult:
    response = exchange.response
    is_in_headers = any(exchange.key in value for _, value in response.headers)
    return CheckResult(
        "access.key-not-shown",
        is_in_headers or exchange.key.encode() in response.body,
        "The response shows the API key.",
        "no key",
        "the key of the request" + (", in a header" if is_in_headers else ""),
    )


def _of_operation(
    exchange: ApiExchange, operation: ContractOperation, paging: Paging, expected: Conventions
) -> Iterator[CheckResult]:
    status = exchange.response.status
    documented = status in operation.responses
    decided = _STATUSES | (_STATUSES_OF_UPLOADS if exchange.operation == UPLOAD else set())
    values = expected.values()
    statuses = operation.responses.keys() | {
        value for name in decided if isinstance(value := values[name], int)
    }
    if exchange.operation == UPLOAD and expected.import_status != _OK:
        statuses -= {_OK}
    known = ", ".join(map(str, sorted(statuses)))
    yield CheckResult(
        "answers.documented-status",
        status not in statuses,
        f"The status is not one that the contract documents for {exchange.operation}.",
        f"one of {known}",
        str(status),
        spec_variants.of_refusal(exchange.response.json) if status >= 400 else None,
        tuple(sorted(decided)),
        status,
    )
    if 200 <= status < 300:
        if exchange.operation == UPLOAD:
            yield _completion(exchange, expected)
        if status != _ACCEPTED:
            yield _json(exchange)
    if status == _ACCEPTED or not 200 <= status < 600:
        return
    if exchange.response.json is not None and (documented or status < 300):
        yield _shape(exchange, status, expected)
        if status < 300:
            yield from _MEANINGS[exchange.operation](exchange, paging, expected)
            if exchange.operation == UPLOAD:
                yield from _errors(exchange, expected)
    if status == 429:
        yield _retry_after(exchange)


def goes_on(exchange: ApiExchange) -> bool:
    """Return whether an exchange is an accepted import that is not complete yet."""
    response = exchange.response
    if exchange.operation != UPLOAD or not 200 <= response.status < 300:
        return False
    said = _get(response.json, "status")
    return response.status == _ACCEPTED or (
        isinstance(said, str) and _UNDER_WAY.search(said) is not None
    )


def _completion(exchange: ApiExchange, expected: Conventions) -> CheckResult:
    status, said = exchange.response.status, _get(exchange.response.json, "status")
    is_under_way = _UNDER_WAY.search(str(said)) is not None
    return CheckResult(
        "upload.completed-at-once",
        is_under_way or (status == _ACCEPTED and expected.import_status != status),
        "The import goes on after its response.",
        "COMPLETED",
        f"{status}, {said}",
        by=() if is_under_way else ("import.status",),
        value=status,
    )


def _json(exchange: ApiExchange) -> CheckResult:
    response = exchange.response
    is_named = response.media_type == "application/json" or response.media_type.endswith("+json")
    is_json = response.json is not None
    got = "a body that is not JSON" if is_named else response.header("content-type")
    if is_json and (encoding := _foreign_encoding(response.body)):
        is_json, got = False, encoding
    if response.is_incomplete:
        is_json, got = False, "a body that ends before its Content-Length"
    return CheckResult(
        "answers.json",
        not (is_named and is_json),
        "The response is not JSON as documented.",
        "application/json",
        got or "no Content-Type",
    )


def _foreign_encoding(body: bytes) -> str:
    """Return what RFC 8259 section 8.1 forbids in how JSON is encoded; empty if it is UTF-8."""
    if body.startswith(codecs.BOM_UTF8):
        return "a byte order mark before the JSON"
    try:
        body.decode()
    except UnicodeDecodeError:
        return "JSON that is not UTF-8"
    return "JSON that is not UTF-8" if b"\0" in body else ""


def _shape(exchange: ApiExchange, status: int, expected: Conventions) -> CheckResult:
    body = exchange.response.json
    is_accepted = status < 300
    if exchange.operation == UPLOAD and is_accepted and _has_no_errors(body):
        body = body | {"errors": []}  # UC-020 shows the field only where there are some
    wrong = shape_error(exchange.operation, status, body, expected)
    said = _get(body, "status")
    if exchange.operation == UPLOAD and is_accepted and not (goes_on(exchange) or wrong):
        wrong = "" if said == "COMPLETED" else f"status: {said!r} is not 'COMPLETED'"
    if not (is_accepted or wrong) and exchange.response.media_type != "application/json":
        wrong = f"its media type is {exchange.response.media_type or 'missing'}"
    if is_accepted:
        promise = _SHAPES[exchange.operation]
        variant = spec_variants.of_quota(body) or spec_variants.of_list_id(_get(body, "listId"))
    elif status == 429:
        promise, variant = "rate-limit.answer", None
    else:
        promise, variant = "answers.refusal-shape", spec_variants.of_refusal(body)
    return CheckResult(
        promise,
        bool(wrong),
        f"The body of the {status} does not have the documented shape.",
        wrong,
        _shortened(body),
        variant,
        ("error-body",) if variant is spec_variants.SpecVariant.ERROR_BODY else (),
    )


def _has_no_errors(body: Any) -> bool:
    """Return whether a report counts no error and lists none, in whatever way."""
    return _get(_get(body, "summary"), "errors") == 0 and _get(body, "errors") is None


def shape_error(operation_id: str, status: int, body: Any, expected: Conventions = USUAL) -> str:
    """Return the first violation of the documented shape, with its place; empty if there is none.

    *expected* are the conventions that the contract is read under.
    """
    operation = contract_under(expected).operations[operation_id]
    validator = operation.accepted if status < 300 else operation.responses[status]
    try:
        for error in validator.iter_errors(body):
            place = "/".join(str(step) for step in error.instance_path)
            return f"{place or 'the body'}: {error.message}"
    except UnicodeEncodeError:
        return "the body: a text in it has half a character, such as \\ud800"
    return ""


def _retry_after(exchange: ApiExchange) -> CheckResult:
    value = exchange.response.header("retry-after") or ""
    body = _get(exchange.response.json, "retryAfter")
    return CheckResult(
        "rate-limit.retry-after",
        _plain_int(value) is None or _plain_int(value) != body,
        "Header and body of the 429 do not agree on how many whole seconds to wait.",
        f"Retry-After: {body}",
        f"Retry-After: {value}" if value else "no Retry-After",
    )


def _report(exchange: ApiExchange, _: Paging, expected: Conventions) -> Iterator[CheckResult]:
    body = exchange.response.json
    summary = _get(body, "summary")
    if _get(body, "status") not in (None, "COMPLETED"):
        return  # it goes on after the response: nothing is counted yet
    names = ("total", "imported", "duplicates", "errors", "skipped")
    if not isinstance(summary, dict) or not all(_is_count(summary.get(name)) for name in names):
        return
    sent = dict(exchange.request.form.fields) if exchange.request.form else {}
    strategy = sent.get("duplicateStrategy") or "SKIP"
    if strategy in ("SKIP", "UPDATE", "DUPLICATE"):
        always_updates = expected.duplicates_strategy == "update"
        yield from _sums(summary, "UPDATE" if always_updates else strategy, expected)
    if sent.get("listId") and "listName" not in sent:
        yield CheckResult(
            "upload.report-names-the-list",
            str(_get(body, "listId")) != sent["listId"],
            "The report names a different list than the request.",
            sent["listId"],
            str(_get(body, "listId")),
            spec_variants.of_list_id(_get(body, "listId")),
        )


def _sums(summary: dict[str, Any], strategy: str, expected: Conventions) -> Iterator[CheckResult]:
    total, imported, skipped = (summary[name] for name in ("total", "imported", "skipped"))
    is_skip = strategy == "SKIP"
    yield CheckResult(
        "upload.summary-adds-up" if is_skip else "upload.summary-adds-up-otherwise",
        total != imported + skipped,
        f"The summary does not add up with {strategy}.",
        "total = imported + skipped",
        f"{total} = {imported} + {skipped}",
    )
    skips_updates = strategy == "UPDATE" and expected.update_count == "skipped"
    left_out = summary["duplicates"] if is_skip or skips_updates else 0
    yield CheckResult(
        "upload.summary-skipped" if is_skip else "upload.summary-skipped-otherwise",
        skipped != left_out + summary["errors"],
        f"`skipped` does not add up with {strategy}.",
        "skipped = duplicates + errors" if is_skip or skips_updates else "skipped = errors",
        _shortened(summary),
        by=("update.count",) if strategy == "UPDATE" else (),
    )


def _errors(exchange: ApiExchange, expected: Conventions) -> Iterator[CheckResult]:
    body = exchange.response.json
    errors, counted = _get(body, "errors"), _get(_get(body, "summary"), "errors")
    if _get(body, "status") != "COMPLETED" or not isinstance(errors, list):
        return
    if not _is_count(counted):
        return
    most = expected.error_list if isinstance(expected.error_list, int) else counted
    lines = [_get(each, "line") for each in errors]
    in_order = all(map(_is_count, lines)) and lines == sorted(lines)
    got = f"{_entries(len(errors))}, lines {_shortened(lines)}"
    yield CheckResult(
        "upload.errors-listed",
        len(errors) != min(counted, most) or not in_order,
        "`errors` does not match the summary, or is not in line order.",
        f"{_entries(min(counted, most))} in line order",
        got,
        by=("error-list",) if in_order else (),
    )
    yield CheckResult(
        "upload.errors-shown",
        not min(counted, 1) <= len(errors) <= counted,
        "`errors` does not show cards that the summary counts.",
        (f"1 to {counted} entries" if counted > 1 else "1 entry") if counted else "no entry",
        got,
    )


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _page(exchange: ApiExchange, paging: Paging, _: Conventions) -> Iterator[CheckResult]:
    body = exchange.response.json
    query = dict(exchange.request.query)
    asked = contract_list_id(exchange)
    yield CheckResult(
        "list.names-itself",
        str(_get(body, "listId")) != asked,
        "The page names a different list than the request.",
        asked,
        str(_get(body, "listId")),
    )
    contacts, total = _get(body, "contacts"), _get(body, "total")
    if not isinstance(contacts, list) or not _is_count(total):
        return
    ids = [_get(each, "contactId") for each in contacts]
    yield CheckResult(
        "list.contact-ids-unique",
        len(set(map(repr, ids))) != len(ids),
        "Two contacts on one page have the same `contactId`.",
        "distinct ids",
        _shortened(ids),
    )
    is_plain = len(query) == len(exchange.request.query) and (
        paging.has_pages or "page" not in query
    )
    asked_page = _plain_int(query.get("page", str(paging.first)))
    if not is_plain or asked_page is None or asked_page < paging.first:
        return  # that it was accepted at all is another promise
    pages = _get(body, "totalPages")
    is_past = _is_count(pages) and asked_page - paging.first >= max(1, pages)
    if "page" in query and not is_past:
        page = _get(body, "page")
        yield CheckResult(
            "list.page-echoed",
            page != asked_page,
            "The page number is not the requested one.",
            str(asked_page),
            str(page),
        )
    size = _page_size(query, body, paging)
    if size:
        yield from _place(body, query, size, asked_page - paging.first + 1)
    elif asked_page == paging.first:
        yield CheckResult(
            "list.limit-obeyed",
            not contacts and total > 0,
            f"The first page of a list of {total} is empty.",
            "contacts",
            "none",
        )


def _page_size(query: dict[str, str], body: Any, paging: Paging) -> int:
    """Return how many contacts a full page has; 0 if that cannot be known."""
    if "limit" not in query:
        return len(_get(body, "contacts")) if _get(body, "hasMore") is True else 0
    limit = _plain_int(query["limit"]) or 0
    if limit <= paging.obeyed:
        return limit
    return paging.clamped_to or 0


def _place(body: Any, query: dict[str, str], size: int, at: int) -> Iterator[CheckResult]:
    """Check the *at*-th page of a list, counted from 1, when a full page has *size* contacts."""
    contacts, total, pages = (_get(body, name) for name in ("contacts", "total", "totalPages"))
    if at > max(1, -(-total // size)):
        return  # what is past the end is another promise
    due = max(0, min(size, total - (at - 1) * size))
    yield CheckResult(
        "list.limit-obeyed",
        "limit" in query and len(contacts) != due,
        f"Page {at} of a list of {total} has the wrong number of contacts for limit {size}.",
        f"{due} contact{'' if due == 1 else 's'}",
        f"{len(contacts)} contact{'' if len(contacts) == 1 else 's'}",
    )
    yield CheckResult(
        "list.total-pages",
        pages != -(-total // size) and not (total == 0 and pages == 1),
        f"`totalPages` is wrong for {total} contacts and limit {size}.",
        str(-(-total // size)),
        str(pages),
    )
    yield CheckResult(
        "list.has-more",
        _get(body, "hasMore") is not (at * size < total),
        f"`hasMore` is wrong on page {at} of {total} contacts with limit {size}.",
        str(at * size < total).lower(),
        _shortened(_get(body, "hasMore")),
    )


def ids(exchange: ApiExchange) -> Iterator[tuple[PromiseId, str, str]]:
    """Yield each id of an accepted response, what it stands for, and the promise that it is unique.

    A contact keeps its number, so an id of a contact stands for one number in a whole run.
    """
    body = exchange.response.json
    if not 200 <= exchange.response.status < 300 or not isinstance(body, dict):
        return
    if exchange.operation == UPLOAD and isinstance(body.get("importId"), str):
        yield "upload.import-id-unique", f"import {body['importId']}", f"an import at {exchange.at}"
    contacts = body.get("contacts") if exchange.operation == LIST else None
    for each in contacts if isinstance(contacts, list) else ():
        if isinstance(_get(each, "contactId"), str):
            number = str(_get(each, "phoneNumber"))
            yield "list.contact-ids-unique", f"contact {each['contactId']}", number


def contract_list_id(exchange: ApiExchange) -> str:
    """Return the list id in the path of a request, decoded."""
    found = contract().operations[LIST].pattern.fullmatch(exchange.request.path)
    return unquote(found[1]) if found else ""


def _used(exchange: ApiExchange, _: Paging, expected: Conventions) -> Iterator[CheckResult]:
    field = "totalLimit" if expected.quota_fields == "limits" else "total"
    used, total = (_get(exchange.response.json, name) for name in ("used", field))
    if _is_count(used) and _is_count(total):
        yield CheckResult(
            "quota.used-within-total",
            used > total,
            "More is used than the plan allows.",
            f"at most {total}",
            str(used),
        )


_MEANINGS: dict[str, Callable[[ApiExchange, Paging, Conventions], Iterator[CheckResult]]] = {
    UPLOAD: _report,
    LIST: _page,
    QUOTA: _used,
}


def _get(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _plain_int(text: str) -> int | None:
    """Return a plain integer of reasonable length, or ``None``."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _shortened(value: object) -> str:
    text = printable_json(value)
    return text if len(text) <= 300 else text[:300] + "…"
