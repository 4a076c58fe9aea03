"""The schema of the Common Test Report Format that ctrf.io publishes, from the npm package ctrf 0.3.0 (MIT)."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs

_FILE = Path(__file__).parent / "schemas" / "ctrf-schema-0.0.json"
CTRF = jsonschema_rs.validator_for(
    json.loads(_FILE.read_text(encoding="utf-8")), validate_formats=True
)
