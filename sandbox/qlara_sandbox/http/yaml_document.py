"""A contract file as JSON values: what JSON cannot hold, or leads out of the file, is refused with its place."""

from __future__ import annotations

import json
from functools import cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

from qlara_sandbox.scenario.plain_yaml import PlainLoader, lines_of, require_shallow

if TYPE_CHECKING:
    from collections.abc import Iterator

Path_ = tuple[str | int, ...]

SHAPE = Path(__file__).with_name("openapi_shape.json")
_MOST_VALUES = 1_000_000
_DEEPEST = 200
_LEAST, _MOST = -(2**63), 2**64 - 1
# Below these stand values that clients send or get: a $ref in them is none.
_DATA = frozenset({"example", "examples", "x-qlara-examples", "value", "default", "enum", "const"})


class UnusableDocument(ValueError):
    """A document that is not what is needed; the message names line and place."""


def read_document(text: str) -> dict[str, Any]:
    """Return the document, its keys as text.

    Raises:
        UnusableDocument: it is not one that OpenAPI allows, in a part that the sandbox uses.
        yaml.YAMLError: it is not YAML.
    """
    document = read_plain(text)
    mistake = next(_misshapen(document), None)
    if mistake is not None:
        at, message = mistake
        raise UnusableDocument(f"{_line(text, at)}: {_dotted(at)}: {message}")
    plain: dict[str, Any] = document
    return plain


def read_plain(text: str) -> Any:
    """Return what a YAML file says, as JSON values.

    Raises:
        UnusableDocument: it has what JSON cannot hold, or a ``$ref`` out of the file.
        yaml.YAMLError: it is not YAML.
    """
    require_shallow(text)
    try:
        read = yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a safe loader
    except (ValueError, TypeError, RecursionError) as error:  # "!!int x", a key that is a list
        raise UnusableDocument(f": not a YAML file: {error}") from error
    value, mistake = _plain(read)
    if mistake is not None:
        at, message = mistake
        raise UnusableDocument(f"{_line(text, at)}: {_dotted(at)}: {message}")
    return value


def require_shape(document: Any) -> None:
    """Let a document pass that was made, such as by an overlay, and is one that OpenAPI allows.

    Raises:
        UnusableDocument: it is not.
    """
    for at, message in _misshapen(document):
        raise UnusableDocument(f": {_dotted(at)}: {message}")


def offline(uri: str) -> Any:
    """Refuse to fetch a schema from elsewhere: a contract is one file."""
    raise ValueError(f"{uri!r} is outside this file")


def _plain(value: Any) -> tuple[Any, tuple[Path_, str] | None]:
    """Return *value* as JSON values, and the first thing in it that is none with its place."""
    walk = _Walk()
    try:
        return walk.plain(value, ()), None
    except _NotPlain as error:
        return None, (error.at, error.message)


class _NotPlain(Exception):
    def __init__(self, at: Path_, message: str) -> None:
        self.at = at
        self.message = message


class _Walk:
    """Counts what it has seen: aliases make a few lines a document without end."""

    def __init__(self) -> None:
        self._count = 0

    def plain(self, value: Any, at: Path_, *, data: bool = False) -> Any:
        self._count += 1
        if self._count > _MOST_VALUES or len(at) > _DEEPEST:
            raise _NotPlain(at, f"more than {_MOST_VALUES} values, or nested too deeply")
        if isinstance(value, dict):
            named = {_text(key): item for key, item in value.items()}
            if len(named) < len(value):
                raise _NotPlain(at, "the same key as text and as a number")
            if not data:
                _require_local(named, at)
            return {
                key: self.plain(item, (*at, key), data=data or key in _DATA)
                for key, item in named.items()
            }
        if isinstance(value, list):
            return [self.plain(item, (*at, index), data=data) for index, item in enumerate(value)]
        _require_scalar(value, at)
        return value


def _require_local(node: dict[str, Any], at: Path_) -> None:
    for key in ("$ref", "$dynamicRef"):
        reference = node.get(key)
        if isinstance(reference, str) and not reference.startswith("#"):
            message = f"{reference!r} is outside this file; nothing is fetched"
            raise _NotPlain((*at, key), message)


def _require_scalar(value: Any, at: Path_) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            raise _NotPlain(at, "an integer of more than 64 bits")
    elif not isinstance(value, float):
        raise _NotPlain(at, f"a value of the type {type(value).__name__}, which JSON has not")
    elif not isfinite(value):
        raise _NotPlain(at, "a number that JSON has not")


def _text(key: Any) -> str:
    # Written without quotes, YAML reads a status as a number.
    return key if isinstance(key, str) else json.dumps(key, default=str)


@cache
def _shape() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(SHAPE.read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, retriever=offline)


def _misshapen(document: Any) -> Iterator[tuple[Path_, str]]:
    if _shape().is_valid(document):
        return
    # The innermost mistake says most: what is around it is wrong because of it.
    errors = sorted(_shape().iter_errors(document), key=lambda error: -len(error.instance_path))
    for error in errors:
        message = error.message.partition("\n")[0]
        yield tuple(error.instance_path), message[:200]


def _line(text: str, at: Path_) -> str:
    lines = lines_of(text)
    while at not in lines and at:
        at = at[:-1]
    return f":{lines[at]}" if at in lines else ""


def _dotted(at: Path_) -> str:
    return ".".join(map(str, at)) or "the document"
