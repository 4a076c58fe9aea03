"""Checks that apply to every response, whatever the request: made on each exchange of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.exchange import printable_json
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.spec_variants import SpecVariant

_LARGEST_PAGE = 1000
_SHAPES: dict[str, PromiseId] = {
    UPLOAD: "upload.report-shape",
    LIST: "list.page-shape",
    QUOTA: "quota.shape",
}


@dataclass(frozen=True)
class CheckResult:
    """The result of checking one promise on one exchange."""

    promise: PromiseId
    broken: bool
    what: str = ""
    expected: str = ""
    got: str = ""
    variant: SpecVariant | None = None


def check(exchange: ApiExchange) -> Iterator[CheckResult]:
    """Yield a result for every promise that this one exchange can show."""
    status = exchange.response.status
    yield CheckResult(
        "answers.never-a-server-error",
        status >= 500,
        "The request caused a server error.",
        "a status below 500",
        str(status),
    )
    operation = contract().operations.get(exchange.operation)
    if operation is None or status >= 500:
        return
    documented = status in operation.responses
    known = ", ".join(map(str, sorted(operation.responses)))
    yield CheckResult(
        "answers.documented-status",
        not documented,
        f"The status is not one that the contract documents for {exchange.operation}.",
        f"one of {known}",
        str(status),
        spec_variants.of_refusal(exchange.response.json) if status >= 400 else None,
    )
    yield from _json(exchange)
    if documented and exchange.response.json is not None:
        yield _shape(exchange, status)
        if status == 200:
            yield from _MEANINGS[exchange.operation](exchange)
    if status == 429:
        yield _retry_after(exchange)


def _json(exchange: ApiExchange) -> Iterator[CheckResult]:
    response = exchange.response
    if response.media_type != "application/json":
        got = response.header("content-type") or "no Content-Type"
        broken = True
    else:
        broken = response.json is None
        got = "a body that is not JSON" if broken else ""
    yield CheckResult(
        "answers.json",
        broken,
        "The response is not JSON as documented.",
        "application/json",
        got,
    )


def _shape(exchange: ApiExchange, status: int) -> CheckResult:
    body = exchange.response.json
    wrong = shape_error(exchange.operation, status, body)
    if status == 200:
        promise = _SHAPES[exchange.operation]
        variant = spec_variants.of_quota(body) or spec_variants.of_list_id(_get(body, "listId"))
        if exchange.operation == LIST and _get(body, "page") == 0:
            variant = variant or spec_variants.SpecVariant.PAGES_FROM_0
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
    )


def shape_error(operation_id: str, status: int, body: Any) -> str:
    """Return the first violation of the contract's schema, with its place; empty if there is none."""
    validator = contract().operations[operation_id].responses[status]
    for error in validator.iter_errors(body):
        place = "/".join(str(step) for step in error.instance_path)
        return f"{place or 'the body'}: {error.message}"
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


def _report(exchange: ApiExchange) -> Iterator[CheckResult]:
    body = exchange.response.json
    summary = _get(body, "summary")
    errors = _get(body, "errors")
    names = ("total", "imported", "duplicates", "errors", "skipped")
    if not isinstance(summary, dict) or not all(_is_count(summary.get(name)) for name in names):
        return
    total, imported, skipped = (summary[name] for name in ("total", "imported", "skipped"))
    yield CheckResult(
        "upload.summary-adds-up",
        total != imported + skipped,
        "The summary does not add up.",
        "total = imported + skipped",
        f"{total} = {imported} + {skipped}",
    )
    sent = dict(exchange.request.form.fields) if exchange.request.form else {}
    strategy = sent.get("duplicateStrategy") or "SKIP"
    if strategy in ("SKIP", "UPDATE", "DUPLICATE"):
        left_out = summary["duplicates"] if strategy == "SKIP" else 0
        yield CheckResult(
            "upload.summary-skipped",
            skipped != left_out + summary["errors"],
            f"`skipped` does not add up with {strategy}.",
            "skipped = duplicates + errors" if strategy == "SKIP" else "skipped = errors",
            _shortened(summary),
        )
    if isinstance(errors, list):
        lines = [_get(each, "line") for each in errors]
        in_order = all(map(_is_count, lines)) and lines == sorted(lines)
        yield CheckResult(
            "upload.errors-listed",
            len(errors) != summary["errors"] or not in_order,
            "`errors` does not match the summary, or is not in line order.",
            f"{summary['errors']} entries in line order",
            f"{len(errors)} entries, lines {lines}",
        )
    if "listId" in sent:
        yield CheckResult(
            "upload.report-names-the-list",
            str(_get(body, "listId")) != sent["listId"],
            "The report names a different list than the request.",
            sent["listId"],
            str(_get(body, "listId")),
        )


def _page(exchange: ApiExchange) -> Iterator[CheckResult]:
    body = exchange.response.json
    query = dict(exchange.request.query)
    contacts = _get(body, "contacts")
    total, page, pages = (_get(body, name) for name in ("total", "page", "totalPages"))
    asked = exchange.request.path.rsplit("/", 2)[-2]
    yield CheckResult(
        "list.names-itself",
        str(_get(body, "listId")) != asked,
        "The page names a different list than the request.",
        asked,
        str(_get(body, "listId")),
    )
    limit = _plain_int(query.get("limit", "10"))
    wanted = _plain_int(query.get("page", "1"))
    if limit is None or wanted is None or not 1 <= limit <= _LARGEST_PAGE or wanted < 1:
        return  # that it was accepted at all is another promise
    yield CheckResult(
        "list.page-echoed" if "page" in query else "list.pages-from-1",
        page != wanted,
        "The page number is not the requested one.",
        str(wanted),
        str(page),
        spec_variants.SpecVariant.PAGES_FROM_0 if page == wanted - 1 else None,
    )
    if not isinstance(contacts, list) or not _is_count(total):
        return
    due = max(0, min(limit, total - (wanted - 1) * limit))
    yield CheckResult(
        "list.limit-obeyed" if "limit" in query else "list.limit-default",
        len(contacts) != due,
        f"Page {wanted} of a list of {total} has the wrong number of contacts for limit {limit}.",
        f"{due} contacts",
        f"{len(contacts)} contacts",
    )
    yield CheckResult(
        "list.total-pages",
        pages != -(-total // limit),
        f"`totalPages` is wrong for {total} contacts and limit {limit}.",
        str(-(-total // limit)),
        str(pages),
    )
    yield CheckResult(
        "list.has-more",
        _get(body, "hasMore") is not (wanted * limit < total),
        f"`hasMore` is wrong on page {wanted} of {total} contacts with limit {limit}.",
        str(wanted * limit < total).lower(),
        _shortened(_get(body, "hasMore")),
    )
    ids = [_get(each, "contactId") for each in contacts]
    yield CheckResult(
        "list.contact-ids-unique",
        len(set(map(repr, ids))) != len(ids),
        "Two contacts on one page have the same `contactId`.",
        "distinct ids",
        _shortened(ids),
    )


def _used(exchange: ApiExchange) -> Iterator[CheckResult]:
    used, total = (_get(exchange.response.json, name) for name in ("used", "total"))
    if _is_count(used) and _is_count(total):
        yield CheckResult(
            "quota.used-within-total",
            used > total,
            "More is used than the plan allows.",
            f"at most {total}",
            str(used),
        )


_MEANINGS: dict[str, Callable[[ApiExchange], Iterator[CheckResult]]] = {
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
