"""What holds for every single answer, whatever asked for it: checked on each exchange of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_contract.exchange import Exchange
    from qlara_contract.spec_variants import Reading

_LARGEST_PAGE = 1000
_SHAPES = {UPLOAD: "upload.report-shape", LIST: "list.page-shape", QUOTA: "quota.shape"}


@dataclass(frozen=True)
class Finding:
    """One check of one promise on one exchange; broken where ``broken`` says so."""

    promise: str
    broken: bool
    what: str = ""
    expected: str = ""
    got: str = ""
    reading: Reading | None = None


def check(exchange: Exchange) -> Iterator[Finding]:
    """Yield a finding for every promise that this one exchange can show."""
    status = exchange.answer.status
    yield Finding(
        "answers.never-a-server-error",
        status >= 500,
        "The request was answered with a server error.",
        "an answer below 500",
        str(status),
    )
    operation = contract().operations.get(exchange.operation)
    if operation is None or status >= 500:
        return
    documented = status in operation.answers
    known = ", ".join(map(str, sorted(operation.answers)))
    yield Finding(
        "answers.documented-status",
        not documented,
        f"The status is not one that the contract documents for {exchange.operation}.",
        f"one of {known}",
        str(status),
        spec_variants.of_refusal(exchange.answer.json) if status >= 400 else None,
    )
    yield from _json(exchange)
    if documented and exchange.answer.json is not None:
        yield _shape(exchange, status)
        if status == 200:
            yield from _MEANINGS[exchange.operation](exchange)
    if status == 429:
        yield _retry_after(exchange)


def _json(exchange: Exchange) -> Iterator[Finding]:
    answer = exchange.answer
    if answer.media_type != "application/json":
        got = answer.header("content-type") or "no Content-Type"
        broken = True
    else:
        broken = answer.json is None
        got = "a body that is not JSON" if broken else ""
    yield Finding(
        "answers.json",
        broken,
        "The answer is not JSON as documented.",
        "application/json",
        got,
    )


def _shape(exchange: Exchange, status: int) -> Finding:
    body = exchange.answer.json
    wrong = shape_error(exchange.operation, status, body)
    if status == 200:
        promise = _SHAPES[exchange.operation]
        reading = spec_variants.of_quota(body) or spec_variants.of_list_id(_get(body, "listId"))
        if exchange.operation == LIST and _get(body, "page") == 0:
            reading = reading or spec_variants.Reading.PAGES_FROM_0
    elif status == 429:
        promise, reading = "rate-limit.answer", None
    else:
        promise, reading = "answers.refusal-shape", spec_variants.of_refusal(body)
    return Finding(
        promise,
        bool(wrong),
        f"The body of the {status} is not of the documented shape.",
        wrong,
        _shortened(body),
        reading,
    )


def shape_error(operation_id: str, status: int, body: Any) -> str:
    """Return what the contract's schema objects to, with the place; empty if nothing."""
    validator = contract().operations[operation_id].answers[status]
    for error in validator.iter_errors(body):
        place = "/".join(str(step) for step in error.instance_path)
        return f"{place or 'the body'}: {error.message}"
    return ""


def _retry_after(exchange: Exchange) -> Finding:
    value = exchange.answer.header("retry-after") or ""
    body = _get(exchange.answer.json, "retryAfter")
    return Finding(
        "rate-limit.retry-after",
        _plain_int(value) is None or _plain_int(value) != body,
        "Header and body of the 429 do not say, in whole seconds, how long to wait.",
        f"Retry-After: {body}",
        f"Retry-After: {value}" if value else "no Retry-After",
    )


def _report(exchange: Exchange) -> Iterator[Finding]:
    body = exchange.answer.json
    summary = _get(body, "summary")
    errors = _get(body, "errors")
    names = ("total", "imported", "duplicates", "errors", "skipped")
    if not isinstance(summary, dict) or not all(_is_count(summary.get(name)) for name in names):
        return
    total, imported, skipped = (summary[name] for name in ("total", "imported", "skipped"))
    yield Finding(
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
        yield Finding(
            "upload.summary-skipped",
            skipped != left_out + summary["errors"],
            f"`skipped` does not add up with {strategy}.",
            "skipped = duplicates + errors" if strategy == "SKIP" else "skipped = errors",
            _shortened(summary),
        )
    if isinstance(errors, list):
        lines = [_get(each, "line") for each in errors]
        in_order = all(map(_is_count, lines)) and lines == sorted(lines)
        yield Finding(
            "upload.errors-listed",
            len(errors) != summary["errors"] or not in_order,
            "The list of errors does not match the summary, or is not in order of line.",
            f"{summary['errors']} entries in order of line",
            f"{len(errors)} entries, lines {lines}",
        )
    if "listId" in sent:
        yield Finding(
            "upload.report-names-the-list",
            str(_get(body, "listId")) != sent["listId"],
            "The report names another list than the one that was sent.",
            sent["listId"],
            str(_get(body, "listId")),
        )


def _page(exchange: Exchange) -> Iterator[Finding]:
    body = exchange.answer.json
    query = dict(exchange.request.query)
    contacts = _get(body, "contacts")
    total, page, pages = (_get(body, name) for name in ("total", "page", "totalPages"))
    asked = exchange.request.path.rsplit("/", 2)[-2]
    yield Finding(
        "list.names-itself",
        str(_get(body, "listId")) != asked,
        "The page names another list than the one that was asked for.",
        asked,
        str(_get(body, "listId")),
    )
    limit = _plain_int(query.get("limit", "10"))
    wanted = _plain_int(query.get("page", "1"))
    if limit is None or wanted is None or not 1 <= limit <= _LARGEST_PAGE or wanted < 1:
        return  # that it was accepted at all is another promise
    yield Finding(
        "list.page-echoed" if "page" in query else "list.pages-from-1",
        page != wanted,
        "The page's number is not the one that was asked for.",
        str(wanted),
        str(page),
        spec_variants.Reading.PAGES_FROM_0 if page == wanted - 1 else None,
    )
    if not isinstance(contacts, list) or not _is_count(total):
        return
    due = max(0, min(limit, total - (wanted - 1) * limit))
    yield Finding(
        "list.limit-obeyed" if "limit" in query else "list.limit-default",
        len(contacts) != due,
        f"Page {wanted} of a list of {total} does not hold the contacts that {limit} a page make.",
        f"{due} contacts",
        f"{len(contacts)} contacts",
    )
    yield Finding(
        "list.total-pages",
        pages != -(-total // limit),
        f"`totalPages` does not fit {total} contacts, {limit} a page.",
        str(-(-total // limit)),
        str(pages),
    )
    yield Finding(
        "list.has-more",
        _get(body, "hasMore") is not (wanted * limit < total),
        f"`hasMore` is wrong on page {wanted} of {total} contacts, {limit} a page.",
        str(wanted * limit < total).lower(),
        _shortened(_get(body, "hasMore")),
    )
    ids = [_get(each, "contactId") for each in contacts]
    yield Finding(
        "list.contact-ids-unique",
        len(set(map(repr, ids))) != len(ids),
        "Two contacts of one page have the same `contactId`.",
        "ids that differ",
        _shortened(ids),
    )


def _used(exchange: Exchange) -> Iterator[Finding]:
    used, total = (_get(exchange.answer.json, name) for name in ("used", "total"))
    if _is_count(used) and _is_count(total):
        yield Finding(
            "quota.used-within-total",
            used > total,
            "More is used than the plan allows.",
            f"at most {total}",
            str(used),
        )


_MEANINGS: dict[str, Callable[[Exchange], Iterator[Finding]]] = {
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
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"
