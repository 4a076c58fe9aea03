from __future__ import annotations

from docs.generate.traffic import PAGE, page


def test_the_page_says_what_the_judge_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"
