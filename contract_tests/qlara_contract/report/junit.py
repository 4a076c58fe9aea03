"""What every JUnit report needs: counts, times, text that XML can hold, and the document itself.

The attributes are those of Jenkins' schema (junit-10.xsd of its xUnit plugin).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # writes only

if TYPE_CHECKING:
    from datetime import datetime


def document(root: ET.Element, started: datetime) -> str:
    """Return *root* (``testsuites``) as a document: with counts, and when its suites began."""
    for group in [*root, root]:
        cases = list(group.iter("testcase"))
        group.set("tests", str(len(cases)))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            group.set(name, str(sum(each.find(tag) is not None for each in cases)))
    del root.attrib["skipped"]  # only suites have it
    for suite in root:
        suite.set("timestamp", started.isoformat(timespec="seconds"))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def xml_safe(text: str) -> str:
    """Return *text* without the characters that XML 1.0 cannot hold."""
    return "".join(char if _is_xml(char) else "\ufffd" for char in text)


def _is_xml(char: str) -> bool:
    return (
        char in "\t\n\r"
        or " " <= char <= "\ud7ff"
        or "\ue000" <= char <= "\ufffd"
        or char >= "\U00010000"
    )
