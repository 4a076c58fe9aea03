from __future__ import annotations

import yaml

from docs.generate.assumptions import PAGE, SPEC, page, table


def test_the_page_lists_every_assumption_of_the_contract() -> None:
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))

    assert table(document).count("\n") > 20
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"
