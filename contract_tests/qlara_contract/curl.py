"""An exchange as lines for a shell that send the same request again, secrets replaced by placeholders."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qlara_contract.forms import ImportForm

_SHOWN_FILE = 4000  # bytes; a longer file is kept beside the report, or described
_BOUNDARY = "contract-check"
_GLOBBED = frozenset("[]{}")
_DOTS = re.compile(r"/\.{1,2}(?=[/?]|$)")
_EXPANDED = re.compile(r'[\\"$`]')
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.-]{4,}")
_PRINTF = {"\\": "\\\\", "%": "%%", "\r": "\\r", "\n": "\\n", "\t": "\\t"}
# What curl's -F would write otherwise than it was sent, or read as an instruction.
_UNSAFE_NAME = re.compile(r'["\\\r\n\0;,]')
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)


@dataclass(frozen=True)
class CurlStyle:
    """How the lines are written for one reader.

    ``placeholders`` are what stands for each secret, ``options`` are further options of curl. ``keep``
    takes the content of a large file and returns the path under which the reader has it. ``variables``
    are the names of shell variables, by the value that each stands for in an address or a field.
    """

    placeholders: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    keep: Callable[[bytes], str] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


PLAIN = CurlStyle()


@dataclass(frozen=True)
class CurlRequest:
    """A request as it is shown, secrets replaced: ``form``, or ``body``, or neither."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    form: ImportForm | None = None
    body: bytes | None = None
    is_chunked: bool = False


def curl_lines(request: CurlRequest, style: CurlStyle = PLAIN) -> str:
    """Return the request as lines for a shell: parts, headers and bytes in the order they were sent.

    A ``printf`` in front writes the file, so that the lines can be run as they are.
    """
    method = "--head" if request.method == "HEAD" else f"-X {request.method}"
    as_it_is = " --globoff" if _GLOBBED & set(request.url) else ""
    as_it_is += " --path-as-is" if _DOTS.search(request.url) else ""
    options = [f"curl {method}{as_it_is} {_quoted(request.url, style.variables)}"]
    options += [f"-H {_quoted(_header(name, value))}" for name, value in request.headers]
    if request.is_chunked:
        options.append("-H 'Transfer-Encoding: chunked'")
    before, content = _content(request, style)
    options += [*style.options, *content]
    return before + " \\\n  ".join(options)


def _header(name: str, value: str) -> str:
    return f"{name}: {value}" if value.strip() else f"{name};"  # `Name:` would leave it out


def _content(request: CurlRequest, style: CurlStyle) -> tuple[str, list[str]]:
    """Return the lines that make the file, and the options that send it."""
    if request.form is not None and _curl_writes(request.form):
        before, path = "", ""
        if request.form.file is not None:
            before, path = _file("contacts.vcf", request.form.file.content, style)
        return before, _form_options(request.form, path, style.variables)
    if request.form is not None:
        before, path = _file("body.bin", request.form.encode(_BOUNDARY), style)
        kind = f"Content-Type: multipart/form-data; boundary={_BOUNDARY}"
        return before, [f"-H {_quoted(kind)}", f"--data-binary @{path}"]
    if request.body is None and request.method not in ("POST", "PUT", "PATCH"):
        return "", []
    # Without this, curl adds a Content-Type of its own.
    names = {name.lower() for name, _ in request.headers}
    options = [] if "content-type" in names else ["-H 'Content-Type:'"]
    if not request.body:
        return "", [*options, "--data-binary ''"]
    before, path = _file("body.bin", request.body, style)
    return before, [*options, f"--data-binary @{path}"]


def _curl_writes(form: ImportForm) -> bool:
    """Return whether curl's ``-F`` writes this form as it was sent."""
    file = form.file
    if file is not None and (
        not file.filename
        or _UNSAFE_NAME.search(file.filename)
        or not _MEDIA_TYPE.fullmatch(file.media_type)
    ):
        return False
    return not any(
        _UNSAFE_NAME.search(name) or "=" in name or not name or "\0" in value
        for name, value in form.fields
    )


def _form_options(form: ImportForm, path: str, variables: Mapping[str, str]) -> list[str]:
    options = []
    if form.file is not None:
        source = f"file=@{path};type={form.file.media_type};filename={form.file.filename}"
        options.append(f"-F {_quoted(source)}")
    for name, value in form.fields:
        is_plain = not value.startswith(("@", "<", '"', "(")) and ";" not in value
        options.append(
            f"{'-F' if is_plain else '--form-string'} {_quoted(f'{name}={value}', variables)}"
        )
    return options


def _file(name: str, content: bytes, style: CurlStyle) -> tuple[str, str]:
    """Return the line that makes a file of *content*, and its path."""
    if len(content) <= _SHOWN_FILE:
        end = "-- " if content.startswith(b"-") else ""
        return f"printf {end}{_printf(content, style.variables)} > {name}\n", name
    if style.keep is not None:
        return "", style.keep(content)
    return f"# {name}: {len(content)} bytes, begins: {_printf(content[:80])}\n", name


def _quoted(text: str, variables: Mapping[str, str] | None = None) -> str:
    """Return *text* as one word of a shell, with nothing in it that a terminal would obey."""
    named = next((each for each in variables or () if _ends(each, text)), None)
    if variables and named is not None:
        name = variables[named]
        return '"' + _EXPANDED.sub(r"\\\g<0>", text).replace(named, f"${{{name}}}") + '"'
    if visible(text) == text and "\n" not in text:
        return shlex.quote(text)
    parts = [{"\\": "\\\\", "'": "\\'", "\n": "\\n"}.get(char) or _octal(char) for char in text]
    return f"$'{''.join(parts)}'"


def is_plain(value: str) -> bool:
    """Return whether a value means the same everywhere: in an address, a field, a shell."""
    return _PLAIN_VALUE.fullmatch(value) is not None


def _ends(value: str, text: str) -> bool:
    """Return whether *value* is a segment of the address, or the value of the field, in *text*."""
    return f"/{value}/" in text or text.endswith(f"={value}")


def _printf(content: bytes, variables: Mapping[str, str] | None = None) -> str:
    """Return *content* as a quoted format of the shell's ``printf``."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("ascii", "surrogateescape")
    escaped = "".join(_PRINTF.get(char) or _octal(char) for char in text)
    quoted = "'" + escaped.replace("'", "'\\''") + "'"
    for value, name in (variables or {}).items():
        quoted = quoted.replace(value, f"'\"${{{name}}}\"'")
    return quoted


def _octal(char: str) -> str:
    """Return *char*, or its bytes in octal if it is a byte that is not text, or would be obeyed."""
    if visible(char) == char:
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
