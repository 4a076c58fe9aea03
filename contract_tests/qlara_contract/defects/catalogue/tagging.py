"""Defects of tags: how they are split, and what becomes of them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Group, each_contact, on_import
from qlara_contract.defects.imports import strategy_of
from qlara_contract.defects.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body
    from qlara_contract.forms import MultipartForm


def _each(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Show each tag of a contact otherwise than it is stored."""
    return _all(lambda tags: [change(each) for each in tags])


def _all(change: Callable[[list[str]], list[str]]) -> Callable[[], Behaviour]:
    """Show the tags of each contact otherwise than they are stored."""

    def changed(contact: Body) -> Body:
        tags = contact.get("tags")
        return contact | {"tags": change(tags)} if isinstance(tags, list) else contact

    return each_contact(changed)


def _split(pattern: str) -> Callable[[list[str]], list[str]]:
    compiled = re.compile(pattern)
    return lambda tags: [part for each in tags for part in compiled.split(each) if part]


def _sub(pattern: str, other: str = "") -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda tag: compiled.sub(other, tag)


def _only(pattern: str) -> Callable[[list[str]], list[str]]:
    compiled = re.compile(pattern)
    return lambda tags: [each for each in tags if compiled.fullmatch(each)]


def _quoted_as_a_list(form: MultipartForm) -> MultipartForm:
    tags = form.value("tags")
    return form if not tags else form.with_value("tags", f"[{tags}]")


def _without_update(form: MultipartForm) -> MultipartForm:
    return form.with_value("tags", None) if strategy_of(form) != "SKIP" else form


_tag = Kind(Group.TAGS, ("tags.all-in-order",), _each)
_odd = Kind(Group.TAGS, ("tags.of-any-kind",), _each)
_tags = Kind(Group.TAGS, ("tags.all-in-order",), _all)
_many = Kind(Group.TAGS, ("tags.of-any-kind",), _all)
_sent = Kind(Group.TAGS, ("tags.all-in-order",), on_import)

DEFECTS = (
    _tag("tags-escaped-as-html", "Tags are escaped as HTML: `a&c` becomes `a&amp;c`.", html.escape),
    _tag("tags-cut-at-10", "A tag is cut after 10 characters.", lambda tag: tag[:10]),
    _tag(
        "hyphens-of-tags-become-underscores", "Hyphens in tags become underscores.", _sub("-", "_")
    ),
    _tag(
        "accents-of-tags-lost",
        "Characters outside ASCII in tags are dropped.",
        _sub("[^\x00-\x7f]"),
    ),
    _tag("tags-as-slugs", "Tags keep letters, digits and hyphens alone.", _sub(r"[^\w-]")),
    _tag("tags-in-quotes", "Tags stand in quotation marks.", lambda tag: f'"{tag}"'),
    _tag("tags-with-a-hash", "Tags begin with `#`.", lambda tag: f"#{tag}"),
    _odd("tags-in-lower-case", "Tags are stored in lower case.", str.lower),
    _odd("spaces-of-tags-become-hyphens", "Spaces in tags become hyphens.", _sub(" ", "-")),
    _odd("tags-cut-at-32", "A tag is cut after 32 characters.", lambda tag: tag[:32]),
    _odd(
        "tags-in-latin-1-only",
        "Characters outside Latin-1 in tags become question marks.",
        lambda tag: tag.encode("latin-1", "replace").decode("latin-1"),
    ),
    _tags("last-tag-lost", "The last of several tags is lost.", lambda tags: tags[:-1] or tags),
    _tags("tags-of-digits-lost", "A tag of digits alone is dropped.", _only(r"(?!\d+$).+")),
    _tags("tags-split-at-hyphens", "Tags are split at hyphens.", _split("-")),
    _tags("tags-at-most-three", "Only the first three tags are kept.", lambda tags: tags[:3]),
    _tags(
        "a-tag-added",
        "Every contact has the tag `imported`, too.",
        lambda tags: [*tags, "imported"],
    ),
    _tags("tags-reversed", "The last tag comes first.", lambda tags: tags[::-1], "tags.order"),
    _many("tags-split-at-spaces", "Tags are split at spaces.", _split(" ")),
    _many("tags-of-one-letter-lost", "A tag of one letter is dropped.", _only("..+")),
    _many("tags-with-signs-lost", "A tag with `&` or `%` is dropped.", _only("[^&%]*")),
    _sent(
        "tags-as-a-list-in-brackets",
        "Tags are stored with brackets around them.",
        _quoted_as_a_list,
    ),
    _sent(
        "tags-with-skip-only",
        "Tags are given with SKIP only.",
        _without_update,
        "duplicates.update-adds-tags",
    ),
)
