"""Defects of strategies: what becomes of a contact that a card meets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, asking
from qlara_contract.defects.files import Card, bytes_of, cards_of
from qlara_contract.defects.imports import (
    HIDDEN_LIST,
    STRATEGY,
    contacts_of,
    into_list,
    strategy_of,
    with_counts,
)
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.forms import Form
    from qlara_contract.defects.messages import Answer, Request


def _strategy(change: Callable[[str], str], *, explicit: bool = True) -> Callable[[], Behaviour]:
    """Import with another strategy than the one asked for; *explicit*: also where one is named."""

    def changed(request: Request) -> Request:
        form = request.form
        if form is None or (form.value(STRATEGY) is not None and not explicit):
            return request
        return request.with_form(form.with_value(STRATEGY, change(strategy_of(form))))

    return asking(UPLOAD, changed)


def _as(**others: str) -> Callable[[str], str]:
    return lambda strategy: others.get(strategy, strategy)


def _counted(strategy: str, change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change the report of each import with this strategy."""

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        form = request.form
        if form is None or strategy_of(form) != strategy or answer.status != 200:
            return answer
        return answer.with_json(change(answer.json))

    return lambda: behave


def _after_update(change: Callable[[Body, Card, Form], Body]) -> Callable[[], Behaviour]:
    """Show each contact that an UPDATE met otherwise from then on.

    *change* says what it looks like, given the contact, the card, and the form that brought it.
    """

    def begin() -> Behaviour:
        shown: dict[tuple[str, str], dict[str, Callable[[Body], Body]]] = defaultdict(dict)

        async def behave(request: Request, forward: Forward) -> Answer:
            answer = await forward(request)
            changes = shown[request.account]
            body = answer.json
            if answer.status != 200 or request.operation not in (UPLOAD, LIST):
                return answer
            if request.operation == LIST:
                contacts = [
                    changes.get(each["contactId"], _same)(each) for each in body["contacts"]
                ]
                return answer.with_json(body | {"contacts": contacts})
            form = request.form
            if form is not None and form.file is not None and strategy_of(form) == "UPDATE":
                contacts = await contacts_of(request, forward, body["listId"])
                for card in cards_of(form.file):
                    for each in contacts:
                        if card.is_of(each["phoneNumber"]):
                            changes[each["contactId"]] = _changing(change, card, form)
            return answer

        return behave

    return begin


def _same(contact: Body) -> Body:
    return contact


def _changing(
    change: Callable[[Body, Card, Form], Body], card: Card, form: Form
) -> Callable[[Body], Body]:
    return lambda contact: change(contact, card, form)


def _email_of_the_card(contact: Body, card: Card, _: Form) -> Body:
    return contact if card.value("EMAIL") else {k: v for k, v in contact.items() if k != "email"}


def _tags_of_the_form(contact: Body, _: Card, form: Form) -> Body:
    return contact | {"tags": [each for each in (form.value("tags") or "").split(",") if each]}


def _created_now(contact: Body, _: Card, __: Form) -> Body:
    return contact | {"createdAt": "2030-01-01T00:00:00+01:00"}


def _listing_again(arranged: Callable[[list[Body], list[str]], list[Body]]) -> Behaviour:
    """Arrange a list anew where an UPDATE met contacts that were on it already.

    *arranged* is given the contacts of a page and the ids of those that were met.
    """
    met: dict[tuple[tuple[str, str], str], list[str]] = defaultdict(list)

    async def behave(request: Request, forward: Forward) -> Answer:
        form = request.form if request.operation == UPLOAD else None
        list_id = (form.value("listId") if form else None) or ""
        if form is not None and form.file is not None and list_id and strategy_of(form) == "UPDATE":
            for each in await contacts_of(request, forward, list_id):
                if any(card.is_of(each["phoneNumber"]) for card in cards_of(form.file)):
                    met[request.account, list_id].append(each["contactId"])
        answer = await forward(request)
        if request.operation != LIST or answer.status != 200:
            return answer
        body = answer.json
        contacts = arranged(body["contacts"], met[request.account, body["listId"]])
        return answer.with_json(body | {"contacts": contacts})

    return behave


def _twice(contacts: list[Body], met: list[str]) -> list[Body]:
    return contacts + [each for each in contacts if each["contactId"] in met]


def _last(contacts: list[Body], met: list[str]) -> list[Body]:
    return sorted(contacts, key=lambda each: each["contactId"] in met)


def _without_tags(request: Request) -> Request:
    form = request.form
    if form is None or strategy_of(form) != "UPDATE":
        return request
    return request.with_form(form.with_value("tags", None))


async def _update_stays_off_the_list(request: Request, forward: Forward) -> Answer:
    """Create what is new in the list that was asked for, and update the rest in a hidden one."""
    form = request.form
    if form is None or strategy_of(form) != "UPDATE":
        return await forward(request)
    answer = await forward(request.with_form(form.with_value(STRATEGY, "SKIP")))
    if answer.status != 200:
        return answer
    hidden = form.with_value("listId", None).with_value("listName", HIDDEN_LIST)
    await forward(request.with_form(hidden))
    repeated = answer.json["summary"]["duplicates"]
    return answer.with_json(with_counts(answer.json, imported=repeated, skipped=-repeated))


def _numbers_alone(content: bytes) -> bytes:
    """Return the file with nothing but the telephone numbers of its cards."""
    tels = (card.first("TEL") for card in cards_of(content))
    return b"".join(
        bytes_of(f"BEGIN:VCARD\r\nVERSION:3.0\r\n{tel}\r\nEND:VCARD\r\n") for tel in tels if tel
    )


