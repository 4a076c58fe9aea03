"""The page of performance shows the figures of the last full run."""

from __future__ import annotations

from benchmarks import chart, results
from docs.generate import performance
from tests.benchmarks import figures


def test_the_page_and_its_chart_show_the_last_full_run() -> None:
    assert performance.page() == performance.PAGE.read_text(encoding="utf-8"), "run: make docs"
    expected = chart.svg(results.last_full_run())
    assert performance.CHART.read_text(encoding="utf-8") == expected, "run: make docs"


def test_the_page_has_a_place_for_all_figures() -> None:
    page = performance.PAGE.read_text(encoding="utf-8")

    assert [name for name in performance.FIGURES if f"<!-- figures: {name} -->" not in page] == []


def test_other_results_give_another_page_with_the_same_words() -> None:
    shown = performance.page(figures.results())

    assert "Version 0.1.0 of the sandbox. A Processor, 2 cores, Linux 6.1" in shown
    assert "3 windows of 1 s for each figure, 10 minutes altogether." in shown
    assert "Prism was left out: npm install failed." in shown
    assert "| WireMock | 1.2.3 | 1.55 s |" in shown
    assert performance.page(figures.results()) == shown
