"""The composite action installs the package itself, from its own folder, and starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.test_action import QUOTA, Runner

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.clients


def test_the_action_starts_what_it_has_installed(tmp_path: Path) -> None:
    runner = Runner(tmp_path)

    assert runner.use(port="0") == 0, runner.printed
    quota = httpx.get(runner.output("url") + QUOTA, headers={"X-Api-Key": "YOUR_API_KEY"})
    assert runner.use(stop="true") == 0, runner.printed
    assert quota.json() == {"used": 0, "total": 50000}
    assert [path.name for path in (tmp_path / "qlara-sandbox" / "command").iterdir()] == [
        "qlara-sandbox"
    ]
