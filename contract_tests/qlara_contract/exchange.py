"""One request with its response, and how both are shown: as curl lines and as text, keys masked."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from qlara_contract.masking import PLACEHOLDER, mask
from qlara_contract.untrusted import LONGEST_BODY, visible

if TYPE_CHECKING:
    from qlara_contract.forms import FormFile, ImportForm

_SHOWN_FILE = 1500
_SHOWN_BODY = 4000
_KEY_HEADER = "x-api-key"
_MADE_UP = ("contract-check", "sandbox_contract-check")


@dataclass(frozen=True)
class ApiRequest:
    """A request before it is encoded; ``path`` begins with a slash and holds no query.

    ``body`` (sent as it is) or ``form``, or neither.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    form: ImportForm | None = None
    body: bytes | None = None

    @property
    def target(self) -> str:
        """Path and query, as on the request line."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


@dataclass(frozen=True)
class ApiResponse:
    """A response; header names are in lower case. ``is_cut``: ``body`` is only its beginning."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_cut: bool = False

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
class ApiExchange:
    """A request and its response. ``operation`` is the operationId, or empty outside the contract.

    ``at`` is in seconds since the epoch, ``took`` in seconds; ``key`` is the API key sent.
    """

    base_url: str
    request: ApiRequest
    response: ApiResponse
    operation: str = ""
    key: str = field(default="", repr=False)
    at: float = 0.0
    took: float = 0.0

    def curl(self) -> str:
        """Return the request as lines for a shell, the key masked.

        A ``printf`` in front writes a small file, so that the lines can be run as they are.
        """
        request = self.request
        url = visible(self.base_url + request.target)
        lines = [f"curl -X {request.method} {shlex.quote(url)}"]
        lines += [f"-H {shlex.quote(visible(header))}" for header in self.header_lines()]
        before = ""
        if request.form is not None:
            before = _file_line(request.form.file)
            lines += _form_options(request.form)
        elif request.body is not None:
            before = f"printf {_printf(request.body)} > body.bin\n"
            lines.append("--data-binary @body.bin")
        return before + " \\\n  ".join(lines)

    def shown_response(self) -> str:
        """Return status line, media type and body of the response, for people."""
        response = self.response
        content = response.header("content-type") or "no Content-Type"
        parsed = response.json
        if parsed is not None:
            text = printable_json(parsed, indent=2)
        else:
            text = response.body[:_SHOWN_BODY].decode("utf-8", "replace")
        if len(text) > _SHOWN_BODY:
            text = text[:_SHOWN_BODY] + "\n… (shortened)"
        if response.is_cut:
            text += f"\n… (of more than {LONGEST_BODY} bytes, which were not read)"
        return visible(self.masked(f"{response.status} · {content}\n{text}".rstrip()))

    def masked(self, text: str) -> str:
        """Return *text* without the key of this exchange."""
        return text if _is_made_up(self.key) else mask(text, (self.key,))

    def header_lines(self) -> list[str]:
        """Return the headers of the request as ``Name: value``, the key masked."""
        shown = []
        if self.key:
            shown.append(f"X-Api-Key: {self.key if _is_made_up(self.key) else PLACEHOLDER}")
        shown += [
            f"{name}: {self.masked(value)}"
            for name, value in self.request.headers
            if name.lower() != _KEY_HEADER
        ]
        return shown


def printable_json(value: object, indent: int | None = None) -> str:
    """Return *value* as JSON that any output can print: lone surrogates stay escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _is_made_up(key: str) -> bool:
    """Return whether the suite made the key up: it is no secret, and needed to repeat the request."""
    return key.startswith(_MADE_UP)


def _file_line(file: FormFile | None) -> str:
    if file is None:
        return ""
    if len(file.content) > _SHOWN_FILE:
        return f"# contacts.vcf: {len(file.content)} bytes, begins: {_printf(file.content[:80])}\n"
    return f"printf {_printf(file.content)} > contacts.vcf\n"


def _form_options(form: ImportForm) -> list[str]:
    options = []
    if form.file is not None:
        source = f"file=@contacts.vcf;type={form.file.media_type};filename={form.file.filename}"
        options.append(f"-F {shlex.quote(source)}")
    options += [f"-F {shlex.quote(f'{name}={value}')}" for name, value in form.fields]
    return options


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
