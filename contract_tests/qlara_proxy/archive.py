"""The archive of a bundle, opened with care: it comes from somebody else.

Nothing is unpacked to the disk. Names, sizes and contents are checked before they are used.
"""

from __future__ import annotations

import json
import re
import stat
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from qlara_contract.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = "qlara-sandbox bundle"
FORMAT_VERSION = 1

_MOST_PARTS = 250_000
_LARGEST_ARCHIVE = 2 * 1024**3
_LARGEST_BODY = 64 * 1024**2
_LARGEST_LINES = 512 * 1024**2
_LARGEST_MANIFEST = 64 * 1024
_LARGEST_IN_ALL = 4 * 1024**3
_LONGEST_LINE = 8 * 1024 * 1024
_MOST_EXCHANGES = 100_000
_PIECE = 64 * 1024
_NAMES = re.compile(
    r"manifest\.json|exchanges\.jsonl|journal\.har|bodies/\d{6,9}-(?:request|response)|report/[A-Za-z0-9._/ -]{1,200}"
)
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

# Of requests, which were read strictly. Responses may have had anything for headers, and are not sent.
_HEADERS = {
    "type": "array",
    "maxItems": 100_000,
    "items": {
        "type": "array",
        "prefixItems": [
            {"type": "string", "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$"},
            {"type": "string", "pattern": r"^[^\r\n\u0000]*$"},
        ],
        "minItems": 2,
        "maxItems": 2,
    },
}
_MESSAGE = {
    "headers": _HEADERS,
    "body": {"type": ["string", "null"]},
    "isWhole": {"type": "boolean"},
}
_ANY_HEADERS = {
    "type": "array",
    "maxItems": 100_000,
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
_REQUEST = {
    "type": "object",
    "required": ["method", "target", *_MESSAGE],
    "properties": {
        "method": {"type": "string", "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$|^\?$"},
        "target": {
            "type": "string",
            "pattern": r"^[!-~\u0080-\u00ff]+$",
            "maxLength": 256 * 1024,
        },
        **_MESSAGE,
    },
}
_RESPONSE = {
    "type": ["object", "null"],
    "required": ["status", "reason", *_MESSAGE],
    "properties": {
        "status": {"type": "integer", "minimum": 0, "maximum": 999},
        "reason": {"type": "string"},
        **_MESSAGE,
        "headers": _ANY_HEADERS,
    },
}
_LINE = jsonschema_rs.validator_for(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": [
            "number",
            "connection",
            "began",
            "seconds",
            "account",
            "request",
            "response",
            "failure",
        ],
        "properties": {
            "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
            "connection": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
            "began": {"type": "number", "minimum": 0, "maximum": 32_503_680_000},
            "seconds": {"type": "number", "minimum": 0, "maximum": 1_000_000},
            "account": {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000},
            "request": _REQUEST,
            "response": _RESPONSE,
            "failure": {"type": "string"},
        },
    }
)


class UnusableBundle(CannotRun):
    """A file that is no bundle, or one that is damaged or made to do harm."""


