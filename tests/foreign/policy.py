"""What the deployment decides: every choice that UC-020 leaves open, with the default."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Paging:
    """How lists are cut into pages; ``beyond`` is what a limit above the maximum gets."""

    default_limit: int = 10
    maximum: int = 1000
    beyond: str = "refuse"  # or "clamp", "ignore"
    bad_value: str = "refuse"  # of a limit or page that is no number: or "ignore"
    bad_status: int = 400
    first_page: int = 1
    page_parameter: str = "page"  # empty: there is none
    past_end: str = "empty"  # or "refuse", "last"
    empty_total_pages: int = 0
    order: str = "import"  # or "newest", "name", "id", "number", "scattered"
    repeated: str = "refuse"  # or "first", "last"
    unknown_parameters: str = "ignore"  # or "refuse"


@dataclass(frozen=True)
class Lists:
    """How lists come to be."""

    same_name: str = "new"  # or "conflict", "refuse", "reuse"
    by_name: str = "create"  # or "forbid", "refuse"
    unknown_id: str = "refuse"  # or "create"
    unknown_status: int = 404
    longest_name: int = 120
    both: str = "refuse"  # listId and listName: or "id", "name"
    neither: str = "refuse"  # or "default"
    until_indexed: str = "empty"  # a new list before its contacts are indexed: or "missing"
    ascii_names: bool = False


@dataclass(frozen=True)
class Timing:
    """How long things take, in seconds."""

    visible_after: float = 0.0
    quota_after: float = 0.0
    response_after: float = 0.0


@dataclass(frozen=True)
class Importing:
    """How a file is imported."""

    status: int = 200
    state: str = "COMPLETED"
    counts_at_once: bool = True
    duplicates_in: str = "account"  # or "list"
    same_file: str = "duplicate"  # a number again in the file: or "error"
    over_quota: str = "refuse"  # or "partial"
    full_quota: str = "duplicates"  # or "nothing": what a full plan still takes
    versions: tuple[str, ...] = ("3.0", "4.0")
    other_version: str = "error"  # or "read", "refuse"
    no_footer: str = "refuse"  # or "error"
    broken_card: str = "error"  # a card without a footer before the next one: or "refuse"
    nothing_importable: str = "report"  # or "refuse"
    error_line: str = "first"  # the first TEL, or "begin", "end"
    missing_line: str = "begin"  # or "end"
    errors_shown: int | None = None
    errors_order: str = "line"  # or "reverse", "kind"
    strategy_case: bool = True
    bad_status: int = 400
    unknown_fields: str = "ignore"  # or "refuse"
    repeated_field: str = "refuse"  # or "first", "last"
    file_name_needed: bool = True
    empty_field: str = "refuse"  # or "absent": as if it were not there
    update_absent_blanks: bool = False
    update_joins: bool = True
    update_tags: str = "add"  # or "replace"
    update_skipped: bool = False  # whether updated cards count as skipped
    skip_joins: bool = False
    copies_are_duplicates: bool = True
    apart: bool = True  # imports into one account happen one after the other


@dataclass(frozen=True)
class Cards:
    """How cards are read."""

    name_from: tuple[str, ...] = ("FN", "N", "ORG")
    name_missing: str = "empty"  # or "error", "number"
    trim_names: bool = True
    fold_blanks: bool = False
    normal_form: str = ""
    longest_name: int | None = None
    legacy_charset: str = "cp1252"  # empty: bytes that are not UTF-8 are replaced
    utf16: bool = True


@dataclass(frozen=True)
class Telephones:
    """Which numbers are contacts."""

    region: str = "IT"
    kinds: str = "person"  # or "mobile", "any", "possible"
    choice: str = "preferred"  # of several TEL: or "first", "last"
    only_first: bool = False
    faxes: bool = False


@dataclass(frozen=True)
class Tags:
    """How tags are read."""

    trim: bool = True
    once: bool = True
    order: str = "given"  # or "sorted"
    case: str = "keep"  # or "lower"
    most: int | None = None
    longest: int = 1000


@dataclass(frozen=True)
class Shown:
    """How values are printed."""

    email_absent: str = "absent"  # or "null", "empty"
    zone: str = "Europe/Rome"
    time_style: str = "seconds"  # or "milliseconds", "microseconds"
    created_at: str = "import"  # one time for all of an import: or "contact"
    list_ids: str = "prefixed"
    contact_ids: str = "running"
    import_ids: str = "prefixed"


@dataclass(frozen=True)
class Size:
    """The size limit: of the ``file``, or of the whole ``request``."""

    limit: int = 10_485_760
    of: str = "file"
    early: bool = False  # respond and close before the body is read


@dataclass(frozen=True)
class Refusals:
    """What refusals that UC-020 does not show look like."""

    body: str = "fail"  # or "problem", "html", "empty", "text", "message"
    missing_key: int = 401
    unknown_key: int = 401
    no_permission: int = 403
    key_field: str = "apiKey"
    unknown_path: int = 404
    other_method: int = 405
    allow_header: bool = True
    not_multipart: int = 400
    options: int = 405
    trace: int = 405
    head: str = "refuse"  # or "serve"


@dataclass(frozen=True)
class Network:
    """How bytes travel."""

    rate: float | None = None  # requests per second
    burst: int = 20
    wait_says: str = "number"  # or "date", "body", "nothing"
    rate_headers: bool = False
    bad_gateway_every: int = 0
    bad_gateway_status: int = 502
    bad_gateway_waits: bool = True
    bad_gateway_after_import: bool = False
    drop_idle_after: int = 0  # requests, then the idle connection is closed
    idle: float = 60.0  # seconds, then an idle connection is closed
    close_always: bool = False
    old_protocol: bool = False
    chunked: bool = False
    gzip: bool = False
    header_case: str = "title"  # or "lower", "upper"
    content_type: str = "application/json"


@dataclass(frozen=True)
class Policy:
    """Every choice of one deployment."""

    paging: Paging = field(default_factory=Paging)
    lists: Lists = field(default_factory=Lists)
    timing: Timing = field(default_factory=Timing)
    importing: Importing = field(default_factory=Importing)
    cards: Cards = field(default_factory=Cards)
    telephones: Telephones = field(default_factory=Telephones)
    tags: Tags = field(default_factory=Tags)
    shown: Shown = field(default_factory=Shown)
    size: Size = field(default_factory=Size)
    refusals: Refusals = field(default_factory=Refusals)
    network: Network = field(default_factory=Network)
