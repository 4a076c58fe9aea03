"""Stories about refusals: what is learnt from one."""

from __future__ import annotations

import pytest

from qlara_contract.engine import check_deployment
from qlara_contract.settings import RunSettings
from tests.foreign.serving import KEY, running


@pytest.mark.parametrize(
    ("freedom", "known", "otherwise"),
    [
        ("size-decimal", {"file.maximum": 10_000_000}, []),
        ("size-of-request", {}, ["upload.largest-file"]),
    ],
)
def test_ten_megabytes_are_decimal_if_so_many_bytes_are_too_many(
    freedom: str, known: dict[str, int], otherwise: list[str]
) -> None:
    with running([freedom]) as url:
        outcome = check_deployment(RunSettings(url, KEY, only=("upload.largest-file",)))
    assert (outcome.conventions.known, list(outcome.otherwise)) == (known, otherwise)
