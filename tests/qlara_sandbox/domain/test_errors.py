from __future__ import annotations

import pytest

from qlara_sandbox.domain.errors import FileTooLarge, human_size


@pytest.mark.parametrize(
    ("octets", "shown"),
    [(10_485_760, "10 MB"), (2048, "2 KB"), (1000, "1000 bytes"), (1_048_577, "1048577 bytes")],
)
def test_sizes_are_shown_in_the_largest_unit_that_is_exact(octets: int, shown: str) -> None:
    assert human_size(octets) == shown


def test_the_refusal_of_a_large_file_names_the_limit_as_documented() -> None:
    assert FileTooLarge(10_485_760).data == {"file": "File size exceeds maximum allowed (10 MB)"}
