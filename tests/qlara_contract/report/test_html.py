"""The page of every report: one frame, everything escaped, a mistake in a template is an error."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import jinja2
import pytest

from qlara_contract.report.html import render

if TYPE_CHECKING:
    from pathlib import Path


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


VALUES: dict[str, Any] = {
    "title": "A report",
    "subject": "Something",
    "started": datetime(2026, 4, 9, 11, 0, tzinfo=UTC),
    "verdict": "1 < 2",
    "is_bad": False,
    "target": "http://127.0.0.1:8080",
    "counts": [(Colour.RED, 0), (Colour.GREEN, 3)],
    "classes": {Colour.RED: "broken", Colour.GREEN: "kept"},
}


def _template(tmp_path: Path, sections: str) -> Path:
    path = tmp_path / "page.html"
    path.write_text(
        '{% extends "base.html" %}{% block sections %}' + sections + "{% endblock %}", "utf-8"
    )
    return path


def test_a_report_extends_the_frame_and_is_escaped(tmp_path: Path) -> None:
    page = render(_template(tmp_path, "<p>{{ note | prose }}</p>"), note="`a<b` & c", **VALUES)
    assert "<h1>1 &lt; 2</h1>" in page
    assert "Something · 9 April 2026, 11:00 UTC" in page
    assert "<p><code>a&lt;b</code> &amp; c</p>" in page


def test_the_bar_shows_only_states_that_occur(tmp_path: Path) -> None:
    page = render(_template(tmp_path, ""), **VALUES)
    assert '<li class="kept"><b>3</b> green</li>' in page
    assert "red</li>" not in page


def test_a_value_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'note' is undefined"):
        render(_template(tmp_path, "{{ note }}"), **VALUES)


def test_a_run_without_a_report_does_not_import_the_template_engine() -> None:
    program = (
        "import sys, qlara_cli.verify, qlara_cli.examples, qlara_examples.report, "
        "qlara_contract.engine, qlara_contract.report.files\n"
        "print('jinja2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
