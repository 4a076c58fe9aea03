"""Freedoms in how lists come to be, and in ids."""

from __future__ import annotations

from tests.foreign.switch import Table

TABLE = Table()


TABLE.sets(
    "lists",
    "list-name-taken-409",
    "A list name that is taken is refused with 409.",
    lists__same_name="conflict",
)
TABLE.sets(
    "lists",
    "list-name-taken-400",
    "A list name that is taken is refused with 400.",
    lists__same_name="refuse",
)
TABLE.sets(
    "lists",
    "list-name-reused",
    "A list name that is taken names that list.",
    lists__same_name="reuse",
)
TABLE.sets("lists", "list-by-name-403", "This key may not make lists.", lists__by_name="forbid")
TABLE.sets(
    "lists", "list-by-name-400", "Lists cannot be made by an import.", lists__by_name="refuse"
)
TABLE.sets(
    "lists",
    "list-unknown-made",
    "An import into an unknown list makes it.",
    lists__unknown_id="create",
)
TABLE.sets(
    "lists",
    "list-unknown-400",
    "An unknown list is refused with 400.",
    lists__unknown_status=400,
)
TABLE.sets(
    "lists",
    "list-unknown-403",
    "An unknown list is refused with 403.",
    lists__unknown_status=403,
)
TABLE.sets(
    "lists",
    "list-unknown-422",
    "An unknown list is refused with 422.",
    lists__unknown_status=422,
)
TABLE.sets("lists", "list-both-id", "Of listId and listName the id counts.", lists__both="id")
TABLE.sets("lists", "list-both-name", "Of listId and listName the name counts.", lists__both="name")
TABLE.sets(
    "lists",
    "list-neither-default",
    "Without listId and listName the first list is taken.",
    lists__neither="default",
)
TABLE.sets(
    "lists", "list-name-60", "A list name has at most 60 characters.", lists__longest_name=60
)
TABLE.sets(
    "lists", "list-name-500", "A list name has at most 500 characters.", lists__longest_name=500
)
TABLE.sets("lists", "list-name-ascii", "A list name is written in ASCII.", lists__ascii_names=True)
styles = {
    "list": "uuid integer slash space plus unicode dots long percent colon query base64 upper tilde one-letter",
    "contact": "uuid integer slash unicode object long query",
    "import": "uuid integer colon unicode base64 object",
}
for what, names in styles.items():
    for style in names.split():
        says = f"Ids of {what}s are of the style {style}."
        TABLE.sets("ids", f"{what}-id-{style}", says, **{f"shown__{what}_ids": style})
