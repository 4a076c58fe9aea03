"""Which elements and attributes a JUnit file may have, as Jenkins reads it (junit-10.xsd of its xUnit plugin)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

_COUNTS = {"tests", "failures", "errors"}
_TIME = re.compile(r"[0-9]{0,3}(,?[0-9]{3})*(\.[0-9]*)?")
_MESSAGE = {"type", "message"}
# By element: attributes that it needs, others that it may have, and what may stand in it.
_ELEMENTS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", *_COUNTS}, {"testsuite"}),
    "testsuite": (
        {"name", *_COUNTS},
        {
            *("group", "time", "skipped", "timestamp", "hostname"),
            *("id", "package", "file", "log", "url"),
        },
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), _MESSAGE, set()),
    "error": (set(), _MESSAGE, set()),
    "skipped": (set(), _MESSAGE, set()),
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}


def mistakes(element: Element) -> Iterator[str]:
    """Yield what the schema does not allow of an element and of all that stands in it."""
    needed, allowed, within = _ELEMENTS[element.tag]
    given = set(element.attrib)
    for name in sorted(needed - given):
        yield f"{element.tag} lacks {name}"
    for name in sorted(given - needed - allowed):
        yield f"{element.tag} has {name}"
    if not _TIME.fullmatch(element.get("time", "")):
        yield f"{element.tag}: no time: {element.get('time')}"
    for inner in element:
        if inner.tag in within:
            yield from mistakes(inner)
        else:
            yield f"{inner.tag} in {element.tag}"
