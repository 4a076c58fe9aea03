"""The words of the contract and of error messages: they say nothing of anybody, and stay."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import qlara_contract

FIELDS = frozenset(
    [
        "importId",
        "listId",
        "status",
        "summary",
        "total",
        "imported",
        "duplicates",
        "errors",
        "skipped",
        "line",
        "name",
        "reason",
        "completedAt",
        "contacts",
        "contactId",
        "phoneNumber",
        "email",
        "tags",
        "createdAt",
        "page",
        "totalPages",
        "hasMore",
        "limit",
        "used",
        "data",
        "message",
        "error",
        "code",
        "retryAfter",
        "file",
        "listName",
        "duplicateStrategy",
        "fileName",
        "apiKey",
        "rateLimit",
        "available",
        "remaining",
        "detail",
        "details",
        "title",
        "type",
        "instance",
        "path",
        "timestamp",
        "requestId",
        "success",
        "address",
    ]
)
"""Names of fields, parameters and parts of forms that the contract or error bodies have."""

FILE_NAME = "fileName"
IDS = frozenset({"importId", "listId", "contactId", "id", "requestId", "traceId"})
TIMES = frozenset({"completedAt", "createdAt", "timestamp", "updatedAt", "renewsAt"})
PEOPLE = frozenset({"name", "phoneNumber", "email", "address", "firstName", "lastName", "phone"})

ENUMERATED = frozenset(
    [
        "COMPLETED",
        "PENDING",
        "FAILED",
        "PROCESSING",
        "RUNNING",
        "QUEUED",
        "PARTIAL",
        "fail",
        "error",
        "success",
        "ok",
        "SKIP",
        "UPDATE",
        "DUPLICATE",
        "IMPORT",
        "true",
        "false",
        "null",
    ]
)
"""Values that say how something is, and not what."""

_PRODUCT = re.compile(
    r"\b(?:curl|python-requests|python-httpx|python-urllib3?|aiohttp|okhttp|axios|node|undici|Java|Apache-HttpClient"
    r"|Go-http-client|PostmanRuntime|Mozilla|Wget|ReactorNetty|GuzzleHttp|Dart|Ruby|PHP)/?[\d.]{0,12}",
    re.IGNORECASE,
)
_COUNTS = r"[\d,:; =.wqr-]*"
_DAY = r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"
# Headers whose values say nothing of anybody, and what such a value looks like.
_PLAIN_HEADERS = {
    **dict.fromkeys(
        ("accept", "accept-encoding", "allow", "cache-control", "connection", "expect"),
        r"[\w*/+.;,=\s-]*",
    ),
    **dict.fromkeys(
        ("transfer-encoding", "content-encoding", "keep-alive", "vary", "pragma"),
        r"[\w*/+.;,=\s-]*",
    ),
    **dict.fromkeys(("content-length", "age", "ratelimit-limit", "ratelimit-remaining"), _COUNTS),
    **dict.fromkeys(("x-ratelimit-limit", "x-ratelimit-remaining", "ratelimit-reset"), _COUNTS),
    "x-ratelimit-reset": rf"{_COUNTS}|[\dTZ:.+-]+",
    "retry-after": rf"{_COUNTS}|{_DAY}",
    **dict.fromkeys(("date", "expires", "last-modified"), _DAY),
    "x-sandbox-scenario": r"[\w-]{1,64}",
    "prefer": r"code=\d{3}|example=[\w.-]+",
}

STEPS = frozenset(
    ["api", "partner-gateway", "v1", "v2", "contacts", "list", "upload", "vcard", "subscription"]
)
"""Steps of the paths of the contract."""

_MESSAGE_WORDS = frozenset(
    [
        "a",
        "about",
        "above",
        "accept",
        "accepted",
        "access",
        "account",
        "active",
        "after",
        "all",
        "allowed",
        "already",
        "an",
        "and",
        "any",
        "api",
        "apikey",
        "are",
        "as",
        "at",
        "authentication",
        "authorization",
        "bad",
        "be",
        "been",
        "begin",
        "begins",
        "begincard",
        "below",
        "between",
        "body",
        "both",
        "bytes",
        "but",
        "by",
        "bytes",
        "call",
        "can",
        "cannot",
        "card",
        "cards",
        "chars",
        "characters",
        "check",
        "code",
        "columns",
        "complete",
        "completed",
        "conflict",
        "contact",
        "contacts",
        "content",
        "contract",
        "could",
        "country",
        "create",
        "created",
        "creates",
        "current",
        "data",
        "default",
        "denied",
        "destination",
        "different",
        "does",
        "duplicate",
        "duplicates",
        "each",
        "email",
        "empty",
        "encoding",
        "end",
        "entity",
        "error",
        "errors",
        "exceed",
        "exceeded",
        "exceeds",
        "exist",
        "existing",
        "exists",
        "expected",
        "export",
        "extension",
        "fail",
        "failed",
        "field",
        "fields",
        "file",
        "files",
        "first",
        "footer",
        "for",
        "forbidden",
        "form",
        "format",
        "found",
        "from",
        "full",
        "gateway",
        "greater",
        "group",
        "has",
        "have",
        "header",
        "headers",
        "http",
        "id",
        "import",
        "imported",
        "in",
        "incorrect",
        "internal",
        "invalid",
        "is",
        "it",
        "items",
        "its",
        "json",
        "key",
        "kb",
        "kind",
        "last",
        "length",
        "less",
        "letters",
        "limit",
        "line",
        "list",
        "listid",
        "listname",
        "lists",
        "long",
        "malformed",
        "many",
        "maximum",
        "mb",
        "media",
        "members",
        "method",
        "minimum",
        "missing",
        "month",
        "more",
        "multipart",
        "must",
        "name",
        "names",
        "neither",
        "never",
        "new",
        "next",
        "no",
        "none",
        "not",
        "nothing",
        "null",
        "number",
        "numbers",
        "object",
        "of",
        "off",
        "on",
        "one",
        "only",
        "or",
        "order",
        "other",
        "out",
        "overloaded",
        "page",
        "pages",
        "parameter",
        "part",
        "payload",
        "per",
        "permission",
        "phone",
        "plan",
        "please",
        "positive",
        "processed",
        "property",
        "quota",
        "range",
        "rate",
        "read",
        "reason",
        "received",
        "request",
        "requests",
        "required",
        "resource",
        "response",
        "retry",
        "row",
        "seconds",
        "send",
        "sent",
        "server",
        "service",
        "short",
        "should",
        "size",
        "skipped",
        "taken",
        "skip",
        "something",
        "status",
        "store",
        "string",
        "subscription",
        "success",
        "successfully",
        "supported",
        "tag",
        "tags",
        "than",
        "that",
        "the",
        "there",
        "this",
        "time",
        "times",
        "to",
        "token",
        "too",
        "total",
        "twice",
        "type",
        "unable",
        "unauthorized",
        "unavailable",
        "unexpected",
        "unknown",
        "unsupported",
        "until",
        "up",
        "update",
        "updated",
        "upgrade",
        "upload",
        "uploaded",
        "url",
        "valid",
        "value",
        "values",
        "vcard",
        "vcf",
        "version",
        "was",
        "what",
        "when",
        "which",
        "with",
        "within",
        "without",
        "wrong",
        "you",
        "your",
        "zero",
        "strategy",
        "duplicatestrategy",
        "phonenumber",
        "filename",
        "contactid",
        "importid",
        "retryafter",
        "ratelimit",
    ]
)
_FORM_WORDS = frozenset(
    [
        "content",
        "disposition",
        "form",
        "data",
        "name",
        "filename",
        "type",
        "text",
        "vcard",
        "x",
        "directory",
        "octet",
        "stream",
        "application",
        "charset",
        "utf",
        "binary",
        "transfer",
        "encoding",
        "file",
        "listid",
        "listname",
        "duplicatestrategy",
        "tags",
        "skip",
        "update",
        "duplicate",
        "plain",
    ]
)
_TEMPLATES = re.compile(
    r"Contact quota exceeded\. Current: \d+/\d+\. Upgrade your plan to import more contacts\."
    r"|File size exceeds maximum allowed \(\d+ ?[kMG]?B(?:ytes)?\)"
    r"|Rate limit exceeded\. Please retry after \d+ seconds?\."
    r"|Unsupported vCard version '\d{1,2}(?:\.\d{1,2})?': expected 3\.0 or 4\.0\. Export the contacts as vCard 3\.0"
    r"|Invalid VCard format\. Expected END:VCARD footer\. The card that begins on line \d+ has none; "
    r"complete cards before it: \d+\."
)
_IDENTIFIER = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$-]{0,40}")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+")
_LONG_DIGITS = re.compile(r"\d{6,}")
_SMALL = 3  # digits of a number that counts or limits something


def is_message_word(word: str) -> bool:
    """Return whether a word, in small letters, or a number is one that error messages have."""
    return word in _MESSAGE_WORDS or (word.isdecimal() and len(word) <= _SMALL)


def is_report_word(word: str) -> bool:
    """Return whether a word, in small letters, is one that our own reports are written with."""
    return word in _report_words()


@cache
def _report_words() -> frozenset[str]:
    folder = Path(qlara_contract.__file__).parent
    files = [folder / "promises.yaml", *sorted((folder / "report").rglob("*"))]
    texts = (each.read_text(encoding="utf-8", errors="replace") for each in files if each.is_file())
    return frozenset(word for text in texts for word in re.findall(r"[a-z]{4,}", text.lower()))


def is_field_name(name: str) -> bool:
    """Return whether a name can be that of a field, and is not a name or a number of somebody, as far as one can see."""
    if name in FIELDS:
        return True
    if not _IDENTIFIER.fullmatch(name) or _LONG_DIGITS.search(name):
        return False
    # With a capital letter it may be the name of somebody, unless its words are those of the contract.
    return not name[0].isupper() or all(map(is_message_word, words_of_name(name)))


def words_of_name(name: str) -> set[str]:
    """Return the words of the name of a field, in small letters."""
    return {each.lower() for each in _WORDS.findall(name)}


def plain_header(name: str, value: str) -> str:
    """Return the value of a header, whose *name* is in small letters, as far as it says nothing of anybody."""
    if name == "user-agent":
        return " ".join(_PRODUCT.findall(value))
    pattern = _PLAIN_HEADERS.get(name)
    return value if pattern and re.fullmatch(pattern, value) else ""


def is_form_word(word: str) -> bool:
    """Return whether a word, in small letters, is one that the parts of an upload have."""
    return word in _FORM_WORDS


def is_known_message(text: str) -> bool:
    """Return whether a text is an error message of the contract, with nothing of anybody in it."""
    return _TEMPLATES.fullmatch(text) is not None
