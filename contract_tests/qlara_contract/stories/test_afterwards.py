"""Stories that are told last: what was imported early in the run is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.story import exercises

if TYPE_CHECKING:
    from qlara_contract.story import Story

_LISTS = 2


@exercises("list.every-contact-once")
def test_what_was_imported_is_still_there(story: Story) -> None:
    for list_id, numbers in list(story.run.remembered.items())[:_LISTS]:
        page = story.read(list_id)
        story.expect(
            "list.every-contact-once",
            sorted(numbers - set(map(str, page.numbers))),
            [],
            page.exchange,
            "Contacts that a list held are gone later in the run.",
        )
    if not story.run.remembered:
        story.not_exercised("list.every-contact-once", "no list was read whole")
