from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.qlara_mcp.asking import Agent, agent

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def asking() -> Iterator[Agent]:
    """Start a sandbox for an agent; tests use keys of their own."""
    with agent() as one:
        yield one
