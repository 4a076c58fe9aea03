"""What is remembered of an exchange: its times, its account, and in a few numbers what it says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from qlara_contract.checks import goes_on
from qlara_contract.client import is_from_gateway
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiResponse
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_proxy.judging.exchanges import path_and_query
from qlara_proxy.judging.limits import KEPT_BODY
from qlara_proxy.judging.reading import FileDigest, digest_of
from qlara_proxy.traffic import headers_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.forms import SeenForm
    from qlara_proxy.traffic import PassedExchange

SESSION_HEADER = "x-sandbox-session"
SUMMARY = ("total", "imported", "duplicates", "errors", "skipped")
_STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")


@dataclass(frozen=True, eq=False)
class Seen:
    """An exchange. Times are in seconds since 1970; ``account`` is a hash.

    ``status`` is 0 where nothing is known of what the deployment did. ``exchange`` is kept for evidence.
    """

    number: int
    account: int
    began: float
    ended: float
    operation: str
    status: int
    exchange: ApiExchange | None = field(repr=False)

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def may_write(self) -> bool:
        """Whether contacts may have been written: an import that was accepted, or whose end is not known."""
        return self.operation == UPLOAD and (
            self.status == 0 or self.is_accepted or self.status >= 500
        )


@dataclass(frozen=True, eq=False)
class SeenImport(Seen):
    """An import. ``list_id`` is the list that the report names; ``asked`` that of the request.

    ``summary`` holds the five counts, or is empty where they cannot be read. ``file`` is ``None`` where it is
    not known.
    """

    asked: str = ""
    list_name: str = ""
    list_id: str = ""
    strategy: str = ""
    tags: tuple[str, ...] = ()
    summary: Mapping[str, int] = field(default_factory=dict)
    file: FileDigest | None = None
    completed_at: str = ""
    has_strategy: bool = True
    form_rests_on: frozenset[PromiseId] = frozenset()
    tags_rest_on: PromiseId = "tags.all-in-order"
    goes_on: bool = False

    @property
    def created(self) -> int | None:
        """How many contacts it created, as its report says; ``None`` where it does not say that."""
        if not self.summary:
            return None
        if self.strategy == "UPDATE":
            return None if self.summary["duplicates"] else self.summary["imported"]
        return self.summary["imported"]


@dataclass(frozen=True, eq=False)
class SeenPage(Seen):
    """A page of a list. ``page`` is the one that was asked for, ``limit`` its size; ``None`` if not given."""

    list_id: str = ""
    page: int | None = None
    limit: int | None = None
    is_plain: bool = False  # no other parameter, and each once
    contacts: tuple[Mapping[str, Any], ...] = ()
    total: int = -1
    has_more: bool = False
    told_page: int | None = None


@dataclass(frozen=True, eq=False)
class SeenQuota(Seen):
    """A quota."""

    used: int = -1
    total: int = -1


def observed(
    passed: PassedExchange,
    api: ApiExchange | None,
    form: SeenForm | None,
    conventions: Conventions,
) -> Seen:
    """Return what is remembered of an exchange."""
    path, _ = path_and_query(passed.request.target)
    known = contract().operation_of(passed.request.method, path)
    operation = known.operation_id if known else ""
    is_told = api is not None and not is_from_gateway(api.response)
    common: dict[str, Any] = {
        "number": passed.number,
        "account": _account(passed),
        "began": passed.began,
        "ended": passed.began + passed.seconds,
        "operation": operation,
        "status": api.response.status if api is not None and is_told else 0,
        "exchange": _light(api) if api is not None else None,
    }
    if operation == UPLOAD:
        special = ("transfer-encoding", "expect")
        is_special = any(any(headers_named(passed.request.headers, each)) for each in special)
        return _import(common, api, form, conventions, is_special=is_special)
    if api is None or not is_told or not 200 <= api.response.status < 300:
        return Seen(**common)
    if operation == LIST:
        return _page(common, api)
    if operation == QUOTA:
        return _quota(common, api, conventions)
    return Seen(**common)


def unknown(passed: PassedExchange) -> Seen:
    """Return an exchange of which nothing but its time is known; it may have been an import."""
    ended = passed.began + passed.seconds
    return Seen(passed.number, _account(passed), passed.began, ended, UPLOAD, 0, None)


def _account(passed: PassedExchange) -> int:
    session = next(iter(headers_named(passed.request.headers, SESSION_HEADER)), "")
    return hash((passed.key, session))


def _light(exchange: ApiExchange) -> ApiExchange:
    """Return an exchange without what is large in it."""
    request, response = exchange.request, exchange.response
    form = request.form
    is_large = form is not None and form.file is not None and len(form.file.content) > KEPT_BODY
    is_large |= len(request.body or b"") > KEPT_BODY
    if not is_large and len(response.body) <= KEPT_BODY:
        return exchange
    if form is not None and form.file is not None:
        file = replace(form.file, content=form.file.content[:KEPT_BODY])
        request = replace(request, form=replace(form, file=file))
    if request.body is not None:
        request = replace(request, body=request.body[:KEPT_BODY])
    if len(response.body) > KEPT_BODY:
        response = ApiResponse(
            response.status, response.headers, response.body[:KEPT_BODY], is_cut=True
        )
    return replace(exchange, request=request, response=response)


def _import(
    common: Mapping[str, Any],
    api: ApiExchange | None,
    form: SeenForm | None,
    conventions: Conventions,
    *,
    is_special: bool,
) -> SeenImport:
    response = api.response if api is not None else None
    is_accepted = response is not None and 200 <= response.status < 300
    summary = response.value("summary") if response is not None and is_accepted else None
    value = form.value if form is not None else (lambda _: None)
    strategy = value("duplicateStrategy") or "SKIP"
    if conventions.duplicates_strategy == "update":
        strategy = "UPDATE"
    sent = value("tags") or ""
    tags = sent.split(",")
    return SeenImport(
        **common,
        asked=value("listId") or "",
        list_name=value("listName") or "",
        list_id=str(response.value("listId") or "") if response is not None else "",
        strategy=strategy if strategy in _STRATEGIES else "",
        tags=tuple(dict.fromkeys(one.strip() for one in tags if one.strip())),
        summary=_counts(summary),
        file=digest_of(form.file, conventions)
        if form is not None and form.file is not None
        else None,
        completed_at=str(response.value("completedAt") or "") if response is not None else "",
        has_strategy=value("duplicateStrategy") is not None,
        form_rests_on=_of_form(form, is_special=is_special),
        tags_rest_on=_of_tags(sent),
        goes_on=api is not None and goes_on(api),
    )


def _of_form(form: SeenForm | None, *, is_special: bool) -> frozenset[PromiseId]:
    if form is None:
        return frozenset()
    return form.rests_on | {"upload.any-valid-form"} if is_special else form.rests_on


def _of_tags(sent: str) -> PromiseId:
    """Return the promise that the tags of an import rest on, by how they are written."""
    tags = sent.split(",")
    if len(set(tags)) < len(tags) or any(each != each.strip() or not each for each in tags):
        return "tags.tidied"
    is_long = len(tags) > _MANY_TAGS or max(map(len, tags)) > _LONG_TAG
    if is_long or sent != sent.lower() or any(char > _LATIN for char in sent):
        return "tags.of-any-kind"
    return "tags.all-in-order"


_MANY_TAGS = 10
_LONG_TAG = 32
_LATIN = "\u024f"


def _counts(summary: Any) -> dict[str, int]:
    if not isinstance(summary, dict):
        return {}
    counts = {name: summary.get(name) for name in SUMMARY}
    told = {name: value for name, value in counts.items() if type(value) is int and value >= 0}
    return told if len(told) == len(counts) else {}


def _page(common: Mapping[str, Any], api: ApiExchange) -> Seen:
    body = api.response.json
    contacts, total = api.response.value("contacts"), api.response.value("total")
    if not isinstance(contacts, list) or type(total) is not int:
        return Seen(**common)
    if not all(isinstance(each, dict) for each in contacts):
        return Seen(**common)
    found = contract().operations[LIST].pattern.fullmatch(api.request.path)
    query = dict(api.request.query)
    named = {"page", "limit"}
    told = body.get("page")
    return SeenPage(
        **common,
        list_id=unquote(found[1]) if found else "",
        page=_whole(query.get("page")),
        limit=_whole(query.get("limit")),
        is_plain=len(query) == len(api.request.query) and set(query) <= named,
        contacts=tuple(contacts),
        total=total,
        has_more=body.get("hasMore") is True,
        told_page=told if type(told) is int else None,
    )


def _quota(common: Mapping[str, Any], api: ApiExchange, conventions: Conventions) -> Seen:
    field_of_total = "totalLimit" if conventions.quota_fields == "limits" else "total"
    used, total = api.response.value("used"), api.response.value(field_of_total)
    if type(used) is not int or type(total) is not int:
        return Seen(**common)
    return SeenQuota(**common, used=used, total=total)


def _whole(text: str | None) -> int | None:
    is_whole = text is not None and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if text is not None and is_whole else None
