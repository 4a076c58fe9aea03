"""Stories that are told last: what was imported early in the run is still there, and as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.story import exercises, lasting_part
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.run import Remembered
    from qlara_contract.story import ListPage, Story

_LISTS = 3
_TICK = 1.1  # seconds after which a time that has no fractions is another one
_SHOWN = 3


@exercises(
    "list.every-contact-once", "duplicates.update-keeps-the-contact", "duplicates.update-replaces"
)
def test_what_was_imported_is_still_there(story: Story) -> None:
    remembered = story.run.remembered[:_LISTS]
    if not remembered:
        for promise in story.promises:
            story.not_exercised(promise, "no list was read whole")
        return
    # The first contact of the second list was updated before.
    updated = _update_one(story, remembered[min(1, len(remembered) - 1)])
    for each in remembered:
        page = story.read(each.list_id)
        story.expect(
            "list.every-contact-once",
            sorted({_number(one) for one in each.contacts} - set(map(str, page.numbers))),
            [],
            page.exchange,
            "Contacts that a list held are gone later in the run.",
        )
        _expect_same(story, each, page, updated)


def _update_one(story: Story, earlier: Remembered) -> str:
    """Update the first contact of a list a while after it was imported; return its number."""
    if not story.run.may_write(1) or not earlier.contacts:
        story.not_exercised("duplicates.update-keeps-the-contact", "the run may not import more")
        return ""
    story.run.wait_since(earlier.at, _TICK)
    number = _number(earlier.contacts[0])
    # A comparison by a collation of a database takes it for the same name.
    text = card(_in_capitals(earlier.contacts[0]), f"TEL:{number}", email="anna@example.com")
    story.upload(text, strategy="UPDATE", list_id=earlier.list_id)
    return number


def _in_capitals(contact: Mapping[str, Any]) -> str:
    return str(contact.get("name")).upper()


def _expect_same(story: Story, earlier: Remembered, page: ListPage, updated: str) -> None:
    """Compare each contact with what it was; of an updated one, what an UPDATE must leave alone."""
    due = {_number(each): each for each in earlier.contacts}
    changed = []
    for each in page.contacts:
        number = _number(each)
        part = _identity if number == updated else lasting_part
        got, expected = part(each), part(due.get(number, each))
        if got != expected:
            changed.append((got, expected))
    if updated in due:
        story.expect(
            "duplicates.update-replaces",
            [each.get("name") for each in page.numbered(updated)],
            [_in_capitals(due[updated])],
            page.exchange,
            "UPDATE did not replace a name by the same one in capitals.",
        )
    if updated:
        story.expect(
            "duplicates.update-keeps-the-contact",
            [got for got, _ in changed[:_SHOWN]],
            [expected for _, expected in changed[:_SHOWN]],
            page.exchange,
            f"An UPDATE of {updated} changed more than name, email and tags of that contact.",
        )


def _identity(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an UPDATE leaves alone."""
    return {name: contact.get(name) for name in ("contactId", "phoneNumber", "createdAt")}


def _number(contact: Mapping[str, Any]) -> str:
    return str(contact.get("phoneNumber"))
