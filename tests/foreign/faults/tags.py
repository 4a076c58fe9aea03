"""Faults in tags: UC-020 associates them with all imported contacts."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context
    from tests.foreign.store import Contact

TABLE = Table()


def _tags(name: str, says: str, change: Callable[[list[str]], list[str]]) -> None:
    TABLE.changes("tags", f"tags-{name}", says, stages.TAGS, lambda tags, _: change(tags))


def _each(name: str, says: str, change: Callable[[str], str]) -> None:
    _tags(name, says, lambda tags: [change(tag) for tag in tags])


def _contact(name: str, says: str, loses: Callable[[Contact, Context], object]) -> None:
    def change(contact: Contact, context: Context) -> Contact:
        if loses(contact, context):
            contact.tags = []
        return contact

    TABLE.changes("tags", f"tags-{name}", says, stages.CONTACT, change)


def _imported_before(context: Context) -> int:
    context.memory[id(context)] = context.memory.get(id(context), 0) + 1
    return int(context.memory[id(context)]) - 1


_tags("lost", "Contacts have no tags.", lambda _: [])
_tags("first-only", "Only the first tag is kept.", lambda tags: tags[:1])
_tags(
    "last-lost",
    "The last of several tags is lost.",
    lambda tags: tags[:-1] if len(tags) > 1 else tags,
)
_tags("not-split", "Tags are not split.", lambda tags: [",".join(tags)] if tags else [])
_tags(
    "split-at-blanks",
    "Tags are split at blanks.",
    lambda tags: [word for tag in tags for word in tag.split()],
)
_tags(
    "split-at-hyphens",
    "Tags are split at hyphens.",
    lambda tags: [word for tag in tags for word in tag.split("-") if word],
)
_tags(
    "split-at-semicolons",
    "Tags are split at semicolons.",
    lambda tags: [word for tag in tags for word in tag.split(";") if word],
)
_tags("another-added", "Every contact gets the tag imported.", lambda tags: [*tags, "imported"])
_tags("characters", "Tags are split into characters.", lambda tags: list("".join(tags)))
_each("cut-10", "A tag is cut after 10 characters.", lambda tag: tag[:10])
_each("cut-20", "A tag is cut after 20 characters.", lambda tag: tag[:20])
_each("cut-25", "A tag is cut after 25 characters.", lambda tag: tag[:25])
_each("dots-lost", "Full stops in tags are lost.", lambda tag: tag.replace(".", ""))
_each("blanks-lost", "Blanks in tags are lost.", lambda tag: tag.replace(" ", ""))
_each("hyphen-lost", "Hyphens in tags are lost.", lambda tag: tag.replace("-", ""))
_each(
    "hyphen-is-underscore", "Hyphens in tags become underscores.", lambda tag: tag.replace("-", "_")
)
_each("blank-is-hyphen", "Blanks in tags become hyphens.", lambda tag: tag.replace(" ", "-"))
_each("html-escaped", "Tags are escaped as HTML.", html.escape)
_each(
    "non-ascii-lost",
    "Characters beyond ASCII in tags are lost.",
    lambda tag: tag.encode("ascii", "ignore").decode() or "tag",
)
_each("mojibake", "Tags in UTF-8 are read as Latin-1.", lambda tag: tag.encode().decode("latin-1"))
_each("plus-is-blank", "A plus in a tag becomes a blank.", lambda tag: tag.replace("+", " "))
_each("digits-lost", "Digits in tags are lost.", lambda tag: re.sub(r"\d", "", tag) or "tag")
_each("quoted", "Tags are in quotation marks.", lambda tag: f'"{tag}"')
_contact(
    "first-contact-only",
    "Only the first contact of an import is tagged.",
    lambda _, context: _imported_before(context) > 0,
)
_contact(
    "100-contacts",
    "Only the first 100 contacts of an import are tagged.",
    lambda _, context: _imported_before(context) >= 100,
)
_contact(
    "without-email-lost",
    "A contact without an e-mail address is not tagged.",
    lambda contact, _: not contact.email,
)
_contact(
    "with-update-lost",
    "New contacts of an UPDATE are not tagged.",
    lambda _, context: context.strategy == "UPDATE",
)
_contact(
    "new-list-lost",
    "Contacts of a new list are not tagged.",
    lambda _, context: "listName" in context.fields,
)


def _of_import_before(tags: list[str], context: Context) -> list[str]:
    before = context.memory.get("tags", [])
    context.memory["tags"] = tags
    return tags or list(before)


def _joined(shown: dict[str, Any], _: Context) -> dict[str, Any]:
    return shown | {"tags": ",".join(shown["tags"])}


def _objects(shown: dict[str, Any], _: Context) -> dict[str, Any]:
    return shown | {"tags": [{"name": tag} for tag in shown["tags"]]}


def _null(shown: dict[str, Any], _: Context) -> dict[str, Any]:
    return shown | {"tags": shown["tags"] or None}


def _without(shown: dict[str, Any], _: Context) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name != "tags"}


TABLE.changes(
    "tags",
    "tags-of-import-before",
    "An import without tags uses those of the import before.",
    stages.TAGS,
    _of_import_before,
)
TABLE.changes("tags", "tags-joined", "Tags are shown as one text.", stages.SHOWN, _joined)
TABLE.changes("tags", "tags-objects", "Tags are shown as objects.", stages.SHOWN, _objects)
TABLE.changes("tags", "tags-null", "No tags are shown as null.", stages.SHOWN, _null)
TABLE.changes("tags", "tags-not-shown", "Tags are not shown.", stages.SHOWN, _without)