class OpenArchive:
    """An archive whose parts have been checked by their names and sizes."""

    def __init__(self, archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> None:
        self._archive = archive
        self._parts = parts
        self._left = _LARGEST_IN_ALL
        self.manifest = self._manifest()

    def exchanges(self) -> Iterator[dict[str, Any]]:
        """Yield the exchanges as their lines have them. Raises `UnusableBundle`."""
        numbers: set[int] = set()
        content = self._read("exchanges.jsonl", _LARGEST_LINES)
        for at, line in enumerate(content.splitlines(), start=1):
            place = f"exchanges.jsonl, line {at}"
            if len(numbers) == _MOST_EXCHANGES:
                raise UnusableBundle(f"{place}: expected at most {_MOST_EXCHANGES} exchanges.")
            if len(line) > _LONGEST_LINE:
                raise UnusableBundle(f"{place}: expected at most {_LONGEST_LINE} bytes.")
            one = _json(line, place)
            try:
                error = next(_LINE.iter_errors(one), None)
            except ValueError as lone:
                raise UnusableBundle(f"{place}: a text in it has half a character.") from lone
            if error is not None:
                where = ".".join(map(str, error.instance_path)) or "the line"
                raise UnusableBundle(f"{place}: {where} is not what a bundle has.")
            if one["number"] in numbers:
                raise UnusableBundle(f"{place}: exchange {one['number']} stands twice.")
            numbers.add(one["number"])
            yield one

    def body(self, name: str | None) -> bytes:
        """Return a body by the name of its part; nothing for None. Raises `UnusableBundle`."""
        if name is None:
            return b""
        if not name.startswith("bodies/"):
            raise UnusableBundle(f"exchanges.jsonl names {name[:100]!r} as a body: it is none.")
        return self._read(name, _LARGEST_BODY)

    def _manifest(self) -> dict[str, Any]:
        manifest = _json(self._read("manifest.json", _LARGEST_MANIFEST), "manifest.json")
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise UnusableBundle(f"manifest.json: expected the format {FORMAT!r}.")
        version = manifest.get("formatVersion")
        if version != FORMAT_VERSION:
            raise UnusableBundle(
                f"manifest.json: expected version {FORMAT_VERSION} of the format, found "
                f"{json.dumps(version)[:20]}. It may come from another version of qlara-sandbox."
            )
        return manifest

    def _read(self, name: str, most: int) -> bytes:
        info = self._parts.get(name)
        if info is None:
            raise UnusableBundle(f"It lacks {name[:100]}.")
        most = min(most, self._left)
        content = bytearray()
        try:
            with self._archive.open(info) as file:
                # The size that an archive tells of a part may not be true.
                while len(content) <= most and (piece := file.read(_PIECE)):
                    content += piece
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise UnusableBundle(f"{name} is damaged: {error}.") from error
        if len(content) > most:
            raise UnusableBundle(f"{name}: expected at most {most} bytes.")
        self._left -= len(content)
        return bytes(content)


@contextmanager
def opened(path: Path) -> Iterator[OpenArchive]:
    """Open the archive of a bundle. Raises `UnusableBundle`; its message begins with the path."""
    try:
        with _zip(path) as archive:
            yield OpenArchive(archive, _checked(archive))
    except UnusableBundle as error:
        raise UnusableBundle(f"{path}: {error}") from error


def _zip(path: Path) -> zipfile.ZipFile:
    """Open a zip file. Raises `UnusableBundle`."""
    try:
        return zipfile.ZipFile(path)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise UnusableBundle(f"expected a bundle, which is a zip file: {error}.") from error
    except OSError as error:
        raise UnusableBundle(f"cannot be read: {error.strerror or error}.") from error


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the parts by name. Raises `UnusableBundle` for one that a bundle does not have."""
    assert archive.fp is not None, "it is open"
    if archive.fp.seek(0, 2) > _LARGEST_ARCHIVE:
        raise UnusableBundle(f"expected at most {_LARGEST_ARCHIVE} bytes.")
    infos = archive.infolist()
    if len(infos) > _MOST_PARTS:
        raise UnusableBundle(f"expected at most {_MOST_PARTS} parts; found {len(infos)}.")
    parts: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        shown = repr(name[:100])
        if not _NAMES.fullmatch(name) or ".." in name.split("/"):
            raise UnusableBundle(f"{shown} is no part of a bundle.")
        if name in parts:
            raise UnusableBundle(f"{shown} stands twice in it.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnusableBundle(f"{shown} is a symbolic link.")
        if info.flag_bits & _ENCRYPTED:
            raise UnusableBundle(f"{shown} is encrypted.")
        if info.compress_type not in _METHODS:
            raise UnusableBundle(f"{shown} is compressed in a way that bundles are not.")
        parts[name] = info
    return parts


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _json(content: bytes, place: str) -> Any:
    try:
        return json.loads(content.decode(), parse_constant=_no_number)
    except RecursionError as error:
        raise UnusableBundle(f"{place}: not JSON: it is too deep.") from error
    except ValueError as error:
        is_too_long = "set_int_max_str_digits" in str(error)
        what = "a number in it is too long" if is_too_long else error
        raise UnusableBundle(f"{place}: not JSON: {what}.") from error
