"""Freedoms in choosing and checking numbers, and in tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.stages import Context

TABLE = Table()


def _no_extension(number: str, _: Context) -> str:
    return "" if re.search(r"ext|(?<=\d)\s*x", number, re.IGNORECASE) else number


TABLE.sets(
    "numbers",
    "telephone-first",
    "Of several TEL the first one is tried first.",
    telephones__choice="first",
)
TABLE.sets(
    "numbers",
    "telephone-last",
    "Of several TEL the last one is tried first.",
    telephones__choice="last",
)
TABLE.sets(
    "numbers",
    "telephone-only-first",
    "Only the first TEL counts.",
    telephones__choice="first",
    telephones__only_first=True,
)
TABLE.sets(
    "numbers", "telephone-fax-used", "A fax number is a number, too.", telephones__faxes=True
)
for region in ("DE", "GB", "US", "FR"):
    says = f"The account's default prefix is that of {region}."
    TABLE.sets("numbers", f"region-{region}", says, telephones__region=region)
TABLE.sets(
    "numbers", "mobiles-only", "Only mobile numbers are contacts.", telephones__kinds="mobile"
)
TABLE.sets(
    "numbers",
    "any-kind",
    "Premium and shared-cost numbers are contacts, too.",
    telephones__kinds="any",
)
TABLE.sets(
    "numbers",
    "lenient-numbers",
    "A number of a possible length is a number.",
    telephones__kinds="possible",
)
TABLE.changes(
    "numbers",
    "extension-refused",
    "A number with an extension is invalid.",
    stages.TELEPHONE,
    _no_extension,
)
TABLE.changes(
    "numbers",
    "tel-uri-parameters-refused",
    "A tel: URI with a parameter, as a local number needs one, is invalid.",
    stages.TELEPHONE,
    lambda number, _: "" if re.match(r"(?i)tel:[^;]*;", number) else number,
)
TABLE.changes(
    "numbers",
    "tel-uri-context-refused",
    "A local number with phone-context (RFC 3966) is invalid.",
    stages.TELEPHONE,
    lambda number, _: "" if "phone-context" in number.lower() else number,
)
TABLE.sets("tags", "tags-not-trimmed", "Blanks around tags are kept.", tags__trim=False)
TABLE.sets("tags", "tags-repeated", "A tag may be there twice.", tags__once=False)
TABLE.sets("tags", "tags-sorted", "Tags are sorted.", tags__order="sorted")
TABLE.sets("tags", "tags-lower-case", "Tags are in lower case.", tags__case="lower")
TABLE.sets("tags", "tags-at-most-10", "A contact gets at most 10 tags of an import.", tags__most=10)
TABLE.sets("tags", "tags-255", "The field tags has at most 255 characters.", tags__longest=255)
