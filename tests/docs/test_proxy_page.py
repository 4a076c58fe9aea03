"""The page on the proxy says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from qlara_cli import main
from qlara_proxy.forwarding import heads, hub, keeping, refusals
from qlara_proxy.watching import MOST_WAITING

PAGE = (Path(__file__).parents[2] / "docs" / "proxy.md").read_text(encoding="utf-8")


def test_every_option_that_the_page_names_is_one() -> None:
    options = set(re.findall(r"(--[a-z-]+)", CliRunner().invoke(main, ["proxy", "--help"]).output))
    of_others = {"--defect"}

    assert set(re.findall(r"`?(--[a-z][a-z-]+)", PAGE)) - options == of_others


def test_the_page_names_every_option_but_the_usual_ones() -> None:
    options = set(re.findall(r"(--[a-z-]+)", CliRunner().invoke(main, ["proxy", "--help"]).output))
    usual = {"--help", "--insecure", "--log-format", "--port", "--quiet"}

    assert options - set(re.findall(r"(--[a-z-]+)", PAGE)) == usual


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    assert f"larger than {heads.MOST_HEAD_BYTES // 1024} KB" in PAGE
    assert f"more than {keeping.IN_MEMORY // 1024} KB" in PAGE
    assert f"at most {keeping.MOST_BYTES // 1024**2} MB" in PAGE
    assert f"more than {MOST_WAITING}\nwaiting" in PAGE
    assert f"within {hub.CONNECT_SECONDS:.0f} seconds" in PAGE
    assert f"header `{refusals.MARK}`" in PAGE
    assert [path for path in hub.OWN_PATHS if f"`{path}`" not in PAGE] == []