def _skip_then_update(target: Callable[[Form, Body], Form]) -> Callable[[], Behaviour]:
    """After a SKIP, update the same contacts with nothing but their numbers, as *target* says."""

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        form = request.form
        if form is None or form.file is None or answer.status != 200:
            return answer
        numbers = _numbers_alone(form.file)
        if strategy_of(form) == "SKIP" and numbers and answer.json["summary"]["duplicates"]:
            again = target(form.with_file(numbers).with_value(STRATEGY, "UPDATE"), answer.json)
            await forward(request.with_form(again))
        return answer

    return lambda: behave


def _joins(form: Form, report: Body) -> Form:
    return into_list(form, report["listId"]).with_value("tags", None)


def _tags_elsewhere(form: Form, _: Body) -> Form:
    return form.with_value("listId", None).with_value("listName", HIDDEN_LIST)


_G = Group.STRATEGIES

DEFECTS = (
    Defect(
        "update-is-skip",
        _G,
        "UPDATE leaves the contact as it was.",
        ("duplicates.update-replaces",),
        _strategy(_as(UPDATE="SKIP")),
    ),
    Defect(
        "update-is-duplicate",
        _G,
        "UPDATE creates a copy.",
        ("duplicates.update-keeps-the-contact",),
        _strategy(_as(UPDATE="DUPLICATE")),
    ),
    Defect(
        "skip-is-update",
        _G,
        "SKIP updates the contact.",
        ("duplicates.skip-leaves-the-contact", "duplicates.skip-counts"),
        _strategy(_as(SKIP="UPDATE")),
    ),
    Defect(
        "default-is-update",
        _G,
        "Without a strategy, UPDATE applies.",
        ("duplicates.skip-is-default",),
        _strategy(lambda _: "UPDATE", explicit=False),
    ),
    Defect(
        "default-is-duplicate",
        _G,
        "Without a strategy, DUPLICATE applies.",
        ("duplicates.skip-is-default",),
        _strategy(lambda _: "DUPLICATE", explicit=False),
    ),
    Defect(
        "duplicate-is-skip",
        _G,
        "DUPLICATE leaves the card out.",
        ("duplicates.copy-creates", "duplicates.copy-counts"),
        _strategy(_as(DUPLICATE="SKIP")),
    ),
    Defect(
        "duplicate-is-update",
        _G,
        "DUPLICATE changes the contact instead of creating a copy.",
        ("duplicates.copy-creates", "duplicates.in-file-copy"),
        _strategy(_as(DUPLICATE="UPDATE")),
    ),
    Defect(
        "always-create-or-update",
        _G,
        "Every import creates or updates, whatever the strategy, as the API reference says.",
        ("duplicates.skip-leaves-the-contact", "duplicates.copy-creates"),
        _strategy(lambda _: "UPDATE"),
    ),
    Defect(
        "update-blanks-absent-fields",
        _G,
        "UPDATE takes the email away where the card has none.",
        ("duplicates.update-never-blanks",),
        _after_update(_email_of_the_card),
    ),
    Defect(
        "update-replaces-tags",
        _G,
        "UPDATE leaves the contact with the tags of the import alone.",
        ("duplicates.update-adds-tags",),
        _after_update(_tags_of_the_form),
    ),
    Defect(
        "update-drops-tags",
        _G,
        "UPDATE forgets the tags of the import.",
        ("duplicates.update-adds-tags",),
        asking(UPLOAD, _without_tags),
    ),
    Defect(
        "update-moves-created-at",
        _G,
        "UPDATE changes `createdAt`.",
        ("duplicates.update-keeps-the-contact",),
        _after_update(_created_now),
    ),
    Defect(
        "update-stays-off-the-list",
        _G,
        "UPDATE does not put the contact on the list of the import.",
        ("duplicates.update-joins-the-list",),
        lambda: _update_stays_off_the_list,
    ),
    Defect(
        "update-lists-the-contact-again",
        _G,
        "UPDATE puts a contact that is on the list already there once more.",
        ("duplicates.update-keeps-the-contact",),
        lambda: _listing_again(_twice),
    ),
    Defect(
        "update-moves-the-contact-to-the-end",
        _G,
        "UPDATE moves a contact that is on the list already to its end.",
        ("list.order",),
        lambda: _listing_again(_last),
    ),
    Defect(
        "updates-count-as-skipped",
        _G,
        "A contact that UPDATE changed counts as skipped.",
        ("duplicates.update-counts", "upload.summary-skipped"),
        _counted(
            "UPDATE",
            lambda report: with_counts(
                report,
                imported=-report["summary"]["duplicates"],
                skipped=report["summary"]["duplicates"],
            ),
        ),
    ),
    Defect(
        "copies-are-no-duplicates",
        _G,
        "A card that DUPLICATE copied does not count as a duplicate.",
        ("duplicates.copy-counts",),
        _counted("DUPLICATE", lambda r: with_counts(r, duplicates=-r["summary"]["duplicates"])),
    ),
    Defect(
        "skip-joins-the-list",
        _G,
        "SKIP puts the existing contact on the list of the import.",
        ("duplicates.skip-leaves-the-lists",),
        _skip_then_update(_joins),
    ),
    Defect(
        "skip-adds-tags",
        _G,
        "SKIP adds the tags of the import to the existing contact.",
        ("duplicates.skip-leaves-the-contact",),
        _skip_then_update(_tags_elsewhere),
    ),
)
