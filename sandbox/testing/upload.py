"""Upload a file with nothing but the standard library, for tests that prepare an account."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOUNDARY = "qlara-sandbox-7f3a9c51e8d24b06"
_SECONDS = 60


class Answered(NamedTuple):
    """An answer as it arrived; ``body`` is the JSON value in it."""

    status: int
    body: Any
    headers: Mapping[str, str]


def upload(
    address: tuple[str, int],
    path: str,
    headers: Mapping[str, str],
    file: Path | bytes | str,
    fields: Mapping[str, str],
) -> Answered:
    """Send *file* and *fields* as a form to *path* of the server at *address*.

    Raises:
        OSError: the file cannot be read, or there was no answer.
    """
    name, content = _content(file)
    body = _form(name, content, fields)
    kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    connection = http.client.HTTPConnection(*address, timeout=_SECONDS)
    try:
        connection.request("POST", path, body, {**headers, **kind})
        answer = connection.getresponse()
        return Answered(answer.status, json.loads(answer.read()), dict(answer.getheaders()))
    except http.client.HTTPException as error:
        message = f"no whole answer from the sandbox: {error!r}"
        raise ConnectionError(message) from error
    finally:
        connection.close()


def _content(file: Path | bytes | str) -> tuple[str, bytes]:
    if isinstance(file, Path):
        return file.name, file.read_bytes()
    return "contacts.vcf", file.encode() if isinstance(file, str) else file


def _form(name: str, content: bytes, fields: Mapping[str, str]) -> bytes:
    escaped = quote(name, safe=" !#$&'()+,-.=@[]^_`{}~")
    parts = [_part(f'name="file"; filename="{escaped}"', content)]
    parts += [_part(f'name="{field}"', value.encode()) for field, value in fields.items()]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _part(name: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n"
    return head.encode() + content + b"\r\n"
