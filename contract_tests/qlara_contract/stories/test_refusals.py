"""Stories about imports that must be refused, and that must change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract import spec_variants
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import UPLOAD
from qlara_contract.story import TAG, exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_HEADER = "Invalid VCard format. Expected BEGIN:VCARD header."
_TOO_LARGE = "File size exceeds maximum allowed (10 MB)"
_LIMIT = 10_485_760
_UNKNOWN_LIST = "contract-check-no-such-list"
_MOST_ROOM = 100


@exercises("upload.not-a-vcard", unsafe=True)
def test_a_file_that_is_not_a_vcard_is_refused(story: Story) -> None:
    late = "Contacts of Marco\r\n" + card("Marco Rossi", "TEL:n/d")
    for content in ("name,phone\r\nMarco,+33199000001\r\n", "%PDF-1.7\n", "VERSION:3.0\r\n", late):
        exchange = story.post(story.form(content))
        story.refused("upload.not-a-vcard", exchange, 400, "file", _HEADER)


@exercises("upload.no-footer", unsafe=True)
def test_a_file_without_a_footer_is_refused(story: Story) -> None:
    text = card("Marco Rossi", "TEL:+33199000001").replace("END:VCARD\r\n", "")
    story.refused("upload.no-footer", story.post(story.form(text)), 400, "file")


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
            variant=spec_variants.SpecVariant.FILE_NAME_REQUIRED,
        )
        return
    story.refused("upload.file-required", exchange, 400, "file")


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
            variant=spec_variants.SpecVariant.LIST_OPTIONAL,
        )
        return
    story.refused("upload.list-required", exchange, 400, ("listId", "listName"))


@exercises("upload.one-list-only", creates=2)
def test_an_import_into_two_lists_is_refused(story: Story) -> None:
    list_id = story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")).list_id
    file = FormFile(card("Giulia Bianchi", f"TEL:{story.run.numbers.take()}").encode())
    both = (("listId", list_id), ("listName", story.list_name), ("tags", TAG))
    exchange = story.post(ImportForm(file, both))
    story.refused("upload.one-list-only", exchange, 400, ("listId", "listName"))


@exercises("upload.unknown-strategy", creates=3)
def test_an_unknown_strategy_is_refused(story: Story) -> None:
    for strategy in ("MERGE", "skip", "SKIP,UPDATE"):
        text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
        exchange = story.post(story.form(text, strategy=strategy))
        story.refused("upload.unknown-strategy", exchange, 400, "duplicateStrategy")


@exercises("upload.empty-value", creates=3)
def test_an_empty_value_is_refused(story: Story) -> None:
    for name in ("listId", "listName", "duplicateStrategy"):
        file = FormFile(card("Marco Rossi", f"TEL:{story.run.numbers.take()}").encode())
        fields = [(name, "")]
        if name == "duplicateStrategy":
            fields.insert(0, ("listName", story.list_name))
        exchange = story.post(ImportForm(file, tuple(fields)))
        story.refused("upload.empty-value", exchange, 400, name)


@exercises("upload.over-long-value", creates=2)
def test_an_over_long_value_is_refused(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    long_name = story.form(text, list_name="contract-check ".ljust(121, "x"))
    story.refused("upload.over-long-value", story.post(long_name), 400, "listName")
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    long_tags = story.form(text, tags="contract-check,".ljust(1001, "x"))
    story.refused("upload.over-long-value", story.post(long_tags), 400, "tags")


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
        story.refused("upload.multipart-required", exchange, 400, "file")


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
        story.refused("upload.malformed-multipart", exchange, 400)


@exercises("upload.unknown-list", creates=1)
def test_an_import_into_an_unknown_list_is_refused(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    exchange = story.post(story.form(text, list_id=_UNKNOWN_LIST))
    story.refused("upload.unknown-list", exchange, 404, "listId")


@exercises("upload.refusal-changes-nothing", creates=4)
def test_a_refused_import_leaves_everything_as_it_was(story: Story) -> None:
    kept = story.run.numbers.take()
    list_id = story.upload(card("Marco Rossi", f"TEL:{kept}")).list_id
    used, _, _ = story.quota()
    good = card("Giulia Bianchi", f"TEL:{story.run.numbers.take()}")
    unclosed = good + card("Anna Neri", f"TEL:{story.run.numbers.take()}").replace("END:VCARD", "")
    refused = [
        story.post(story.form(unclosed, list_id=list_id)),
        story.post(story.form(good, list_id=list_id, strategy="MERGE")),
        story.post(story.form(good, list_id=_UNKNOWN_LIST)),
    ]
    accepted = [each for each in refused if each.response.status == 200]
    if accepted:
        story.breaks(
            "upload.refusal-changes-nothing",
            "An import that must be refused was accepted.",
            "a refusal",
            200,
            accepted[0],
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


@exercises("upload.file-too-large", unsafe=True)
def test_a_file_over_the_limit_is_refused(story: Story) -> None:
    content = _padded(card("Marco Rossi", "TEL:+33199000001"), _LIMIT + 1)
    exchange = story.post(story.form(content))
    story.refused("upload.file-too-large", exchange, 413, "file", _TOO_LARGE)


@exercises("upload.largest-file", creates=1)
def test_a_file_at_the_limit_is_imported(story: Story) -> None:
    number = story.run.numbers.take()
    content = _padded(card("Marco Rossi", f"TEL:{number}"), _LIMIT)
    report = story.upload(content)
    story.expect(
        "upload.largest-file",
        report.summary.get("imported"),
        1,
        report.exchange,
        "A file of exactly 10 485 760 bytes was not imported.",
    )


@exercises("upload.quota-exceeded", "upload.quota-all-or-nothing", unsafe=True)
def test_an_import_over_the_quota_is_refused_whole(story: Story) -> None:
    keys = [story.settings.exhausted_key] if story.settings.exhausted_key else []
    if story.run.is_sandbox:
        keys += [story.run.key_for("quota-exhausted"), story.run.key_for("quota-nearly-exhausted")]
    if not keys:
        for promise in story.promises:
            story.not_exercised(promise, "no key of an account with an exhausted quota was given")
        return
    for key in dict.fromkeys(keys):
        _overfill(story, key)


def _overfill(story: Story, key: str) -> None:
    used, total, _ = story.quota(key=key)
    room = total - used
    if room > min(_MOST_ROOM, story.run.writes_left):
        reason = f"the quota of the key given as exhausted has room for {room} contacts"
        for promise in story.promises:
            story.not_exercised(promise, reason)
        return
    cards = (card("Marco Rossi", f"TEL:{story.run.numbers.take()}") for _ in range(room + 1))
    exchange = story.post(story.form("".join(cards)), key=key)
    story.refused(
        "upload.quota-exceeded",
        exchange,
        409,
        "contacts",
        f"Contact quota exceeded. Current: {used}/{total}. "
        "Upgrade your plan to import more contacts.",
    )
    after, _, exchange = story.quota(key=key, about="upload.quota-all-or-nothing")
    story.expect(
        "upload.quota-all-or-nothing",
        after,
        used,
        exchange,
        "An import that was refused for the quota changed the quota.",
    )
    # The contacts that fill the quota are created, then updated twice; all of that counts as written.
    if room and key != story.settings.exhausted_key and 3 * room <= story.run.writes_left:
        _fill_up(story, key, room)


def _fill_up(story: Story, key: str, room: int) -> None:
    """Fill the quota exactly: only contacts that would be created count, and the last one fits."""
    numbers = [story.run.numbers.take() for _ in range(room)]
    cards = [card("Marco Rossi", f"TEL:{number}") for number in [*numbers, *numbers]]
    for strategy, what in (
        ("SKIP", "An import that fills the quota exactly, with duplicates beside it, is refused."),
        ("UPDATE", "With an exhausted quota, an import of only updates is refused."),
    ):
        exchange = story.post(story.form("".join(cards), strategy=strategy), key=key)
        story.expect("upload.quota-exceeded", exchange.response.status, 200, exchange, what)


@exercises("upload.duplicates-pass-at-full-quota", unsafe=True)
def test_nothing_but_duplicates_passes_at_a_full_quota(story: Story) -> None:
    key = story.settings.exhausted_key or story.run.key_for("quota-exhausted")
    about: PromiseId = "upload.duplicates-pass-at-full-quota"
    if not key:
        story.not_exercised(about, "no key of an account with an exhausted quota was given")
        return
    used, total, _ = story.quota(key=key)
    page = story.get_list(story.run.list_id, ("limit", "1"), key=key).response.json
    contacts = page.get("contacts") if isinstance(page, dict) else None
    if used < total or not contacts:
        story.not_exercised(
            about,
            f"the quota given as exhausted is at {used}/{total}, "
            f"and {story.run.list_id} holds {'contacts' if contacts else 'none'}",
        )
        return
    text = card(str(contacts[0].get("name")), f"TEL:{contacts[0].get('phoneNumber')}")
    exchange = story.post(story.form(text, list_id=story.run.list_id, strategy="SKIP"), key=key)
    story.expect(
        about, exchange.response.status, 200, exchange, "An import of only a duplicate is refused."
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
