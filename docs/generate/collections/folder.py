"""The folder ``clients/``: every file in it, and how it is written anew."""

from __future__ import annotations

import shutil
from pathlib import Path

from docs.generate.collections import arazzo, bruno, calls, postman

FOLDER = Path(__file__).parents[3] / "clients"


def contents() -> dict[str, bytes]:
    """Return what every file of the folder holds, by its path in it."""
    texts = {
        "postman/qlara.postman_collection.json": postman.collection(),
        "postman/sandbox.postman_environment.json": postman.environment(),
        "arazzo.yaml": arazzo.use_case(),
        "arazzo-sandbox.yaml": arazzo.scenarios(),
        **{f"bruno/{path}": text for path, text in bruno.folder().items()},
    }
    files = {f"files/{name}": content for name, content in calls.files().items()}
    return {path: text.encode() for path, text in texts.items()} | files


def write() -> None:
    """Write the folder anew; files that are in it and made by nobody go."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for path, content in contents().items():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
