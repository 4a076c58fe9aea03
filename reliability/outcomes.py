"""Outcomes of workers as JSON files, and back."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from reliability.engine import Failure, Outcome
from reliability.target import Figures

if TYPE_CHECKING:
    from pathlib import Path


def write(outcome: Outcome, path: Path) -> None:
    """Write *outcome* into a file."""
    content = outcome._asdict()
    content["failures"] = [
        {**failure._asdict(), "data": _text(failure.data)} for failure in outcome.failures
    ]
    content["fresh"] = [_text(data) for data in outcome.fresh]
    content["figures"] = outcome.figures._asdict()
    path.write_text(json.dumps(content), encoding="utf-8")


def read(path: Path) -> Outcome:
    """Return the outcome that was written into a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["failures"] = [
        Failure(**{**failure, "data": base64.b64decode(failure["data"])})
        for failure in content["failures"]
    ]
    content["fresh"] = [base64.b64decode(text) for text in content["fresh"]]
    content["figures"] = Figures(**content["figures"])
    return Outcome(**content)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
