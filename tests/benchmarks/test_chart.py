"""The chart is a picture with a bar for each server, whatever was measured."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks import chart
from tests.benchmarks.figures import results

NAME = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [it.text or "" for it in ET.fromstring(picture).iter(f"{NAME}text")]  # noqa: S314 - ours


def test_each_measurement_is_a_panel_with_a_bar_for_each_server() -> None:
    picture = chart.svg(results())

    bars = [it for it in ET.fromstring(picture).iter(f"{NAME}rect") if it.get("class") != "page"]  # noqa: S314 - ours
    assert len(bars) == 2 * 4 + 2 * 3 + 2 * 4
    shown = texts(picture)
    assert shown[:4] == [
        "List of ten contacts: responses a second",
        "16 connections; more is better",
        "bare Starlette",
        "1\N{NO-BREAK SPACE}000",
    ]
    assert shown[-2:] == ["WireMock", "110 MB"]


def test_the_longest_bar_is_that_of_the_highest_value_and_all_fit_the_picture() -> None:
    tree = ET.fromstring(chart.svg(results()))  # noqa: S314 - ours

    width = float(tree.get("width", 0))
    bars = [it for it in tree.iter(f"{NAME}rect") if it.get("class") != "page"]
    ends = [float(it.get("x", 0)) + float(it.get("width", 0)) for it in bars]
    assert max(ends) < width
    assert bars[0].get("class") == "bare"
    assert float(bars[0].get("width", 0)) == max(float(it.get("width", 0)) for it in bars)


def test_it_is_readable_on_dark_pages_too() -> None:
    assert "@media (prefers-color-scheme: dark)" in chart.svg(results())


def test_names_are_text_and_no_markup() -> None:
    found = results()
    found["list"]["16"] = {"<b> & co": found["list"]["16"]["WireMock"]}

    assert "<b> & co" in texts(chart.svg(found))


def test_without_results_there_is_an_empty_picture() -> None:
    assert texts(chart.svg({})) == []
