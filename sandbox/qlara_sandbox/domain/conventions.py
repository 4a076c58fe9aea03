"""Conventions: what a deployment decides where UC-020 is silent, one table of them all.

Each has a dotted name, values, a default (what the shipped contract says), and a sentence. How they stand
in an OpenAPI document is known to `qlara_sandbox.http.conventions`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Plain = int | str

ALL = "all"
CREATED = "created"
X_CONVENTIONS = "x-qlara-conventions"
X_DIFFERS = "x-qlara-differs"

_LONGEST_SHOWN = 60
_DURATION = re.compile(r"(0|[1-9][0-9]{0,8})(ms|s|m|h)", re.ASCII)
_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_LONGEST_DURATION = timedelta(hours=24)
_REGION = re.compile(r"[A-Z]{2}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_LINE = re.compile(r"(?=\S)[^\x00-\x1f\x7f]{1,200}(?<=\S)")
_MILLISECOND = timedelta(milliseconds=1)


class InvalidConvention(ValueError):
    """A convention that there is none of, or a value that it cannot have; the message names all three."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        shown = repr(value)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        super().__init__(f"{name[:_LONGEST_SHOWN]}: expected {expected}; found {shown}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values."""

    values: tuple[Plain, ...]

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        *others, last = map(str, self.values)
        return f"{', '.join(others)} or {last}"

    def accepts(self, value: Plain) -> bool:
        return value in self.values

    def samples(self) -> tuple[Plain, ...]:
        """Return values that show what there is."""
        return self.values


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, or the one word that means without end."""

    least: int
    most: int
    word: str | None = None

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        either = f"{self.word}, or " if self.word else ""
        return f"{either}a whole number from {self.least} to {self.most}"

    def accepts(self, value: Plain) -> bool:
        if isinstance(value, int):
            return self.least <= value <= self.most
        return value == self.word

    def samples(self) -> tuple[Plain, ...]:
        """Return values that show what there is."""
        return (*((self.word,) if self.word else ()), max(self.least, 2), max(self.least * 10, 100))


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one form; *shown* are values that show what there is."""

    form: re.Pattern[str]
    expected: str
    shown: tuple[str, ...]

    def accepts(self, value: Plain) -> bool:
        return isinstance(value, str) and self.form.fullmatch(value) is not None

    def samples(self) -> tuple[Plain, ...]:
        """Return values that show what there is."""
        return self.shown


@dataclass(frozen=True, slots=True)
class Duration:
    """A time such as ``250ms``, ``2s`` or ``5m``."""

    expected: str = "a time of at most 24h, such as 250ms, 2s or 5m"

    def accepts(self, value: Plain) -> bool:
        return isinstance(value, str) and _is_duration(value)

    def samples(self) -> tuple[Plain, ...]:
        """Return values that show what there is."""
        return ("0s", "250ms", "2s")


class Convention(NamedTuple):
    """One thing that a deployment decides.

    ``kind`` says which values it has; ``place`` where an OpenAPI document says it.
    """

    name: str
    kind: Choice | Whole | Text | Duration
    default: Plain
    sentence: str
    place: str = X_CONVENTIONS

    @property
    def attribute(self) -> str:
        """The name of it in `Conventions`."""
        return attribute_of(self.name)

    def read(self, value: object) -> Plain:
        """Return *value* as it is written plainly (``2000ms`` as ``2s``).

        Raises:
            InvalidConvention: it cannot have this value.
        """
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        is_plain = isinstance(value, int | str) and not isinstance(value, bool)
        if not is_plain or not self.kind.accepts(value):  # type: ignore[arg-type]
            raise InvalidConvention(self.name, value, self.kind.expected)
        if isinstance(self.kind, Duration):
            return duration_text(_duration(str(value)))
        return value  # type: ignore[return-value]

    def read_text(self, text: str) -> Plain:
        """Return the value that *text*, from a command line, stands for.

        Raises:
            InvalidConvention: it cannot have this value.
        """
        return self.read(int(text) if text.isdecimal() and text.isascii() else text)


def attribute_of(name: str) -> str:
    """Return the name of a convention as an identifier: ``limit.default`` as ``limit_default``."""
    return name.replace(".", "_").replace("-", "_")


_ISO_REGION = Text(_REGION, "an ISO 3166-1 code such as IT", ("IT", "DE"))
_FIELD_NAME = Text(_FIELD, "a field name such as apiKey", ("apiKey", "X-Api-Key"))
_WORDS = "1 to 200 characters on one line"
_LIMIT = "the schema of the query parameter limit: "
_PAGES = "the schema of the query parameter page: minimum and default; of `page` in a page: minimum"

TABLE: tuple[Convention, ...] = (
    Convention(
        "limit.default",
        Whole(1, 10_000),
        10,
        "How many contacts a page holds without `limit`.",
        f"{_LIMIT}default",
    ),
    Convention(
        "limit.maximum",
        Whole(1, 100_000),
        1000,
        "How many contacts a page holds at most.",
        f"{_LIMIT}maximum",
    ),
    Convention(
        "limit.above",
        Choice(("refused", "clamped", "ignored")),
        "refused",
        "What happens to a `limit` above the maximum: refused, the maximum is used, or the default is.",
    ),
    Convention("page.first", Choice((0, 1)), 1, "The number of the first page.", _PAGES),
    Convention(
        "page.parameter",
        Choice(("read", "ignored")),
        "read",
        "The query parameter `page`: read, or ignored, so that only the first page can be had.",
    ),
    Convention(
        "page.past-the-end",
        Choice(("empty", "last", 404)),
        "empty",
        "A page past the end: a page without contacts, the last page, or 404.",
    ),
    Convention(
        "page.of-nothing",
        Choice((0, 1)),
        0,
        "How many pages an empty list has (`totalPages`).",
    ),
    Convention(
        "order",
        Choice(("import", "newest", "name", "id", "number")),
        "import",
        "The order of a list: as imported, last imported first, by name, by contact id, or by number.",
    ),
    Convention(
        "settle",
        Duration(),
        "0s",
        "How long after `completedAt` an import shows in the pages of its list.",
    ),
    Convention(
        "quota.settle",
        Duration(),
        "0s",
        "How long after `completedAt` an import shows in the quota.",
    ),
    Convention(
        "quota.partial",
        Choice(("none", "fill")),
        "none",
        "An import that has more new contacts than the quota has room: refused as a whole, or what fits "
        "is imported and the other cards are errors. A full quota refuses in both cases.",
    ),
    Convention(
        "quota.full",
        Choice(("duplicates", "nothing")),
        "duplicates",
        "What is still imported where the quota is exhausted: files that create no contact, or none at all.",
    ),
    Convention(
        "quota.fields",
        Choice(("total", "limits")),
        "total",
        "The fields of a quota: used and total, or planLimit, extraLimit, totalLimit, used and remaining.",
        "the schema of a quota: whether totalLimit is required",
    ),
    Convention(
        "import.status",
        Choice((200, 201, 202)),
        200,
        "The status of an import that is carried out.",
        "the key of its response",
    ),
    Convention(
        "list-names",
        Choice(("free", "unique", "reused")),
        "free",
        "A `listName` that a list has already: a second list of that name, refused, or that list is used.",
    ),
    Convention(
        "list-names.status",
        Choice((409, 400)),
        409,
        "The status of a refused list name that is taken.",
    ),
    Convention(
        "list-names.create",
        Choice(("yes", "no")),
        "yes",
        "Whether an import can create a list by `listName`.",
    ),
    Convention(
        "list-names.create-status",
        Choice((403, 400)),
        403,
        "The status of a `listName` where imports cannot create lists.",
    ),
    Convention(
        "unknown-list",
        Choice((404, 400, 403, 422, CREATED)),
        404,
        "A list id that the account does not have: the status of its refusal, or an import creates the "
        "list (reading it is 404).",
    ),
    Convention(
        "region",
        _ISO_REGION,
        "IT",
        "The region whose prefix a number without one gets, unless the scenario names its own.",
    ),
    Convention(
        "numbers",
        Choice(("any", "mobile")),
        "any",
        "Which numbers are contacts: any that a person answers, or mobile ones only.",
    ),
    Convention(
        "numbers.fax",
        Choice(("never", "used")),
        "never",
        "Numbers of faxes, pagers and modems: never a contact's number, or like any other.",
    ),
    Convention(
        "charset.utf-16",
        Choice(("read", "refused")),
        "read",
        "A file in UTF-16: read, or refused as no vCard file.",
    ),
    Convention(
        "charset.other",
        Choice(("windows-1252", "iso-8859-1", "replaced")),
        "windows-1252",
        "Text that is not UTF-8, unless it says what it is: in Windows-1252, in ISO 8859-1, or UTF-8 with "
        "its bad bytes replaced.",
    ),
    Convention(
        "version-2.1",
        Choice(("refused", "read")),
        "refused",
        "A card of version 2.1: an error of that card, or imported like the others.",
    ),
    Convention(
        "name.white-space",
        Choice(("kept", "folded")),
        "kept",
        "White space within a name: kept as it is, or each run of it one space.",
    ),
    Convention(
        "email.absent",
        Choice(("absent", "null", "empty")),
        "absent",
        "The `email` of a contact without one: no such field, null, or empty text.",
        "the schema of a contact: whether email is required, may be null, may be empty",
    ),
    Convention(
        "duplicates.scope",
        Choice(("account", "list")),
        "account",
        "Where a contact with the same number makes a card a duplicate: anywhere in the account, or in "
        "the list that is imported into.",
    ),
    Convention(
        "duplicates.strategy",
        Choice(("chosen", "update")),
        "chosen",
        "What happens to duplicates: what `duplicateStrategy` says, or UPDATE whatever it says.",
    ),
    Convention(
        "duplicates.repeated",
        Choice(("duplicate", "error")),
        "duplicate",
        "A number that an earlier card of the same file has: a duplicate of its contact, or an error.",
    ),
    Convention(
        "skip.list",
        Choice(("unchanged", "joined")),
        "unchanged",
        "With SKIP, a contact that exists already stays on its own lists, or joins the one that is imported "
        "into.",
    ),
    Convention(
        "update.list",
        Choice(("joined", "unchanged")),
        "joined",
        "With UPDATE, a contact that exists already joins the list that is imported into, or stays on its "
        "own lists.",
    ),
    Convention(
        "update.missing-fields",
        Choice(("kept", "removed")),
        "kept",
        "What an updated contact has and the card lacks: kept, or removed.",
    ),
    Convention(
        "update.tags",
        Choice(("added", "replaced")),
        "added",
        "The tags of an UPDATE: added to those of the contact, or in their place.",
    ),
    Convention(
        "update.count",
        Choice(("imported", "skipped")),
        "imported",
        "What a card that updates a contact counts as, beside being a duplicate.",
    ),
    Convention(
        "copy.count",
        Choice(("duplicate", "new")),
        "duplicate",
        "What a card that DUPLICATE makes a copy of counts as: a duplicate, or a card like any other.",
    ),
    Convention(
        "key.missing",
        Choice((401, 403, 400)),
        401,
        "The status without a key.",
    ),
    Convention(
        "key.unknown",
        Choice((401, 403)),
        401,
        "The status with a key that no account has.",
    ),
    Convention(
        "key.unpermitted",
        Choice((403, 401)),
        403,
        "The status with a key that lacks the permission.",
    ),
    Convention(
        "key.field",
        _FIELD_NAME,
        "apiKey",
        "The field that a refusal of the key names.",
    ),
    Convention(
        "error-body",
        Choice(("data", "message")),
        "data",
        "The body of a refusal: status and data by field, or status, error and message.",
        "the schema of a refusal: whether message is required",
    ),
    Convention(
        "error-list",
        Whole(0, 100_000, ALL),
        ALL,
        "How many entries `errors` of a report has at most; the summary counts them all.",
    ),
    Convention(
        "error-list.none",
        Choice(("empty", "null", "absent")),
        "empty",
        "The `errors` of a report where there are none: an empty list, null, or no such field.",
        "the schema of a report: whether errors may be null, or is not required and never empty",
    ),
    Convention(
        "error-line",
        Choice(("tel", "begin", "card")),
        "tel",
        "The `line` of an error: of the number at fault, of the card's BEGIN:VCARD, or the card's place "
        "among the cards of the file.",
    ),
    Convention(
        "reason.missing-phone",
        Text(_LINE, _WORDS, ("The number is missing",)),
        "Missing phone number",
        "The `reason` of an error for a card without a number.",
    ),
    Convention(
        "reason.invalid-phone",
        Text(_LINE, _WORDS, ("The number is not valid",)),
        "Invalid phone number format",
        "The `reason` of an error for a card without a valid number.",
    ),
    Convention(
        "given-twice",
        Choice(("refused", "first", "last")),
        "refused",
        "A parameter or a text field that is given more than once: refused, or which one counts.",
    ),
    Convention(
        "file.maximum",
        Whole(1024, 1_000_000_000),
        10 * 1024 * 1024,
        "How many bytes a file has at most.",
        "the schema of the field file: x-qlara-max-bytes",
    ),
    Convention(
        "invalid-input",
        Choice((400, 422)),
        400,
        "The status of a query parameter that is not what is expected.",
    ),
    Convention(
        "invalid-field",
        Choice((400, 422)),
        400,
        "The status of a form, or a field of it, that is not what is expected; a file that is no vCard file "
        "is 400.",
    ),
    Convention(
        "not-a-form",
        Choice((400, 415, 422)),
        400,
        "The status of an upload whose body is not multipart/form-data.",
    ),
    Convention(
        "file-name",
        Choice(("ignored", "required")),
        "ignored",
        "Whether an upload must have a text field `fileName` that ends in .vcf.",
        "the schema of the form: whether fileName is required",
    ),
    Convention(
        "times",
        Choice(("offset", "utc")),
        "offset",
        "How times are written: with the UTC offset of the account's time zone, or in UTC with Z.",
    ),
)
BY_NAME: Mapping[str, Convention] = {one.name: one for one in TABLE}


@dataclass(frozen=True, slots=True)
class Conventions:
    """What one deployment decides; `TABLE` tells what each means. The defaults are the contract's."""

    limit_default: int = 10
    limit_maximum: int = 1000
    limit_above: str = "refused"
    page_first: int = 1
    page_parameter: str = "read"
    page_past_the_end: Plain = "empty"
    page_of_nothing: int = 0
    order: str = "import"
    settle: timedelta = timedelta()
    quota_settle: timedelta = timedelta()
    quota_partial: str = "none"
    quota_full: str = "duplicates"
    quota_fields: str = "total"
    import_status: int = 200
    list_names: str = "free"
    list_names_status: int = 409
    list_names_create: str = "yes"
    list_names_create_status: int = 403
    unknown_list: Plain = 404
    region: str = "IT"
    numbers: str = "any"
    numbers_fax: str = "never"
    charset_utf_16: str = "read"
    charset_other: str = "windows-1252"
    version_2_1: str = "refused"
    name_white_space: str = "kept"
    email_absent: str = "absent"
    duplicates_scope: str = "account"
    duplicates_strategy: str = "chosen"
    duplicates_repeated: str = "duplicate"
    skip_list: str = "unchanged"
    update_list: str = "joined"
    update_missing_fields: str = "kept"
    update_tags: str = "added"
    update_count: str = "imported"
    copy_count: str = "duplicate"
    key_missing: int = 401
    key_unknown: int = 401
    key_unpermitted: int = 403
    key_field: str = "apiKey"
    error_body: str = "data"
    error_list: Plain = ALL
    error_list_none: str = "empty"
    error_line: str = "tel"
    reason_missing_phone: str = "Missing phone number"
    reason_invalid_phone: str = "Invalid phone number format"
    given_twice: str = "refused"
    file_maximum: int = 10 * 1024 * 1024
    invalid_input: int = 400
    invalid_field: int = 400
    not_a_form: int = 400
    file_name: str = "ignored"
    times: str = "offset"

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Conventions:
        """Return the conventions with these values by dotted name; the others are the contract's.

        Raises:
            InvalidConvention: there is no convention of a name, or it cannot have the value.
        """
        typed: dict[str, Any] = {}
        for name, value in values.items():
            one = convention(name, value)
            plain = one.read(value)
            is_time = isinstance(one.kind, Duration)
            typed[one.attribute] = _duration(str(plain)) if is_time else plain
        return cls(**typed)

    def values(self) -> dict[str, Plain]:
        """Return every convention by its dotted name, with the value as it is written in a file."""
        return dict(self._values())

    def differences(self) -> dict[str, Plain]:
        """Return the conventions that are not those of the shipped contract."""
        return {name: value for name, value in self._values() if value != BY_NAME[name].default}

    def _values(self) -> Iterator[tuple[str, Plain]]:
        for one in TABLE:
            value = getattr(self, one.attribute)
            yield one.name, duration_text(value) if isinstance(value, timedelta) else value


USUAL = Conventions()


def convention(name: str, value: object = "") -> Convention:
    """Return the convention of this name.

    Raises:
        InvalidConvention: there is none; the message has the nearest name.
    """
    found = BY_NAME.get(name)
    if found is None:
        close = difflib.get_close_matches(name, BY_NAME, n=1)
        hint = f" (did you mean {close[0]}?)" if close else f": {', '.join(BY_NAME)}"
        raise InvalidConvention(name, value, f"a convention that there is{hint}")
    return found


def duration_text(time: timedelta) -> str:
    """Return *time*, in whole milliseconds, as a file has it: ``250ms``, ``2s``, ``5m``, ``1h``."""
    number = round(time / _MILLISECOND)
    if number == 0:
        return "0s"
    unit = next(unit for unit, size in _UNITS.items() if number % size == 0)
    return f"{number // _UNITS[unit]}{unit}"


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None and _duration(text) <= _LONGEST_DURATION


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    assert found is not None, "asked before"
    return timedelta(milliseconds=int(found[1]) * _UNITS[found[2]])
