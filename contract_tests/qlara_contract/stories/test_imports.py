"""Stories about imports: the report, its counts and errors, lists and tags."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from qlara_contract import spec_variants
from qlara_contract.conventions import convention
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.stories.expectations import expect_counts, expect_line
from qlara_contract.story import TAG, exercises, known_part
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import ReceivedReport, Story

_FAULTY = 120
_SLACK = 1.0
_NOW = timedelta(minutes=10)  # clocks of several machines
_TOGETHER = 3
_CARDS_EACH = 25
# So that an import is still under way when the next one comes.
_LONG = "\r\n".join(f"X-CHECK-{at}:{'a line that takes time to read; ' * 2}" for at in range(300))
_TAGS = ["q2-2026", "crm-import", "contract-check", "città", "a+b%41&c"]
_TELLING_TAGS = ["due parole", "2026", "a;b.c/d_e", "clienti-primavera-estate-2026"]
_ANY_TAGS = [
    *("contract-check", "VIP", "Città", "北", "two words", "a&b", "50%", "x" * 40),
    *(f"tag-{at}" for at in range(9, 0, -1)),
]


@exercises(
    "upload.imports-a-file",
    "cards.version-3",
    "cards.name",
    "cards.email",
    "upload.status-200",
    "upload.completed-at-once",
    "upload.errors-listed",
    "list.visible-at-once",
    "quota.moves-at-once",
    creates=1,
)
def test_a_file_is_imported_and_its_contact_is_in_the_list(story: Story) -> None:
    number = story.run.numbers.take()
    text = card("Marco Rossi", f"TEL:{number}", email="marco.rossi@example.com")
    # As the documented command sends it: curl knows no media type of .vcf.
    file = FormFile(text.encode(), "contacts-export.vcf", "application/octet-stream")
    report = story.report(story.post(replace(story.form(text), file=file)))
    contact, exchange = story.only_contact(report.list_id)
    expect_conventions(story, report)
    promises: tuple[PromiseId, ...] = ("upload.imports-a-file", "cards.version-3")
    for promise in promises:
        story.expect(
            promise,
            contact.get("phoneNumber"),
            number,
            exchange,
            "The list holds a different number.",
        )
    story.expect("cards.name", contact.get("name"), "Marco Rossi", exchange, "`name` is not FN.")
    story.expect(
        "cards.email",
        contact.get("email"),
        "marco.rossi@example.com",
        exchange,
        "`email` is not EMAIL.",
    )


def expect_conventions(story: Story, report: ReceivedReport) -> None:
    """Compare what was learnt of imports with what is expected of them."""
    story.expect(
        "upload.status-200",
        report.exchange.response.status,
        story.expected.import_status,
        report.exchange,
        "The import is answered with another status.",
        by="import.status",
    )
    shown = _no_errors(report)
    if shown:
        what = "Where no card is at fault, `errors` is something else."
        story.decides("upload.errors-listed", "error-list.none", shown, report.exchange, what)
    conventions: dict[PromiseId, str] = {
        "list.visible-at-once": "settle",
        "quota.moves-at-once": "quota.settle",
    }
    for promise, name in conventions.items():
        observed = story.run.conventions.observations.get(name)
        if observed is None:
            story.not_exercised(promise, "it was not seen how long an import takes to settle")
            continue
        allowed = getattr(story.expected, name.replace(".", "_")).total_seconds()
        took = getattr(story.actual, name.replace(".", "_")).total_seconds()
        story.expect(
            promise,
            took <= allowed + _SLACK * bool(allowed),
            True,
            observed.exchange,
            f"It takes longer than {allowed:g} s.",
            by=name,
        )


def _no_errors(report: ReceivedReport) -> str:
    """Return how a report of cards that are all imported shows that; empty if it shows errors."""
    body = report.exchange.response.json
    if not report.is_complete or not isinstance(body, dict) or body.get("errors"):
        return ""
    if "errors" not in body:
        return "absent"
    return "null" if body["errors"] is None else "empty"


@exercises("list.contact-as-imported", "tags.all-in-order", "tags.order", creates=2)
def test_a_contact_comes_back_as_it_was_imported(story: Story) -> None:
    number = story.run.numbers.take()
    text = card("Giulia Bianchi", f"TEL:{number}", email="g.bianchi@example.com")
    tags = [*_TAGS, *_TELLING_TAGS]
    exchange = story.post(story.form(text, tags=",".join(tags)))
    if 400 <= exchange.response.status < 500:
        tags = _TAGS  # which characters a tag may have is not documented
        exchange = story.post(story.form(text, tags=",".join(tags)))
    contact, exchange = story.only_contact(story.report(exchange).list_id)
    got = contact.get("tags")
    if story.expect(
        "tags.all-in-order",
        sorted(map(str, got)) if isinstance(got, list) else got,
        sorted(tags),
        exchange,
        "The tags are not those sent.",
    ):
        story.expect("tags.order", got, tags, exchange, "The tags stand in another order.")
    known = {
        "name": "Giulia Bianchi",
        "phoneNumber": number,
        "email": "g.bianchi@example.com",
        "tags": sorted(tags),
    }
    story.expect(
        "list.contact-as-imported",
        known_part(contact),
        known,
        exchange,
        "The contact is not what was imported.",
    )


@exercises("tags.of-any-kind", creates=1)
def test_tags_may_be_many_and_of_any_letters(story: Story) -> None:
    text = card("Giulia Bianchi", f"TEL:{story.run.numbers.take()}")
    exchange = story.post(story.form(text, tags=",".join(_ANY_TAGS)))
    if not 200 <= exchange.response.status < 300:
        status = exchange.response.status
        story.breaks("tags.of-any-kind", "The tags are refused.", _ANY_TAGS, status, exchange)
        return
    contact, exchange = story.only_contact(story.report(exchange).list_id)
    tags = contact.get("tags")
    story.expect(
        "tags.of-any-kind",
        sorted(map(str, tags)) if isinstance(tags, list) else tags,
        sorted(_ANY_TAGS),
        exchange,
        "The tags are not those sent.",
    )


@exercises("upload.import-id-unique", "upload.new-list-each-time", creates=2)
def test_each_import_has_its_own_id_and_each_list_name_its_own_list(story: Story) -> None:
    first, second = (
        story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")) for _ in range(2)
    )
    ids = [_field(report, "importId") for report in (first, second)]
    story.expect(
        "upload.import-id-unique",
        len(set(map(repr, ids))) == 2 and None not in ids,
        True,
        second.exchange,
        f"Two imports do not have distinct ids: {ids}.",
    )
    names = story.run.conventions.observations.get("list-names")
    if names is None:
        story.not_exercised("upload.new-list-each-time", "it was not learnt what a taken name does")
        return
    story.expect(
        "upload.new-list-each-time",
        story.actual.list_names,
        story.expected.list_names,
        names.exchange,
        "The second import with the same `listName` did not create another list.",
        by="list-names",
    )


@exercises("upload.completed-after-created", "upload.times-are-now", creates=1)
def test_an_import_completes_after_it_created_its_contacts(story: Story) -> None:
    report = story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}"))
    contact, exchange = story.only_contact(report.list_id)
    _expect_times_now(story, report, contact)
    completed, created = _moment(_field(report, "completedAt")), _moment(contact.get("createdAt"))
    late = story.actual.settle + timedelta(seconds=2)  # clocks of several machines, whole seconds
    story.expect(
        "upload.completed-after-created",
        completed is not None and created is not None and completed + late >= created,
        True,
        exchange,
        f"completedAt {_field(report, 'completedAt')}, createdAt {contact.get('createdAt')}.",
    )


def _expect_times_now(story: Story, report: ReceivedReport, contact: dict[str, Any]) -> None:
    """Compare the times with the deployment's clock (`Date`), or with this machine's."""
    if story.run.sandbox_scenario not in ("", "default"):
        story.not_exercised("upload.times-are-now", "the scenario sets the clock")
        return
    said = report.exchange.response.header("date")
    now = datetime.fromtimestamp(report.exchange.at, UTC)
    with suppress(TypeError, ValueError):
        now = parsedate_to_datetime(said or "")
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    times = {"completedAt": _field(report, "completedAt"), "createdAt": contact.get("createdAt")}
    for name, value in times.items():
        moment = _moment(value)
        story.expect(
            "upload.times-are-now",
            moment is not None and abs(moment - now) < _NOW + story.actual.settle,
            True,
            report.exchange,
            f"`{name}` is {value}; the import was made at {now.isoformat()}.",
        )


@exercises(
    "upload.summary-total",
    "upload.summary-imported",
    "upload.summary-duplicates",
    "upload.summary-errors",
    "upload.error-missing-phone",
    "upload.error-invalid-phone",
    "upload.error-wording",
    "upload.errors-shown",
    "upload.error-line",
    "upload.error-line-exact",
    "upload.error-name",
    "upload.error-costs-one-card",
    creates=4,
)
def test_cards_at_fault_are_counted_and_named_and_the_others_are_imported(story: Story) -> None:
    first, second, third, fourth = (story.run.numbers.take() for _ in range(4))
    text = (
        card("Marco Rossi", f"TEL:{first}")  # lines 1 to 5
        + card("Luca Verdi", "NOTE:x", "TEL:n/d", "TEL:12")  # lines 6 to 12, TEL on 10
        + card("Giulia Bianchi", f"TEL:{second}")  # lines 13 to 17
        + card("Anna Neri", email="anna@example.com")  # lines 18 to 22
        + card("Mario Rossi", f"TEL:{fourth}")  # lines 23 to 27
        + card("Paola Gallo", f"TEL:{third}")
    )
    report = story.upload(text, about="upload.error-costs-one-card")
    counts = {"total": 6, "imported": 4, "duplicates": 0, "errors": 2}
    what = "six cards: one without a number, one with an invalid one"
    expect_counts(story, report, counts, what)
    _expect_error(story, report, _INVALID_CARD)
    _expect_error(story, report, _MISSING_CARD)
    page = story.read(report.list_id, count=4)
    story.run.remember(report.list_id, page.contacts)
    story.expect(
        "upload.error-costs-one-card",
        sorted(map(str, page.numbers)),
        sorted([first, second, third, fourth]),
        page.exchange,
        "The list does not hold all the valid cards.",
    )


@dataclass(frozen=True)
class _FaultyCard:
    """A card that cannot be imported, the promise that it is reported, and the convention of its words."""

    promise: PromiseId
    name: str
    words: str
    line: int
    lines: range


_INVALID_CARD = _FaultyCard(
    "upload.error-invalid-phone",
    "Luca Verdi",
    "reason.invalid-phone",
    10,
    range(6, 13),
)
_MISSING_CARD = _FaultyCard(
    "upload.error-missing-phone",
    "Anna Neri",
    "reason.missing-phone",
    18,
    range(18, 23),
)


def _expect_error(story: Story, report: ReceivedReport, card: _FaultyCard) -> None:
    errors = [each for each in report.errors if isinstance(each, dict)]
    one = next(
        (each for each in errors if each.get("name") == card.name),
        next((each for each in errors if each.get("line") in card.lines), None),
    )
    if one is None and len(errors) < report.summary.get("errors", 0):
        story.not_exercised(card.promise, "`errors` shows only some of the cards at fault")
        return
    if not story.expect(
        card.promise, one is not None, True, report.exchange, f"{card.name}'s card is not reported."
    ):
        return
    assert one is not None
    story.expect(
        "upload.errors-shown",
        one.get("name") == card.name or one.get("line") in card.lines,
        True,
        report.exchange,
        "The error is of another card.",
    )
    reason = one.get("reason")
    is_text = isinstance(reason, str) and convention(card.words).kind.accepts(reason)
    what = f"The reason for {card.name}'s card differs from the documented one."
    story.decides(
        "upload.error-wording", card.words, reason if is_text else None, report.exchange, what
    )
    story.expect(
        "upload.error-name",
        one.get("name"),
        card.name,
        report.exchange,
        f"The name in {card.name}'s error is wrong.",
    )
    expect_line(story, report, one.get("line"), card.line, card.lines)


@exercises("upload.errors-listed", creates=1)
def test_every_card_at_fault_is_listed_however_many(story: Story) -> None:
    cards = [card(f"Luca Verdi {at}", "TEL:n/d") for at in range(_FAULTY)]
    report = story.upload(
        "".join(cards), tags=None
    )  # none becomes a contact that would need the tag
    names = [each.get("name") for each in report.errors if isinstance(each, dict)]
    if report.is_complete and len(names) < _FAULTY:
        story.observe(
            "error-list", len(names), report.exchange, f"{len(names)} of {_FAULTY} errors"
        )
    in_order = [f"Luca Verdi {at}" for at in range(_FAULTY)]
    story.expect(
        "upload.errors-listed",
        names,
        in_order[: _shown_errors(story)],
        report.exchange,
        f"A file of {_FAULTY} faulty cards does not list {_FAULTY} errors in order.",
        by="error-list" if names == in_order[: len(names)] else None,
    )


@exercises("upload.nothing-importable", "list.empty", creates=1)
def test_a_file_of_faulty_cards_is_reported_and_its_new_list_is_empty(story: Story) -> None:
    report = story.upload(card("Anna Neri") + card("Luca Verdi", "TEL:n/d"))
    counts = {name: report.summary.get(name) for name in ("total", "imported", "errors")}
    story.expect(
        "upload.nothing-importable",
        counts,
        {"total": 2, "imported": 0, "errors": 2},
        report.exchange,
        "The report of a file with only faulty cards has the wrong counts.",
    )
    page = story.page(report.list_id, about="list.empty")
    pages = page.body.get("totalPages")
    got = {name: page.body.get(name) for name in ("contacts", "total", "hasMore")}
    story.expect(
        "list.empty",
        got,
        {"contacts": [], "total": 0, "hasMore": False},
        page.exchange,
        "A list without contacts is not an empty page.",
    )
    value = pages if pages in (0, 1) else None
    what = "A list without contacts has another number of pages."
    story.decides("list.empty", "page.of-nothing", value, page.exchange, what)


@exercises("upload.new-list", "upload.report-names-the-list", creates=3)
def test_a_new_list_can_be_read_and_imported_into(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(2)]
    other = story.upload(card("Anna Neri", f"TEL:{story.run.numbers.take()}"))
    first = story.upload(card("Marco Rossi", f"TEL:{numbers[0]}"))
    page = story.read(first.list_id, count=1)
    story.expect(
        "upload.new-list",
        page.numbers,
        numbers[:1],
        page.exchange,
        "The new list does not hold the contact that was imported into it.",
    )
    second = story.upload(
        card("Giulia Bianchi", f"TEL:{numbers[1]}"),
        list_id=first.list_id,
        about="upload.report-names-the-list",
    )
    story.expect(
        "upload.report-names-the-list",
        second.list_id,
        first.list_id,
        second.exchange,
        "The report names a different list than the request.",
        by=spec_variants.of_list_id(_field(second, "listId")),
    )
    page = story.read(first.list_id, "upload.report-names-the-list", count=2)
    story.expect(
        "upload.report-names-the-list",
        sorted(map(str, page.numbers)),
        sorted(numbers),
        page.exchange,
        "The requested list does not hold the contacts of both imports.",
    )
    page = story.read(other.list_id, "upload.report-names-the-list", count=1)
    story.expect(
        "upload.report-names-the-list",
        [each.get("name") for each in page.contacts],
        ["Anna Neri"],
        page.exchange,
        "A list that no import named has changed.",
    )


@exercises("upload.list-name-non-ascii", creates=1)
def test_a_list_name_may_be_written_in_any_script(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    form = story.form(text, list_name=story.run.new_list_name("Città, Ελλάδα, 連絡先 😀"))
    report = story.report(story.post(form))
    contact, exchange = story.only_contact(report.list_id)
    story.expect(
        "upload.list-name-non-ascii",
        contact.get("name"),
        "Marco Rossi",
        exchange,
        "The list does not hold what was imported.",
    )


@exercises("upload.unknown-fields-ignored", creates=1)
def test_form_fields_that_the_contract_does_not_name_are_ignored(story: Story) -> None:
    form = story.form(card("Marco Rossi", f"TEL:{story.run.numbers.take()}"))
    more = ImportForm(
        form.file, (*form.fields, ("fileName", "contacts.vcf"), ("contractCheck", "1"))
    )
    report = story.report(story.post(more))
    story.expect(
        "upload.unknown-fields-ignored",
        report.summary.get("imported"),
        1,
        report.exchange,
        "The card was not imported.",
    )


@exercises("upload.part-headers-free", creates=3)
def test_the_file_is_read_whatever_its_part_says_of_it(story: Story) -> None:
    for filename, media_type in (
        ("rubrica.VCF", "text/x-vcard"),
        ("contacts", "text/plain; charset=utf-8"),
    ):
        text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
        form = story.form(text)
        part = FormFile(text.encode(), filename, media_type)
        report = story.report(story.post(ImportForm(part, form.fields)))
        story.expect(
            "upload.part-headers-free",
            report.summary.get("imported"),
            1,
            report.exchange,
            f"A file named {filename} of type {media_type} was not imported.",
        )


@exercises("upload.imports-together", creates=_TOGETHER * (_CARDS_EACH + 1) + 1)
def test_imports_at_the_same_time_are_each_imported_whole(story: Story) -> None:
    numbers = [[story.run.numbers.take() for _ in range(_CARDS_EACH)] for _ in range(_TOGETHER)]
    shared = story.run.numbers.take()
    first = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    list_id = story.upload(first).list_id
    used, _, _ = story.quota()
    forms = [
        story.form(
            "".join(card("Marco Rossi", f"TEL:{each}", _LONG) for each in [*those, shared]),
            list_id=list_id,
            tags=f"{TAG},import-{at}",
        )
        for at, those in enumerate(numbers)
    ]
    exchanges = story.post_together(forms)
    reports = [story.report(each) for each in exchanges]
    counts = [
        {name: each.summary.get(name) for name in ("total", "imported", "duplicates")}
        for each in reports
    ]
    # One of them is first with the number that all have.
    updates = story.expected.duplicates_strategy == "update"
    due = [
        {"total": _CARDS_EACH + 1, "imported": _CARDS_EACH + (at or updates), "duplicates": 1 - at}
        for at in (1, *[0] * (_TOGETHER - 1))
    ]
    story.expect(
        "upload.imports-together",
        sorted(counts, key=repr),
        sorted(due, key=repr),
        exchanges[-1],
        f"{_TOGETHER} imports at the same time, with one number in all of them, count wrongly.",
    )
    wanted = {shared, *(number for those in numbers for number in those)}
    page = story.read(list_id, count=len(wanted) + 1)
    story.expect(
        "upload.imports-together",
        sorted(number for number in map(str, page.numbers) if number in wanted),
        sorted(wanted),
        page.exchange,
        "After imports at the same time, the list does not hold each contact once.",
    )
    own = {number: f"import-{at}" for at, those in enumerate(numbers) for number in those}
    mixed_up = [
        each
        for each in page.contacts
        if (tag := own.get(str(each.get("phoneNumber")))) and tag not in (each.get("tags") or ())
    ]
    story.expect(
        "upload.imports-together",
        mixed_up[:2],
        [],
        page.exchange,
        "After imports at the same time, contacts lack the tag of their import.",
    )
    now, _, exchange = story.quota()
    story.expect(
        "upload.imports-together",
        now - used,
        len(wanted),
        exchange,
        "Imports at the same time are not all counted in the quota.",
    )
    ids = [str(each.get("contactId")) for each in page.contacts]
    story.expect(
        "upload.imports-together",
        len(set(ids)),
        len(ids),
        page.exchange,
        "Two contacts of imports at the same time have one id.",
    )


@exercises("tags.tidied", creates=1)
def test_tags_are_trimmed_and_each_kept_once(story: Story) -> None:
    text = card("Marco Rossi", f"TEL:{story.run.numbers.take()}")
    report = story.upload(text, tags=" beta , alpha,,beta,  ,contract-check ")
    contact, exchange = story.only_contact(report.list_id)
    tags = contact.get("tags")
    story.expect(
        "tags.tidied",
        sorted(map(str, tags)) if isinstance(tags, list) else tags,
        ["alpha", "beta", "contract-check"],
        exchange,
        "The tags ` beta , alpha,,beta,  ,contract-check ` were not cleaned up.",
    )


@exercises("tags.none", "cards.email-absent", creates=1)
def test_what_was_not_given_is_not_made_up(story: Story) -> None:
    may_leave_untagged = story.run.is_sandbox
    report = story.upload(
        card("Marco Rossi", f"TEL:{story.run.numbers.take()}"),
        tags=None if may_leave_untagged else TAG,
    )
    contact, exchange = story.only_contact(report.list_id)
    if may_leave_untagged:
        story.expect(
            "tags.none", contact.get("tags"), [], exchange, "An import without tags set tags."
        )
    else:
        story.not_exercised("tags.none", "the contact could not be told from others later")
    email = contact.get("email", "absent")
    form = {"absent": "absent", None: "null", "": "empty"}.get(email, str(email))
    value = form if form in ("absent", "null", "empty") else None
    what = "The `email` of a contact without EMAIL is another one."
    story.decides("cards.email-absent", "email.absent", value, exchange, what)


def _shown_errors(story: Story) -> int:
    most = story.expected.error_list
    return min(_FAULTY, most) if isinstance(most, int) else _FAULTY


def _field(report: ReceivedReport, name: str) -> object:
    return report.exchange.response.value(name)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
