from __future__ import annotations

import yaml

from docs.generate.assumptions import README, SPEC, table, written


def test_the_readme_lists_every_assumption_of_the_contract() -> None:
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    readme = README.read_text(encoding="utf-8")

    assert table(document).count("\n") > 20
    assert readme == written(readme, document), "run: python -m docs.generate.assumptions"
