"""Contract files as commands read them: what is wrong with one ends the command with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from qlara_contract.errors import CannotRun
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.http.yaml_document import UnusableDocument, read_document
from qlara_sandbox.scenario.plain_yaml import explained

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, overlay: Path | None = None) -> dict[str, Any]:
    """Return the contract in a file, with an overlay applied, as the sandbox serves it.

    Raises:
        CannotRun: the sandbox could not serve it; with file and place.
    """
    try:
        return Contract(path, overlay).document
    except InvalidContract as error:
        raise CannotRun(str(error)) from error


def read_any(path: Path) -> dict[str, Any]:
    """Return the OpenAPI document in a file, also one that an earlier sandbox served.

    Raises:
        CannotRun: it is not one; with file and place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"{path}: cannot be read: {error}") from error
    try:
        document = read_document(text)
    except yaml.YAMLError as error:
        line, problem = explained(error, text)
        raise CannotRun(f"{path}{f':{line}' if line else ''}: {problem}") from error
    except UnusableDocument as error:
        raise CannotRun(f"{path}{error}") from error
    if "swagger" in document:
        version = document["swagger"]
        raise CannotRun(
            f"{path}: Swagger {version}; expected OpenAPI 3.0 or newer, to which it can be converted"
        )
    if not {"openapi", "paths"} <= document.keys():
        raise CannotRun(f"{path}: not an OpenAPI file: lacks openapi or paths")
    return document
