"""Holds JSON against schemas of ``openapi.yaml``, without the code that the sandbox does it with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from reliability.target import InvariantBroken

SPEC = Path(__file__).parents[1] / "openapi.yaml"


@cache
def _components() -> Any:
    return yaml.safe_load(SPEC.read_text(encoding="utf-8"))["components"]


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": _components()}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def require(schema: str, value: Any) -> None:
    """Let *value* pass if it keeps the schema of this name.

    Raises:
        InvariantBroken: it does not.
    """
    validator = _validator(schema)
    if not validator.is_valid(value):
        error = next(iter(validator.iter_errors(value)))
        message = f"{error.message} at {list(error.instance_path)}"
        raise InvariantBroken(f"keeps the contract ({schema})", message[:500])
