"""Stories about duplicates: what SKIP, UPDATE and DUPLICATE do, in the account and inside a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.numbers import spaced
from qlara_contract.results import ALWAYS_UPDATES, ONE_LIST_SEARCHED
from qlara_contract.spec_variants import SpecVariant
from qlara_contract.story import TAG, ListPage, ReceivedReport, exercises, lasting_part
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

# Contacts that share something with the card of an UPDATE, and not its number.
_BYSTANDERS = (
    ("Paola Gallo", "paola.gallo@example.com"),
    ("Anna Rossi", ""),
    ("Marco Rossi", "new@example.org"),
)
_COUNTS = ("total", "imported", "duplicates", "errors", "skipped")


def _existing(story: Story) -> tuple[str, str]:
    """Import a contact and return its number and its list."""
    number = story.run.numbers.take()
    report = story.upload(
        card("Marco Rossi", f"TEL:{number}", email="old@example.com"), tags=f"first,second,{TAG}"
    )
    return number, report.list_id


def _elsewhere(story: Story, list_id: str) -> str:
    """Return where a card with the number of a contact of *list_id* is a duplicate.

    A new list (empty), or where only a list is searched, that list.
    """
    return list_id if story.actual.duplicates_scope == "list" else ""


def _contact(story: Story, list_id: str, number: str) -> tuple[dict[str, Any], ApiExchange]:
    """Return the contact of a list that has this number (empty if there is none)."""
    page = story.read(list_id)
    found = page.numbered(number)
    return (found[0] if found else {}), page.exchange


def _counted(report: ReceivedReport) -> dict[str, Any]:
    return {name: report.summary.get(name) for name in _COUNTS}


def _counts(*values: int) -> dict[str, Any]:
    return dict(zip(_COUNTS, values, strict=True))


def _left_alone(story: Story, cards: int) -> dict[str, Any]:
    """Return the counts of a SKIP of so many duplicates; an overlay may say that it updates them."""
    if story.expected.duplicates_strategy == "update":
        return _counts(cards, cards, cards, 0, 0)
    return _counts(cards, 0, cards, 0, cards)


def _is_updated(story: Story) -> bool:
    """Return whether the overlay says that SKIP and DUPLICATE do what UPDATE does; then leave the story."""
    if story.expected.duplicates_strategy != "update":
        return False
    for promise in story.promises:
        story.not_exercised(promise, ALWAYS_UPDATES)
    return True


def _overwritten(contact: dict[str, Any]) -> SpecVariant | None:
    return SpecVariant.CREATE_OR_UPDATE if contact.get("name") == "Mario Rossi" else None


@exercises("duplicates.by-number", "duplicates.across-lists", creates=2)
def test_the_same_number_written_otherwise_is_a_duplicate(story: Story) -> None:
    number, list_id = _existing(story)
    into = _elsewhere(story, list_id)
    report = story.upload(
        card("Somebody Else", f"TEL:{spaced(number)}"), strategy="SKIP", list_id=into
    )
    story.expect(
        "duplicates.across-lists",
        story.actual.duplicates_scope,
        story.expected.duplicates_scope,
        report.exchange,
        "A contact on another list does not make a card a duplicate, or does.",
        by="duplicates.scope",
    )
    story.expect(
        "duplicates.by-number",
        _counted(report),
        _left_alone(story, 1),
        report.exchange,
        "A card with the number of a contact, written differently, is not a duplicate.",
    )


@exercises("duplicates.by-number", "quota.duplicates-cost-nothing", creates=7)
def test_the_same_file_again_holds_nothing_but_duplicates(story: Story) -> None:
    list_id = story.upload(card("Anna Neri", f"TEL:{story.run.numbers.take()}")).list_id
    text = "".join(card(f"Marco Rossi {at}", f"TEL:{story.run.numbers.take()}") for at in range(3))
    # The next request is this one, byte for byte.
    story.upload(text, list_id=list_id, strategy="SKIP")
    used, _, _ = story.quota()
    for into, what in ((list_id, "the same list"), ("", "another list")):
        if not into and story.actual.duplicates_scope == "list":
            continue
        report = story.upload(text, list_id=into, strategy="SKIP")
        story.expect(
            "duplicates.by-number",
            _counted(report),
            _left_alone(story, 3),
            report.exchange,
            f"The same file, imported again into {what}, is not all duplicates.",
        )
    now, _, exchange = story.quota()
    story.expect(
        "quota.duplicates-cost-nothing", now, used, exchange, "Skipped duplicates used up quota."
    )
    page = story.read(list_id)
    story.expect(
        "duplicates.by-number",
        len(page.contacts),
        4,
        page.exchange,
        "The list does not hold each contact of a file once that was imported again.",
    )


@exercises("duplicates.by-number-only", creates=4)
def test_the_same_name_and_email_is_not_a_duplicate(story: Story) -> None:
    uid = f"UID:{story.list_name}"
    text = "".join(
        card("Marco Rossi", f"TEL:{story.run.numbers.take()}", uid, email="old@example.com")
        for _ in range(2)
    )
    report = story.upload(text)
    story.expect(
        "duplicates.by-number-only",
        _counted(report),
        _counts(2, 2, 0, 0, 0),
        report.exchange,
        "Cards with one name, UID and email, and two numbers, are not two new contacts.",
    )
    page = story.read(report.list_id, count=2)
    story.expect(
        "duplicates.by-number-only",
        len(page.contacts),
        2,
        page.exchange,
        "The list does not hold both of two contacts with one name, UID and email.",
    )


@exercises("duplicates.by-number-only", creates=5)
def test_a_number_is_not_taken_for_one_that_ends_like_it(story: Story) -> None:
    first, second, third = story.run.numbers.take_alike()
    text = card("Marco Rossi", f"TEL:{first}", email="old@example.com")
    text += card("Anna Neri", f"TEL:{third}", email="anna@example.com")
    list_id = story.upload(text, strategy="DUPLICATE").list_id
    before = story.read(list_id)
    if not before.numbered(first):
        story.not_exercised("duplicates.by-number-only", "no such number becomes a contact")
        return
    text = card("Somebody Else", f"TEL:{second}", email="else@example.com")
    text += card("Luca Verdi", f"TEL:{third}", email="luca@example.com")
    # An account may hold them, so the counts tell nothing; what becomes of the others does.
    story.upload(text, strategy="UPDATE", list_id=list_id)
    after = story.read(list_id)
    story.expect(
        "duplicates.by-number-only",
        [lasting_part(each) for each in after.numbered(first)],
        [lasting_part(each) for each in before.numbered(first)],
        after.exchange,
        f"{first} was updated by cards with {second} and {third}.",
    )
    story.expect(
        "duplicates.by-number-only",
        [each.get("name") for each in after.numbered(third) if each.get("name") == "Somebody Else"],
        [],
        after.exchange,
        f"{third} was updated by a card with {second}.",
    )


@exercises("duplicates.skip-is-default", creates=2)
def test_without_a_strategy_duplicates_are_skipped(story: Story) -> None:
    if _is_updated(story):
        return
    number, list_id = _existing(story)
    before, _ = _contact(story, list_id, number)
    report = story.upload(card("Mario Rossi", f"TEL:{number}"), list_id=list_id)
    after, exchange = _contact(story, list_id, number)
    story.expect(
        "duplicates.skip-is-default",
        lasting_part(after),
        lasting_part(before),
        exchange,
        "An import without a strategy changed an existing contact.",
        by=_overwritten(after),
    )
    story.expect(
        "duplicates.skip-is-default",
        _counted(report),
        _counts(1, 0, 1, 0, 1),
        report.exchange,
        "An import of one duplicate without a strategy does not count it as skipped.",
    )


@exercises(
    "duplicates.skip-leaves-the-contact",
    "duplicates.skip-leaves-the-lists",
    "duplicates.skip-counts",
    "upload.summary-adds-up",
    "upload.summary-skipped",
    creates=6,
)
def test_skip_leaves_the_contact_its_tags_and_its_lists(story: Story) -> None:
    if _is_updated(story):
        return
    number, bare, fresh = (story.run.numbers.take() for _ in range(3))
    text = card("Marco Rossi", f"TEL:{number}", email="old@example.com")
    text += card("Paola Verdi", f"TEL:{bare}")
    list_id = story.upload(text, tags=f"first,second,{TAG}").list_id
    before = story.read(list_id)
    text = card("Mario Rossi", f"TEL:{number}", email="new@example.com")
    text += card("Paola Verdi", f"TEL:{bare}", email="paola@example.com")
    text += card("Giulia Bianchi", f"TEL:{fresh}")
    into = _elsewhere(story, list_id)
    report = story.upload(text, strategy="SKIP", tags=f"third,{TAG}", list_id=into)
    after = story.read(list_id)
    for each, what in (
        (number, "SKIP changed an existing contact."),
        (bare, "SKIP added to an existing contact what it lacked."),
    ):
        found = after.numbered(each)
        story.expect(
            "duplicates.skip-leaves-the-contact",
            [lasting_part(one) for one in found],
            [lasting_part(one) for one in before.numbered(each)],
            after.exchange,
            what,
            by=_overwritten(found[0]) if found else None,
        )
    if not into:
        page = story.read(report.list_id, count=1)
        held = sorted(map(str, page.numbers))
        value = "unchanged" if held == [fresh] else None
        if held == sorted([number, bare, fresh]):
            value = "joined"
        what = "After SKIP, the list does not hold exactly the contacts that it should."
        promise: PromiseId = "duplicates.skip-leaves-the-lists"
        if story.actual.duplicates_strategy == "update":
            story.breaks(promise, what, [fresh], held, page.exchange, by="duplicates.strategy")
        else:
            story.decides(promise, "skip.list", value, page.exchange, what)
    story.expect(
        "duplicates.skip-counts",
        _counted(report),
        _counts(3, 1, 2, 0, 2),
        report.exchange,
        "SKIP with two duplicates and one new card has the wrong counts.",
    )


@exercises(
    "duplicates.update-replaces",
    "duplicates.update-adds-tags",
    "duplicates.update-keeps-tags",
    "duplicates.update-joins-the-list",
    "duplicates.update-keeps-the-contact",
    "duplicates.update-counts",
    "upload.summary-adds-up-otherwise",
    "upload.summary-skipped-otherwise",
    creates=6,
)
def test_update_changes_the_contact_in_place(story: Story) -> None:
    number, *others = (story.run.numbers.take() for _ in (0, *_BYSTANDERS))
    text = card("Marco Rossi", f"TEL:{number}", email="old@example.com") + "".join(
        card(name, f"TEL:{other}", email=email)
        for (name, email), other in zip(_BYSTANDERS, others, strict=True)
    )
    list_id = story.upload(text, tags=f"first,second,{TAG}").list_id
    page = story.read(list_id)
    before = next(iter(page.numbered(number)), {})
    untouched = _untouched(page, others)
    text = card("Mario Rossi", f"TEL:{number}", email="new@example.com")
    text += card("Anna Neri", "TEL:n/d")
    into = _elsewhere(story, list_id)
    report = story.upload(text, strategy="UPDATE", tags=f"second,third,{TAG}", list_id=into)
    page = story.read(list_id)
    after = next(iter(page.numbered(number)), {})
    story.expect(
        "duplicates.update-replaces",
        (after.get("name"), after.get("email")),
        ("Mario Rossi", "new@example.com"),
        page.exchange,
        "UPDATE did not replace name and email.",
    )
    _expect_both_tags(story, after.get("tags"), page.exchange)
    same = ("contactId", "createdAt", "phoneNumber")
    story.expect(
        "duplicates.update-keeps-the-contact",
        [after.get(name) for name in same],
        [before.get(name) for name in same],
        page.exchange,
        "UPDATE did not change the contact in place.",
    )
    story.expect(
        "duplicates.update-keeps-the-contact",
        sorted(map(str, page.numbers)),
        sorted([number, *others]),
        page.exchange,
        "UPDATE created another contact, or removed one.",
    )
    story.expect(
        "duplicates.update-keeps-the-contact",
        _untouched(page, others),
        untouched,
        page.exchange,
        "UPDATE changed a contact that the file does not hold.",
    )
    story.run.remember(list_id, sorted(page.contacts, key=lambda each: each is not after))
    if into:
        story.not_exercised("duplicates.update-joins-the-list", ONE_LIST_SEARCHED)
    else:
        _joined(story, report.list_id, number, before)
    values = {(2, 1, 1, 1, 1): "imported", (2, 0, 1, 1, 2): "skipped"}
    counted = values.get(tuple(_counted(report).values()))
    what = f"UPDATE with a duplicate and a faulty card has other counts: {_counted(report)}."
    story.decides("duplicates.update-counts", "update.count", counted, report.exchange, what)


def _expect_both_tags(story: Story, tags: object, exchange: ApiExchange) -> None:
    """Expect the tags of an UPDATE on the contact, and see whether it keeps those that it had."""
    tags = tags if isinstance(tags, list) else []
    story.expect(
        "duplicates.update-adds-tags",
        {"second", "third", TAG} <= set(map(str, tags)),
        True,
        exchange,
        f"UPDATE did not give the contact its tags: {tags}.",
    )
    value = "added" if "first" in tags else "replaced"
    what = "UPDATE did not leave the contact its tags, or did."
    story.decides("duplicates.update-keeps-tags", "update.tags", value, exchange, what)


def _untouched(page: ListPage, numbers: list[str]) -> list[dict[str, Any]]:
    """Return what must not change of the contacts that a file does not hold, by number."""
    found = [each for number in sorted(numbers) for each in page.numbered(number)]
    return [lasting_part(each) | {"updatedAt": each.get("updatedAt")} for each in found]


def _joined(story: Story, list_id: str, number: str, before: dict[str, Any]) -> None:
    """Check that the contact is on the list that an UPDATE named, and is the one it was."""
    joins = story.actual.update_list == "joined"
    page = story.read(list_id, count=1 if joins else None)
    values = {(number,): "joined", (): "unchanged"}
    value = values.get(tuple(page.numbers))
    what = "The contact is not on the list named by the UPDATE, or is."
    story.decides("duplicates.update-joins-the-list", "update.list", value, page.exchange, what)
    story.expect(
        "duplicates.update-keeps-the-contact",
        all(each.get("contactId") == before.get("contactId") for each in page.numbered(number)),
        True,
        page.exchange,
        "The contact on the list named by the UPDATE is not the existing one.",
    )


@exercises("duplicates.update-never-blanks", "tags.all-in-order", creates=4)
def test_update_never_blanks_what_the_card_lacks(story: Story) -> None:
    number, list_id = _existing(story)
    after: dict[str, Any] = {}
    text = (
        f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Mario Rossi\r\nEMAIL:\r\nTEL:{number}\r\nEND:VCARD\r\n"
    )
    for content in (text, text.replace("EMAIL:\r\n", "")):
        into = _elsewhere(story, list_id)
        story.upload(content, strategy="UPDATE", tags=TAG, list_id=into)
        after, exchange = _contact(story, list_id, number)
        email = after.get("email") or "removed"
        value = {"old@example.com": "kept", "removed": "removed"}.get(str(email))
        what = "UPDATE removed what the card does not have, or did not."
        story.decides(
            "duplicates.update-never-blanks", "update.missing-fields", value, exchange, what
        )
    _without_tags(story, list_id, after)


def _without_tags(story: Story, list_id: str, before: dict[str, Any]) -> None:
    """Update a contact without tags, right after an import of another one with tags.

    The contact has the tag of the suite already, and no other is created.
    """
    if not before or story.run.differs("duplicates.by-number"):
        return
    number = str(before.get("phoneNumber"))
    other = card("Paola Gallo", f"TEL:{story.run.numbers.take()}")
    story.upload(other, list_id=list_id, tags=f"fourth,{TAG}")
    text = card("Mario Rossi", f"TEL:{number}")
    about: PromiseId = "tags.all-in-order"
    story.upload(text, list_id=list_id, strategy="UPDATE", tags=None, about=about)
    after, exchange = _contact(story, list_id, number)
    story.expect(
        about,
        sorted(set(map(str, after.get("tags") or ())) - set(map(str, before.get("tags") or ()))),
        [],
        exchange,
        "An import without tags gave a contact new ones.",
    )


@exercises(
    "duplicates.skip-leaves-the-lists",
    "duplicates.update-keeps-the-contact",
    "list.order",
    creates=4,
)
def test_a_contact_that_is_on_the_list_already_stays_there_once_and_in_its_place(
    story: Story,
) -> None:
    number, list_id = _existing(story)
    last = story.run.numbers.take()
    story.upload(card("Giulia Bianchi", f"TEL:{last}"), list_id=list_id)
    promises: dict[str, PromiseId] = {
        "SKIP": "duplicates.skip-leaves-the-lists",
        "UPDATE": "duplicates.update-keeps-the-contact",
    }
    for strategy, promise in promises.items():
        text = card("Mario Rossi", f"TEL:{number}")
        story.upload(text, list_id=list_id, strategy=strategy, about=promise)
        page = story.read(list_id, about=promise)
        if story.expect(
            promise,
            sorted(map(str, page.numbers)),
            sorted([number, last]),
            page.exchange,
            f"After {strategy} into the contact's own list, the list holds the wrong contacts.",
        ):
            story.expect(
                "list.order",
                page.numbers,
                [number, last] if story.actual.order == "import" else page.numbers,
                page.exchange,
                f"{strategy} into the contact's own list moved the contact.",
            )


@exercises("duplicates.copy-creates", "duplicates.copy-counts", "duplicates.by-number", creates=4)
def test_duplicate_creates_a_copy(story: Story) -> None:
    if _is_updated(story):
        return
    number, list_id = _existing(story)
    before, _ = _contact(story, list_id, number)
    report = story.upload(
        card("Mario Rossi", f"TEL:{number}", email="copy@example.com"),
        list_id=list_id,
        strategy="DUPLICATE",
    )
    page = story.read(list_id)
    names = sorted(str(each.get("name")) for each in page.numbered(number))
    story.expect(
        "duplicates.copy-creates",
        names,
        ["Marco Rossi", "Mario Rossi"],
        page.exchange,
        "The list does not hold the contact and its copy.",
        by=SpecVariant.CREATE_OR_UPDATE if names == ["Mario Rossi"] else "",
    )
    story.expect(
        "duplicates.copy-creates",
        [each.get("email") for each in page.contacts if each.get("name") == "Mario Rossi"],
        ["copy@example.com"],
        page.exchange,
        "The copy has another email than its card.",
    )
    story.expect(
        "duplicates.copy-creates",
        lasting_part(before) in [lasting_part(each) for each in page.contacts],
        True,
        page.exchange,
        "DUPLICATE changed the existing contact.",
    )
    values = {(1, 1, 1, 0, 0): "duplicate", (1, 1, 0, 0, 0): "new"}
    value = values.get(tuple(_counted(report).values()))
    what = f"DUPLICATE with one duplicate has other counts: {_counted(report)}."
    story.decides("duplicates.copy-counts", "copy.count", value, report.exchange, what)
    again = story.upload(card("Mario Rossi", f"TEL:{number}"), list_id=list_id, strategy="UPDATE")
    story.expect(
        "duplicates.by-number",
        {name: again.summary.get(name) for name in ("total", "duplicates", "errors")},
        {"total": 1, "duplicates": 1, "errors": 0},
        again.exchange,
        "A card with the number of a contact and its copy is no duplicate.",
    )


def _twice(number: str) -> str:
    return card("Marco Rossi", f"TEL:{number}", email="old@example.com") + card(
        "Mario Rossi", f"TEL:{spaced(number)}"
    )


def _by_strategy(story: Story) -> str | None:
    """Return the convention that a deployment decides so by which updates whatever the strategy says."""
    return "duplicates.strategy" if story.actual.duplicates_strategy == "update" else None


def _in_file(
    story: Story,
    strategy: str,
    counts: dict[str, Any],
    names: list[str],
    otherwise: tuple[str, dict[str, Any]] = ("", {}),
) -> None:
    """Import a number twice; *otherwise* is a convention, and the counts that it decides."""
    number = story.run.numbers.take()
    report = story.upload(_twice(number), strategy=strategy)
    promise = story.promises[0]
    is_error = _counted(report) == _counts(2, 1, 0, 1, 1)
    if is_error or story.expected.duplicates_repeated == "error":
        value = "error" if is_error else "duplicate"
        what = "A number twice in a file is an error, or is none."
        story.decides(promise, "duplicates.repeated", value, report.exchange, what)
        return
    story.expect(
        promise,
        _counted(report),
        counts,
        report.exchange,
        f"A file with one number twice has the wrong counts with {strategy}.",
        by=_by_strategy(story) or (otherwise[0] if _counted(report) == otherwise[1] else None),
    )
    page = story.read(report.list_id)
    story.expect(
        promise,
        sorted(str(each.get("name")) for each in page.contacts),
        sorted(names),
        page.exchange,
        f"A file with one number twice imported the wrong contacts with {strategy}.",
        by=_by_strategy(story),
    )


@exercises("duplicates.in-file-skip", creates=2)
def test_a_number_twice_in_a_file_is_imported_once(story: Story) -> None:
    if not _is_updated(story):
        _in_file(story, "SKIP", _counts(2, 1, 1, 0, 1), ["Marco Rossi"])


@exercises("duplicates.in-file-update", creates=2)
def test_a_number_twice_in_a_file_updates_the_first_card(story: Story) -> None:
    skipped = _counts(2, 1, 1, 0, 1)
    counts = _counts(2, 2, 1, 0, 0)
    _in_file(
        story,
        "UPDATE",
        skipped if story.expected.update_count == "skipped" else counts,
        ["Mario Rossi"],
        ("update.count", skipped),
    )


@exercises("duplicates.in-file-copy", creates=2)
def test_a_number_twice_in_a_file_becomes_a_copy(story: Story) -> None:
    if _is_updated(story):
        return
    new = _counts(2, 2, 0, 0, 0)
    counts = new if story.expected.copy_count == "new" else _counts(2, 2, 1, 0, 0)
    _in_file(story, "DUPLICATE", counts, ["Marco Rossi", "Mario Rossi"], ("copy.count", new))
