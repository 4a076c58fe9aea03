"""JUnit: the counts of each suite and of the whole, and text that XML can hold."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

from qlara_contract.report.junit import document, xml_safe

STARTED = datetime(2026, 4, 9, 11, 0, 10)  # noqa: DTZ001 - as it is written


def test_counts_are_those_of_the_cases() -> None:
    root = ET.Element("testsuites")
    for name, results in {"a": ["failure", None], "b": ["skipped", "error", None]}.items():
        suite = ET.SubElement(root, "testsuite", name=name)
        for result in results:
            case = ET.SubElement(suite, "testcase")
            if result:
                ET.SubElement(case, result)

    read = ET.fromstring(document(root, STARTED))  # noqa: S314 - our own

    names = ("tests", "failures", "errors", "skipped")
    counts = [[each.get(name) for name in names] for each in (read, *read)]
    assert counts == [["5", "1", "1", None], ["2", "1", "0", "0"], ["3", "0", "1", "1"]]
    assert [each.get("timestamp") for each in read] == ["2026-04-09T11:00:10"] * 2


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert xml_safe("a\x00b\ud800\n\t😀\ufffe") == "a\ufffdb\ufffd\n\t😀\ufffd"
