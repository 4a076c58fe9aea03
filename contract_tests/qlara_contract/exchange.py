"""One request and its answer, and how both are shown: as a curl line, as a HAR entry, keys masked."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

MASK = "YOUR_API_KEY"
_SHOWN_FILE = 1500
_SHOWN_BODY = 4000
_KEY_HEADER = "x-api-key"
_MADE_UP = ("contract-check", "sandbox_contract-check")


@dataclass(frozen=True)
class File:
    """The file of an upload, as its part of the form carries it."""

    content: bytes
    filename: str = "contacts.vcf"
    media_type: str = "text/vcard"


@dataclass(frozen=True)
class Form:
    """A multipart form: fields in the order in which they are sent; the file part first."""

    file: File | None = None
    fields: tuple[tuple[str, str], ...] = ()

    def encode(self, boundary: str) -> bytes:
        """Return the body that this form is sent as (RFC 7578)."""
        parts: list[bytes] = []
        if self.file is not None:
            head = (
                f'Content-Disposition: form-data; name="file"; filename="{self.file.filename}"\r\n'
                f"Content-Type: {self.file.media_type}\r\n\r\n"
            )
            parts.append(head.encode() + self.file.content)
        for name, value in self.fields:
            head = f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
            parts.append(head.encode() + value.encode())
        mark = b"--" + boundary.encode()
        return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


@dataclass(frozen=True)
class Request:
    """A request as it is meant; ``path`` begins with a slash and holds no query.

    ``body`` (bytes as they are) or ``form``, or neither.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    form: Form | None = None
    body: bytes | None = None

    @property
    def target(self) -> str:
        """Path and query, as on the request line."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


@dataclass(frozen=True)
class Answer:
    """An answer; header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of this name, or ``None``."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def json(self) -> Any:
        """The body as JSON; ``None`` where it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. ``operation`` is the operationId, or empty outside the contract.

    ``at`` is in seconds since the epoch, ``took`` in seconds; ``key`` is the API key sent.
    """

    base_url: str
    request: Request
    answer: Answer
    operation: str = ""
    key: str = field(default="", repr=False)
    at: float = 0.0
    took: float = 0.0

    def curl(self) -> str:
        """Return the request as lines for a shell, the key masked.

        A file that fits is made by ``printf`` in front, so that the lines can be run as they are.
        """
        request = self.request
        lines = [f"curl -X {request.method} {shlex.quote(self.base_url + request.target)}"]
        lines += [f"-H {shlex.quote(header)}" for header in self._header_lines()]
        before = ""
        if request.form is not None:
            before = _file_line(request.form.file)
            lines += _form_options(request.form)
        elif request.body is not None:
            before = f"printf {_printf(request.body)} > body.bin\n"
            lines.append("--data-binary @body.bin")
        return before + " \\\n  ".join(lines)

    def shown_answer(self) -> str:
        """Return status line, media type and body of the answer, for people."""
        answer = self.answer
        content = answer.header("content-type") or "no Content-Type"
        parsed = answer.json
        if parsed is not None:
            text = json.dumps(parsed, indent=2, ensure_ascii=False)
        else:
            text = answer.body[:_SHOWN_BODY].decode("utf-8", "replace")
        if len(text) > _SHOWN_BODY:
            text = text[:_SHOWN_BODY] + "\n… (shortened)"
        return self.masked(f"{answer.status} · {content}\n{text}".rstrip())

    def masked(self, text: str) -> str:
        """Return *text* without the key of this exchange."""
        return text if _is_made_up(self.key) else mask(text, (self.key,))

    def _header_lines(self) -> list[str]:
        shown = []
        if self.key:
            shown.append(f"X-Api-Key: {self.key if _is_made_up(self.key) else MASK}")
        shown += [
            f"{name}: {self.masked(value)}"
            for name, value in self.request.headers
            if name.lower() != _KEY_HEADER
        ]
        return shown

    def har_entry(self, started: str) -> dict[str, Any]:
        """Return this exchange as an entry of a HAR log; *started* is its RFC 3339 time."""
        request, answer = self.request, self.answer
        headers = [line.split(": ", 1) for line in self._header_lines()]
        entry: dict[str, Any] = {
            "startedDateTime": started,
            "time": round(self.took * 1000, 3),
            "cache": {},
            "timings": {"send": 0, "wait": round(self.took * 1000, 3), "receive": 0},
            "request": {
                "method": request.method,
                "url": self.base_url + request.target,
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [{"name": name, "value": value} for name, value in headers],
                "queryString": [{"name": name, "value": value} for name, value in request.query],
                "headersSize": -1,
                "bodySize": -1,
            },
            "response": {
                "status": answer.status,
                "statusText": "",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": name, "value": self.masked(value)} for name, value in answer.headers
                ],
                "content": {
                    "size": len(answer.body),
                    "mimeType": answer.header("content-type") or "",
                    "text": self.masked(answer.body[:100_000].decode("utf-8", "replace")),
                },
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": len(answer.body),
            },
        }
        if request.form is not None:
            entry["request"]["postData"] = {
                "mimeType": "multipart/form-data",
                "params": _har_params(request.form),
            }
        elif request.body is not None:
            text = request.body[:100_000].decode("utf-8", "replace")
            entry["request"]["postData"] = {"mimeType": "", "text": text}
        return entry


def _is_made_up(key: str) -> bool:
    """Return whether the suite made the key up: no secret, and needed to repeat the request."""
    return key.startswith(_MADE_UP)


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """Return *text* with every one of *secrets* replaced by the documentation's placeholder."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret and secret != MASK:
            text = text.replace(secret, MASK)
    return text


def _file_line(file: File | None) -> str:
    if file is None:
        return ""
    if len(file.content) > _SHOWN_FILE:
        return f"# contacts.vcf: {len(file.content)} bytes, begins: {_printf(file.content[:80])}\n"
    return f"printf {_printf(file.content)} > contacts.vcf\n"


def _form_options(form: Form) -> list[str]:
    options = []
    if form.file is not None:
        source = f"file=@contacts.vcf;type={form.file.media_type};filename={form.file.filename}"
        options.append(f"-F {shlex.quote(source)}")
    options += [f"-F {shlex.quote(f'{name}={value}')}" for name, value in form.fields]
    return options


def _har_params(form: Form) -> list[dict[str, str]]:
    params = [{"name": name, "value": value} for name, value in form.fields]
    if form.file is not None:
        params.insert(
            0,
            {
                "name": "file",
                "fileName": form.file.filename,
                "contentType": form.file.media_type,
                "value": form.file.content[:100_000].decode("utf-8", "replace"),
            },
        )
    return params


def _printf(content: bytes) -> str:
    """Return *content* as a quoted format of the shell's ``printf``."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("ascii", "surrogateescape")
    return "'" + "".join(_printf_char(char) for char in text).replace("'", "'\\''") + "'"


def _printf_char(char: str) -> str:
    if char in _PRINTF:
        return _PRINTF[char]
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\{code:03o}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\{code - 0xDC00:03o}"
    return char


_PRINTF = {"\\": "\\\\", "%": "%%", "\r": "\\r", "\n": "\\n", "\t": "\\t"}
