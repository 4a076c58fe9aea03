"""Defects of strategies: what becomes of a contact that a card meets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from qlara_contract.defects.defect import Defect, Group, on_request, stateful
from qlara_contract.defects.files import CardText, bytes_of, cards_of, change_cards
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
    from qlara_contract.defects.messages import ServedRequest, ServedResponse
    from qlara_contract.forms import MultipartForm


def _strategy(change: Callable[[str], str], *, explicit: bool = True) -> Callable[[], Behaviour]:
    """Import with another strategy than the one asked for; *explicit*: also where one is named."""

    def changed(request: ServedRequest) -> ServedRequest:
        form = request.form
        if form is None or (form.value(STRATEGY) is not None and not explicit):
            return request
        return request.with_form(form.with_value(STRATEGY, change(strategy_of(form))))

    return on_request(UPLOAD, changed)


def _as(**others: str) -> Callable[[str], str]:
    return lambda strategy: others.get(strategy, strategy)


def _counted(strategy: str, change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change the report of each import with this strategy."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        form = request.form
        if form is None or strategy_of(form) != strategy or response.status != 200:
            return response
        return response.with_json(change(response.json))

    return lambda: behave


def _after_update(
    change: Callable[[Body, CardText, MultipartForm], Body],
) -> Callable[[], Behaviour]:
    """Show each contact that an UPDATE met otherwise from then on.

    *change* says what it looks like, given the contact, the card, and the form that brought it.
    """

    def begin() -> Behaviour:
        shown: dict[tuple[str, str], dict[str, Callable[[Body], Body]]] = defaultdict(dict)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            changes = shown[request.account]
            body = response.json
            if response.status != 200 or request.operation not in (UPLOAD, LIST):
                return response
            if request.operation == LIST:
                contacts = [
                    changes.get(each["contactId"], _same)(each) for each in body["contacts"]
                ]
                return response.with_json(body | {"contacts": contacts})
            form = request.form
            if form is not None and form.file is not None and strategy_of(form) == "UPDATE":
                contacts = await contacts_of(request, forward, body["listId"])
                for card in cards_of(form.file):
                    for each in contacts:
                        if card.is_of(each["phoneNumber"]):
                            changes[each["contactId"]] = _changing(change, card, form)
            return response

        return behave

    return begin


def _same(contact: Body) -> Body:
    return contact


def _changing(
    change: Callable[[Body, CardText, MultipartForm], Body], card: CardText, form: MultipartForm
) -> Callable[[Body], Body]:
    return lambda contact: change(contact, card, form)


def _email_of_the_card(contact: Body, card: CardText, _: MultipartForm) -> Body:
    return contact if card.value("EMAIL") else {k: v for k, v in contact.items() if k != "email"}


def _tags_of_the_form(contact: Body, _: CardText, form: MultipartForm) -> Body:
    return contact | {"tags": [each for each in (form.value("tags") or "").split(",") if each]}


def _name_as_written(contact: Body, card: CardText, _: MultipartForm) -> Body:
    return contact | {"name": card.value("FN")}


def _created_now(contact: Body, _: CardText, __: MultipartForm) -> Body:
    return contact | {"createdAt": "2030-01-01T00:00:00+01:00"}


def _listing_again(arranged: Callable[[list[Body], list[str]], list[Body]]) -> Behaviour:
    """Arrange a list anew where an UPDATE met contacts that were on it already.

    *arranged* is given the contacts of a page and the ids of those that were met.
    """
    met: dict[tuple[tuple[str, str], str], list[str]] = defaultdict(list)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        list_id = (form.value("listId") if form else None) or ""
        if form is not None and form.file is not None and list_id and strategy_of(form) == "UPDATE":
            for each in await contacts_of(request, forward, list_id):
                if any(card.is_of(each["phoneNumber"]) for card in cards_of(form.file)):
                    met[request.account, list_id].append(each["contactId"])
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        body = response.json
        contacts = arranged(body["contacts"], met[request.account, body["listId"]])
        return response.with_json(body | {"contacts": contacts})

    return behave


def _twice(contacts: list[Body], met: list[str]) -> list[Body]:
    return contacts + [each for each in contacts if each["contactId"] in met]


def _last(contacts: list[Body], met: list[str]) -> list[Body]:
    return sorted(contacts, key=lambda each: each["contactId"] in met)


def _without_tags(request: ServedRequest) -> ServedRequest:
    form = request.form
    if form is None or strategy_of(form) != "UPDATE":
        return request
    return request.with_form(form.with_value("tags", None))


async def _update_stays_off_the_list(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Create what is new in the list that was asked for, and update the rest in a hidden one."""
    form = request.form
    if form is None or strategy_of(form) != "UPDATE":
        return await forward(request)
    response = await forward(request.with_form(form.with_value(STRATEGY, "SKIP")))
    if response.status != 200:
        return response
    hidden = form.with_value("listId", None).with_value("listName", HIDDEN_LIST)
    await forward(request.with_form(hidden))
    repeated = response.json["summary"]["duplicates"]
    return response.with_json(with_counts(response.json, imported=repeated, skipped=-repeated))


