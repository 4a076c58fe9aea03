from __future__ import annotations

import re

from qlara_sandbox.state.ids import Ids


def test_planned_ids_come_first_then_made_ones() -> None:
    ids = Ids("seed", {"import": ["imp_v1c2a3r4d5"]})

    assert ids.next("import") == "imp_v1c2a3r4d5"
    assert re.fullmatch(r"imp_[a-z0-9]{10}", ids.next("import"))


def test_the_same_seed_gives_the_same_ids_and_another_one_does_not() -> None:
    def first_three(seed: str) -> list[str]:
        ids = Ids(seed)
        return [ids.next("list") for _ in range(3)]

    assert first_three("a") == first_three("a")
    assert first_three("a") != first_three("b")
