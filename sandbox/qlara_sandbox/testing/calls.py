"""Calls over HTTP with nothing but the standard library: an upload, and the control API."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOUNDARY = "qlara-sandbox-7f3a9c51e8d24b06"
_SUFFIXES = frozenset({".vcf", ".vcard"})
_SECONDS = 60
_REFUSED = 400  # and above: RFC 9110 section 15.5

Address = tuple[str, int]


class ReceivedResponse(NamedTuple):
    """A response as it arrived; ``body`` is the JSON value in it."""

    status: int
    body: Any
    headers: Mapping[str, str]


def upload(
    address: Address,
    path: str,
    headers: Mapping[str, str],
    file: Path | bytes | str,
    fields: Mapping[str, str],
) -> ReceivedResponse:
    """Send *file* and *fields* as a form to *path* of the server at *address*.

    Raises:
        OSError: the file cannot be read, or there was no response.
    """
    name, content = _content(file)
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return _send(
        address, "POST", path, _form(name, content, fields), {**headers, "Content-Type": kind}
    )


def control(address: Address, method: str, path: str, values: Mapping[str, Any]) -> Any:
    """Call the control API and return the JSON of its response; *values* are its parameters.

    Raises:
        ValueError: it refuses; the message names the fields and what was expected.
    """
    if method in {"GET", "DELETE"}:
        response = _send(address, method, f"/__admin/{path}?{urlencode(values)}", b"", {})
    else:
        body = json.dumps(values).encode()
        response = _send(
            address, method, f"/__admin/{path}", body, {"Content-Type": "application/json"}
        )
    if response.status >= _REFUSED:
        message = "; ".join(f"{field}: {text}" for field, text in response.body["data"].items())
        raise ValueError(message)
    return response.body


def _send(
    address: Address, method: str, target: str, body: bytes, headers: Mapping[str, str]
) -> ReceivedResponse:
    connection = http.client.HTTPConnection(*address, timeout=_SECONDS)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return ReceivedResponse(
            response.status, json.loads(response.read()), dict(response.getheaders())
        )
    except http.client.HTTPException as error:
        message = f"no complete response from the sandbox: {error!r}"
        raise ConnectionError(message) from error
    finally:
        connection.close()


def _content(file: Path | bytes | str) -> tuple[str, bytes]:
    if isinstance(file, str) and _is_name(file):
        file = Path(file)
    if isinstance(file, Path):
        return file.name, file.read_bytes()
    return "contacts.vcf", file.encode() if isinstance(file, str) else file


def _is_name(text: str) -> bool:
    """Return whether *text* names a file: one that is there, or that is called as vCard files are."""
    if not text or "\n" in text:
        return False
    try:
        return Path(text).is_file() or Path(text).suffix.lower() in _SUFFIXES
    except (OSError, ValueError):  # too long for a name, or with characters that names do not have
        return False


def _form(name: str, content: bytes, fields: Mapping[str, str]) -> bytes:
    escaped = quote(name, safe=" !#$&'()+,-.=@[]^_`{}~")
    parts = [_part(f'name="file"; filename="{escaped}"', content)]
    parts += [_part(f'name="{field}"', value.encode()) for field, value in fields.items()]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _part(name: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n"
    return head.encode() + content + b"\r\n"