def _numbers_alone(content: bytes) -> bytes:
    """Return the file with nothing but the telephone numbers of its cards."""
    tels = (card.first("TEL") for card in cards_of(content))
    return b"".join(
        bytes_of(f"BEGIN:VCARD\r\nVERSION:3.0\r\n{tel}\r\nEND:VCARD\r\n") for tel in tels if tel
    )


def _skip_then_update(
    target: Callable[[MultipartForm, Body], MultipartForm],
) -> Callable[[], Behaviour]:
    """After a SKIP, update the same contacts with nothing but their numbers, as *target* says."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        form = request.form
        if form is None or form.file is None or response.status != 200:
            return response
        numbers = _numbers_alone(form.file)
        if strategy_of(form) == "SKIP" and numbers and response.json["summary"]["duplicates"]:
            again = target(form.with_file(numbers).with_value(STRATEGY, "UPDATE"), response.json)
            await forward(request.with_form(again))
        return response

    return lambda: behave


def _joins(form: MultipartForm, report: Body) -> MultipartForm:
    return into_list(form, report["listId"]).with_value("tags", None)


def _tags_elsewhere(form: MultipartForm, _: Body) -> MultipartForm:
    return form.with_value("listId", None).with_value("listName", HIDDEN_LIST)


def _before_update(
    remember: Callable[[list[Body], list[CardText], MultipartForm], dict[str, Any]],
    shown: Callable[[Body, Any], Body],
) -> Callable[[], Behaviour]:
    """Show contacts otherwise after an UPDATE of their list, by what was so before it.

    *remember* is given the contacts of the list, the cards and the form, and returns what *shown* needs
    of a contact, by its id.
    """

    def begin() -> Behaviour:
        kept: dict[str, Any] = {}

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            form = request.form if request.operation == UPLOAD else None
            list_id = form.value("listId") if form else ""
            if form is not None and form.file and list_id and strategy_of(form) == "UPDATE":
                contacts = await contacts_of(request, forward, list_id)
                kept.update(remember(contacts, cards_of(form.file), form))
            response = await forward(request)
            if request.operation != LIST or response.status != 200:
                return response
            body = response.json
            contacts = [
                shown(each, kept[each["contactId"]]) if each["contactId"] in kept else each
                for each in body["contacts"]
            ]
            return response.with_json(body | {"contacts": contacts})

        return behave

    return begin


def _same_but_for_case(
    contacts: list[Body], cards: list[CardText], _: MultipartForm
) -> dict[str, Any]:
    return {
        each["contactId"]: each["name"]
        for each in contacts
        for card in cards
        if card.is_of(each["phoneNumber"])
        and card.value("FN").casefold() == each["name"].casefold()
    }


def _tags_shared() -> Behaviour:
    """Add the tags of an UPDATE to all contacts that were imported together with one that it met."""
    added: dict[str, list[str]] = {}  # by the last digits of a number

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        if form is not None and form.file and strategy_of(form) == "UPDATE":
            tags = (form.value("tags") or "").split(",")
            added.update({card.number: tags for card in cards_of(form.file)})
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        contacts = response.json["contacts"]
        more = {
            each["createdAt"]: tags
            for each in contacts
            for number, tags in added.items()
            if number and each["phoneNumber"].endswith(number)
        }
        shown = [
            each | {"tags": [*dict.fromkeys([*each["tags"], *more.get(each["createdAt"], ())])]}
            for each in contacts
        ]
        return response.with_json(response.json | {"contacts": shown})

    return behave


def _once_updated(then: str, instead: str) -> Callable[[], Behaviour]:
    """Import numbers that an UPDATE has met before with strategy *instead*, where *then* is asked for."""

    def begin() -> Behaviour:
        updated: dict[str, set[str]] = defaultdict(set)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            form = request.form if request.operation == UPLOAD else None
            if form is None or not form.file:
                return await forward(request)
            numbers = {card.number for card in cards_of(form.file) if card.number}
            is_known = bool(numbers) and numbers <= updated[request.key]
            if strategy_of(form) == "UPDATE":
                updated[request.key] |= numbers
            if not is_known or strategy_of(form) != then:
                return await forward(request)
            return await forward(request.with_form(form.with_value(STRATEGY, instead)))

        return behave

    return begin


async def _update_by_the_last_digits(request: ServedRequest, forward: Forward) -> ServedResponse:
    form = request.form if request.operation == UPLOAD else None
    list_id = form.value("listId") if form else ""
    if form is None or not form.file or not list_id or strategy_of(form) != "UPDATE":
        return await forward(request)
    contacts = await contacts_of(request, forward, list_id)
    numbers = {
        str(each["phoneNumber"])[-_COMPARED:]: each["phoneNumber"] for each in contacts[::-1]
    }

    def of_the_first(card: CardText) -> CardText:
        number = numbers.get(card.number[-_COMPARED:])
        return card.with_tel(number) if number else card

    return await forward(request.with_form(form.with_file(change_cards(form.file, of_the_first))))


_COMPARED = 6
_G = Group.STRATEGIES

DEFECTS = (
    Defect(
        "update-is-skip",
        _G,
        "UPDATE does not change the contact.",
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
        "DUPLICATE skips the card.",
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
        "UPDATE removes the email if the card has none.",
        ("duplicates.update-never-blanks",),
        _after_update(_email_of_the_card),
    ),
    Defect(
        "update-replaces-tags",
        _G,
        "UPDATE replaces the tags of the contact with those of the import.",
        ("duplicates.update-keeps-tags",),
        _after_update(_tags_of_the_form),
    ),
    Defect(
        "update-drops-tags",
        _G,
        "UPDATE drops the tags of the import.",
        ("duplicates.update-adds-tags",),
        on_request(UPLOAD, _without_tags),
    ),
    Defect(
        "update-moves-created-at",
        _G,
        "UPDATE changes `createdAt`.",
        ("duplicates.update-keeps-the-contact",),
        _after_update(_created_now),
    ),
    Defect(
        "update-by-the-last-digits",
        _G,
        "UPDATE changes the first contact of the list whose number ends with the same six digits.",
        ("duplicates.by-number-only",),
        lambda: _update_by_the_last_digits,
    ),
    Defect(
        "second-update-ignored",
        _G,
        "A contact is updated once; a second UPDATE changes nothing.",
        ("duplicates.update-replaces",),
        _once_updated("UPDATE", "SKIP"),
    ),
    Defect(
        "updated-contacts-not-found",
        _G,
        "After an UPDATE, a contact is not found any more, and SKIP imports it again.",
        ("quota.duplicates-cost-nothing",),
        _once_updated("SKIP", "DUPLICATE"),
    ),
    Defect(
        "update-keeps-escapes",
        _G,
        "UPDATE takes a name with its backslashes, as it stands in the file.",
        ("duplicates.update-replaces",),
        _after_update(_name_as_written),
    ),
    Defect(
        "update-ignores-letter-case",
        _G,
        "UPDATE leaves a name that differs in letter case alone.",
        ("duplicates.update-replaces",),
        _before_update(_same_but_for_case, lambda contact, name: contact | {"name": name}),
    ),
    Defect(
        "tags-shared-by-an-import",
        _G,
        "An UPDATE gives its tags to each contact that was imported together with one that it meets.",
        ("duplicates.update-keeps-the-contact",),
        stateful(_tags_shared),
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
        "UPDATE adds a contact to the list even if it is already there.",
        ("duplicates.update-keeps-the-contact",),
        lambda: _listing_again(_twice),
    ),
    Defect(
        "update-moves-the-contact-to-the-end",
        _G,
        "UPDATE moves a contact that is already on the list to its end.",
        ("list.order",),
        lambda: _listing_again(_last),
    ),
    Defect(
        "updates-count-as-skipped",
        _G,
        "A contact that UPDATE changed counts as skipped.",
        (
            "duplicates.update-counts",
            "upload.summary-skipped-otherwise",
        ),
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
