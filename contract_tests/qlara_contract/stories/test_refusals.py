"""Stories about imports that must be refused, and that must change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import UPLOAD
from qlara_contract.results import ALWAYS_UPDATES
from qlara_contract.steps import list_made_by
from qlara_contract.story import TAG, exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_HEADER = "Invalid VCard format. Expected BEGIN:VCARD header."
_TOO_LARGE = "File size exceeds maximum allowed (10 MB)"
_LIMIT = 10_485_760
_SURELY_UNDER = 9_900_000
_BETWEEN = 10_400_000  # with the rest of the form less than 10 MiB, and more than 10 MB
_UNKNOWN_LIST = "contract-check-no-such-list"
_MOST_ROOM = 100


@exercises("upload.not-a-vcard", "upload.not-a-vcard-text", unsafe=True)
def test_a_file_that_is_not_a_vcard_is_refused(story: Story) -> None:
    for content in ("name,phone\r\nMarco,+33199000001\r\n", "%PDF-1.7\n", "VERSION:3.0\r\n"):
        exchange = story.post(story.form(content))
        story.refused(
            "upload.not-a-vcard",
            exchange,
            400,
            "file",
            text=("upload.not-a-vcard-text", _HEADER),
        )
        if spec_variants.of_refusal(exchange.response.json):
            story.observe("error-body", "message", exchange, "{status, error, message}")


@exercises("upload.header-first", unsafe=True)
def test_a_file_that_begins_with_something_else_is_refused(story: Story) -> None:
    late = "Contacts of Marco\r\n" + card("Marco Rossi", "TEL:n/d")
    exchange = story.post(story.form(late))
    story.refused("upload.header-first", exchange, 400, "file")


@exercises("upload.no-footer", "upload.footer-checked", creates=1)
def test_a_file_without_a_footer_is_refused(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}").replace("END:VCARD\r\n", "")
    exchange = story.post(story.form(text))
    summary = exchange.response.value("summary")
    story.expect(
        "upload.footer-checked",
        summary.get("imported", 0) if isinstance(summary, dict) else 0,
        0,
        exchange,
        "A card without END:VCARD is imported.",
    )
    story.refused("upload.no-footer", exchange, 400, "file")


@exercises("upload.empty-file", unsafe=True)
def test_an_empty_file_is_refused(story: Story) -> None:
    for content in (b"", b"\r\n\r\n"):
        story.refused("upload.empty-file", story.post(story.form(content)), 400, "file")


@exercises("upload.file-required", unsafe=True)
def test_an_import_without_a_file_is_refused(story: Story) -> None:
    form = ImportForm(None, (("listName", story.list_name),))
    exchange = story.post(form)
    if _named(exchange.response.json, "fileName"):
        story.breaks(
            "upload.file-required",
            "A different field is required.",
            "a message in file",
            exchange.response.json,
            exchange,
            by=spec_variants.SpecVariant.FILE_NAME_REQUIRED,
        )
        return
    story.refused_as("upload.file-required", exchange, "invalid-field", "file")


@exercises("upload.list-required", creates=1)
def test_an_import_without_a_list_is_refused(story: Story) -> None:
    file = FormFile(card("Marco Rossi", f"TEL:{story.run.numbers.take()}").encode())
    exchange = story.post(ImportForm(file, (("tags", TAG),)))
    if exchange.response.status == 200:
        story.breaks(
            "upload.list-required",
            "An import that names no list is accepted.",
            "400",
            200,
            exchange,
            by=spec_variants.SpecVariant.LIST_OPTIONAL,
        )
        return
    story.refused_as("upload.list-required", exchange, "invalid-field", ("listId", "listName"))


@exercises("upload.one-list-only", creates=2)
def test_an_import_into_two_lists_is_refused(story: Story) -> None:
    list_id = story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")).list_id
    file = FormFile(card("Giulia Bianchi", f"TEL:{story.run.numbers.take()}").encode())
    both = (("listId", list_id), ("listName", story.list_name), ("tags", TAG))
    exchange = story.post(ImportForm(file, both))
    story.refused_as("upload.one-list-only", exchange, "invalid-field", ("listId", "listName"))


@exercises("upload.unknown-strategy", creates=3)
def test_an_unknown_strategy_is_refused(story: Story) -> None:
    for strategy in ("MERGE", "skip", "SKIP,UPDATE"):
        text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
        exchange = story.post(story.form(text, strategy=strategy))
        story.refused_as("upload.unknown-strategy", exchange, "invalid-field", "duplicateStrategy")


@exercises("upload.empty-value", creates=3)
def test_an_empty_value_is_refused(story: Story) -> None:
    for name in ("listId", "listName", "duplicateStrategy"):
        file = FormFile(card("Marco Rossi", f"TEL:{story.run.numbers.take()}").encode())
        fields = [(name, ""), ("tags", TAG)]
        if name == "duplicateStrategy":
            fields.insert(0, ("listName", story.list_name))
        exchange = story.post(ImportForm(file, tuple(fields)))
        story.refused_as("upload.empty-value", exchange, "invalid-field", name)


@exercises("upload.over-long-value", creates=2)
def test_an_over_long_value_is_refused(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    long_name = story.form(text, list_name=story.list_name.ljust(121, "x"))
    story.refused_as("upload.over-long-value", story.post(long_name), "invalid-field", "listName")
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    long_tags = story.form(text, tags="contract-check,".ljust(1001, "x"))
    story.refused_as("upload.over-long-value", story.post(long_tags), "invalid-field", "tags")


@exercises("answers.invalid-requests-refused", creates=2)
def test_a_control_character_is_refused(story: Story) -> None:
    promise: PromiseId = "answers.invalid-requests-refused"
    text = card("Marco Rossi", "TEL:n/d")
    named = story.form(text, list_name=f"{story.list_name}\x01")
    story.refused_as(promise, story.post(named), "invalid-field", "listName")
    tagged = story.form(text, tags=f"{TAG},a\x01b")
    story.refused_as(promise, story.post(tagged), "invalid-field", "tags")


@exercises("upload.multipart-required", unsafe=True)
def test_a_body_that_is_not_a_form_is_refused(story: Story) -> None:
    text = card("Marco Rossi", "TEL:+33199000001").encode()
    for media_type, body in (
        ("text/vcard", text),
        ("application/json", b'{"file": "BEGIN:VCARD", "listName": "contract-check"}'),
        ("application/x-www-form-urlencoded", b"file=BEGIN%3AVCARD&listName=contract-check"),
    ):
        exchange = story.send(
            ApiRequest(
                "POST",
                contract().path_of(UPLOAD),
                headers=(("Content-Type", media_type),),
                body=body,
            )
        )
        story.refused_as("upload.multipart-required", exchange, "not-a-form", "file")


@exercises("upload.malformed-multipart", unsafe=True)
def test_a_form_that_cannot_be_read_is_refused(story: Story) -> None:
    whole = story.form(card("Marco Rossi", "TEL:+33199000001")).encode("edge")
    for media_type, body in (
        ("multipart/form-data", whole),  # no boundary
        ("multipart/form-data; boundary=other", whole),
        ("multipart/form-data; boundary=edge", whole[: len(whole) // 2]),
        ("multipart/form-data; boundary=edge", b"no part at all"),
    ):
        exchange = story.send(
            ApiRequest(
                "POST",
                contract().path_of(UPLOAD),
                headers=(("Content-Type", media_type),),
                body=body,
            )
        )
        story.refused_as("upload.malformed-multipart", exchange, "invalid-field", ())


@exercises("upload.unknown-list", creates=1)
def test_an_import_into_an_unknown_list_is_refused(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    exchange = story.post(story.form(text, list_id=_UNKNOWN_LIST))
    is_created = exchange.response.status < 300
    if is_created or story.expected.unknown_list == "created":
        value = "created" if is_created else None
        what = "An import into an unknown list creates it, or does not."
        story.decides("upload.unknown-list", "unknown-list", value, exchange, what)
        return
    story.refused_as("upload.unknown-list", exchange, "unknown-list", "listId")


@exercises("upload.refusal-changes-nothing", creates=5)
def test_a_refused_import_leaves_everything_as_it_was(story: Story) -> None:
    kept = story.run.numbers.take()
    list_id = story.upload(card("Marco Rossi", f"TEL:{kept}")).list_id
    used, _, _ = story.quota()
    good = card("Giulia Bianchi", f"TEL:{story.run.numbers.take()}")
    unclosed = good + card("Anna Neri", f"TEL:{story.run.numbers.take()}").replace("END:VCARD", "")
    no_vcard = "name,phone\r\n" + good.replace("BEGIN:VCARD", "BEGIN VCARD")
    refused = [story.post(story.form(no_vcard, list_id=list_id))]
    if not story.run.differs("upload.no-footer"):
        refused.append(story.post(story.form(unclosed, list_id=list_id)))
    if not story.run.differs("upload.unknown-strategy"):
        refused.append(story.post(story.form(good, list_id=list_id, strategy="MERGE")))
    if not all(400 <= each.response.status < 500 for each in refused):
        # Each of them may be accepted: what is refused is for the contract to say. Then only those
        # that were refused can be judged, and what the others brought cannot be told from it.
        story.not_exercised(
            "upload.refusal-changes-nothing", "the deployment accepts what the contract refuses"
        )
        return
    after, _, exchange = story.quota()
    story.expect(
        "upload.refusal-changes-nothing",
        after,
        used,
        exchange,
        "Refused imports changed the quota.",
    )
    page = story.read(list_id)
    story.expect(
        "upload.refusal-changes-nothing",
        page.numbers,
        [kept],
        page.exchange,
        "A refused import changed the list.",
    )
    report = story.upload(good, list_id=list_id)
    story.expect(
        "upload.refusal-changes-nothing",
        report.summary.get("imported"),
        1,
        report.exchange,
        "A contact of an import that was refused is not new any more.",
    )


@exercises("upload.file-too-large", "upload.file-too-large-text", unsafe=True)
def test_a_file_over_the_limit_is_refused(story: Story) -> None:
    content = _padded(card("Marco Rossi", "TEL:+33199000001"), _LIMIT + 1)
    exchange = story.post(story.form(content))
    story.refused(
        "upload.file-too-large",
        exchange,
        413,
        "file",
        text=("upload.file-too-large-text", _TOO_LARGE),
    )


@exercises("upload.file-under-the-limit", creates=1)
def test_a_file_under_the_limit_is_imported(story: Story) -> None:
    number = story.run.numbers.take()
    report = story.upload(_padded(card("Marco Rossi", f"TEL:{number}"), _SURELY_UNDER))
    story.expect(
        "upload.file-under-the-limit",
        report.summary.get("imported"),
        1,
        report.exchange,
        "A file of 9 900 000 bytes was not imported.",
    )


@exercises("upload.largest-file", creates=2)
def test_a_file_at_the_limit_is_imported(story: Story) -> None:
    most = story.expected.file_maximum
    exchange = _of_size(story, most)
    status = exchange.response.status
    is_decimal = (
        status == 413 and most == _LIMIT and _of_size(story, _BETWEEN).response.status == 413
    )
    if is_decimal:
        story.observe("file.maximum", 10_000_000, exchange, "10 485 760 bytes are too many")
    story.expect(
        "upload.largest-file",
        "imported" if 200 <= status < 300 else f"refused with {status}",
        "imported",
        exchange,
        f"A file of exactly {most} bytes was not imported.",
        by="file.maximum" if is_decimal else "",
    )


def _of_size(story: Story, size: int) -> ApiExchange:
    """Import a file of so many bytes, with one new contact."""
    number = story.run.numbers.take()
    return story.post(story.form(_padded(card("Marco Rossi", f"TEL:{number}"), size)))


@exercises(
    "upload.quota-exceeded",
    "upload.quota-exceeded-text",
    "upload.duplicates-pass-at-full-quota",
    "upload.updates-pass-at-full-quota",
    "upload.copies-need-quota",
    unsafe=True,
)
def test_at_a_full_quota_only_what_creates_nothing_is_imported(story: Story) -> None:
    key = story.settings.exhausted_key or story.run.key_for("quota-exhausted")
    if not key:
        for promise in story.promises:
            story.not_exercised(promise, "no key of an account with an exhausted quota was given")
        return
    used, total, _ = story.quota(key=key)
    if used < total:
        exchange = story.post(
            story.form(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")), key=key
        )
        if exchange.response.status == 409:
            what = f"An import of one card is refused, although the quota says {used} of {total}."
            story.breaks("upload.quota-exceeded", what, "a report", 409, exchange)
        reason = f"the quota of the key given as exhausted has room for {total - used} contacts"
        for promise in story.promises:
            story.not_exercised(promise, reason)
        return
    exchange = story.post(
        story.form(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")), key=key
    )
    story.refused(
        "upload.quota-exceeded",
        exchange,
        409,
        "contacts",
        text=(
            "upload.quota-exceeded-text",
            f"Contact quota exceeded. Current: {used}/{total}. "
            "Upgrade your plan to import more contacts.",
        ),
    )
    after, _, exchange = story.quota(key=key)
    story.expect(
        "upload.quota-exceeded", after, used, exchange, "The refused import changed the quota."
    )
    _duplicates_at_full_quota(story, key)


def _duplicates_at_full_quota(story: Story, key: str) -> None:
    """Import a contact again that the full account holds, with each strategy."""
    page = story.get_list(story.run.list_id, ("limit", "1"), key=key).response.json
    contacts = page.get("contacts") if isinstance(page, dict) else None
    strategies: dict[PromiseId, str] = {
        "upload.duplicates-pass-at-full-quota": "SKIP",
        "upload.updates-pass-at-full-quota": "UPDATE",
        "upload.copies-need-quota": "DUPLICATE",
    }
    if not contacts:
        for promise in strategies:
            story.not_exercised(
                promise, f"{story.run.list_id} of the full account holds no contact"
            )
        return
    one = contacts[0]
    text = card(str(one.get("name")), f"TEL:{one.get('phoneNumber')}")
    for promise, strategy in strategies.items():
        form = story.form(text, list_id=story.run.list_id, strategy=strategy)
        exchange = story.post(form, key=key)
        if strategy == "DUPLICATE" and story.expected.duplicates_strategy == "update":
            story.not_exercised(promise, ALWAYS_UPDATES)
            continue
        if strategy == "DUPLICATE":
            story.refused(promise, exchange, 409, "contacts")
            continue
        _decide_full(story, promise, strategy, exchange)


def _decide_full(story: Story, promise: PromiseId, strategy: str, exchange: ApiExchange) -> None:
    """See whether an exhausted quota takes a file of duplicates; what SKIP shows decides."""
    values = {200: "duplicates", 409: "nothing"}
    is_taken = 200 <= exchange.response.status < 300
    value = values.get(200 if is_taken else exchange.response.status)
    if strategy != "SKIP" and value != story.actual.quota_full:
        value = None
    what = f"With an exhausted quota, a file of duplicates is refused with {strategy}, or is not."
    story.decides(promise, "quota.full", value, exchange, what)


@exercises(
    "upload.quota-all-or-nothing",
    "upload.updates-pass-at-full-quota",
    "upload.refusal-changes-nothing",
    "quota.used-within-total",
    "upload.quota-exceeded",
    "access.accounts-apart",
    unsafe=True,
)
def test_an_import_over_what_is_left_of_the_quota_is_refused_whole(story: Story) -> None:
    given = story.settings.nearly_exhausted_key
    key = given or story.run.key_for("quota-nearly-exhausted")
    if not key:
        for promise in story.promises:
            story.not_exercised(promise, "no key of an account with a nearly full quota was given")
        return
    used, total, exchange = story.quota(key=key)
    if key in story.run.used_by_others:
        story.expect(
            "access.accounts-apart",
            used,
            story.run.used_by_others[key],
            exchange,
            "Imports into one account changed the quota of another.",
        )
    room = total - used
    if not 0 < room <= min(_MOST_ROOM, story.run.writes_left):
        for promise in story.promises:
            story.not_exercised(promise, f"the quota given as nearly full has room for {room}")
        return
    numbers = [story.run.numbers.take() for _ in range(room + 1)]
    cards = [card("Marco Rossi", f"TEL:{number}") for number in numbers]
    refused = story.post(story.form("".join(cards)), key=key)
    after, _, exchange = story.quota(key=key)
    story.expect(
        "quota.used-within-total", after <= total, True, exchange, "More is used than the plan has."
    )
    fills = after == total and 200 <= refused.response.status < 300
    if story.expected.quota_partial == "fill" or fills:
        what = "What fits is imported, or is not."
        value = "fill" if fills else None
        story.decides("upload.quota-all-or-nothing", "quota.partial", value, exchange, what)
        return
    story.refused("upload.quota-all-or-nothing", refused, 409, "contacts")
    story.expect(
        "upload.quota-all-or-nothing",
        after,
        used,
        exchange,
        "An import that was refused for the quota changed the quota.",
    )
    # The plan of a given key would stay full for good; on this machine it may be filled.
    may_fill = not given or story.settings.is_loopback
    if may_fill and 6 * room <= story.run.writes_left and after == used:
        _fill_up(story, key, numbers[:room])


def _fill_up(story: Story, key: str, numbers: list[str]) -> None:
    """Fill the quota exactly: only contacts that would be created count, and the last one fits.

    The numbers are of an import that was refused, and no contact has them.
    """
    cards = [card("Marco Rossi", f"TEL:{number}") for number in numbers]
    half, rest = cards[: len(cards) // 2], cards[len(cards) // 2 :]
    imports: tuple[tuple[PromiseId, str, int | None, str], ...] = (
        (
            "upload.quota-all-or-nothing",
            "".join(half * 3),
            None,  # whether the repeated ones count as imported depends on the strategy
            "An import whose new contacts fit is refused for its duplicates.",
        ),
        (
            "upload.quota-exceeded",
            "".join([*rest, card("Anna Neri")]),
            len(rest),
            "An import whose new contacts fill the quota exactly is refused.",
        ),
    )
    list_id = ""
    # The first list gets the name of one in another account, unless names may have to be unique.
    name = story.run.paged_list_name if story.actual.list_names != "unique" else ""
    for promise, content, new, what in imports:
        form = story.form(content, list_id=list_id, strategy="SKIP", list_name=name)
        exchange = story.post(form, key=key)
        status = exchange.response.status
        if name and list_made_by(exchange) == story.run.paged_list:
            _expect_apart(story, exchange, numbers)
        # Where only a list is searched for duplicates, all of them have to go into one.
        if story.actual.duplicates_scope == "list":
            list_id = list_made_by(exchange)
        is_taken = story.expect(promise, 200 <= status < 300, True, exchange, what)
        if is_taken and new is not None:
            summary = exchange.response.value("summary")
            story.expect(
                "upload.refusal-changes-nothing",
                summary.get("imported") if isinstance(summary, dict) else None,
                new,
                exchange,
                "Contacts of an import that was refused for the quota are not new any more.",
            )
        name = ""
    exchange = story.post(story.form("".join(half), list_id=list_id, strategy="UPDATE"), key=key)
    _decide_full(story, "upload.updates-pass-at-full-quota", "UPDATE", exchange)


def _expect_apart(story: Story, imported: ApiExchange, numbers: list[str]) -> None:
    """Read a list whose id is the same in two accounts: it does not hold contacts of the other one."""
    page = story.read(story.run.paged_list)
    story.expect(
        "access.accounts-apart",
        sorted({*map(str, page.numbers)} & set(numbers)),
        [],
        imported,
        "An import into a list with the name of another account's list went into that list.",
    )


def _padded(text: str, size: int) -> str:
    """Return the card with one long folded NOTE, *size* bytes in all."""
    begin, end = text[: -len("END:VCARD\r\n")] + "NOTE:", "\r\nEND:VCARD\r\n"
    left = size - len(begin) - len(end)
    line = "x" * 72 + "\r\n "
    note = (line * (left // len(line)))[:-3] if left >= len(line) else ""
    return begin + note + "x" * (left - len(note)) + end


def _named(body: object, field: str) -> bool:
    data = body.get("data") if isinstance(body, dict) else None
    return isinstance(data, dict) and field in data
