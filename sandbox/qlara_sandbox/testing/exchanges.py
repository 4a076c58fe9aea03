"""The last exchanges of a test as lines for people: status, reason, and a command that sends it again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from qlara_sandbox.testing.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST = 5
_MOST_REASONS = 3
_LONGEST_REASON = 300  # characters
_SHOWN_CONTENT = 2000  # characters; longer content is named, not written out
_SERVED = "http://127.0.0.1:8080"  # where `qlara-sandbox serve` listens
_DOCUMENTED_KEY = "YOUR_API_KEY"
_DEFAULT_SCENARIO = "default"
_ESCAPED = {"\\": "\\\\", "%": "%%", "\r": "\\r", "\n": "\\n", "\t": "\\t"}
_REPLAYED_HEADERS = ("prefer", "content-type", "x-sandbox-scenario", "x-sandbox-session")


def lines(entries: Sequence[Mapping[str, Any]], most: int = _MOST) -> Iterator[str]:
    """Yield what the last of *entries* were, as the journal shows them, oldest first.

    The commands are for a sandbox that ``qlara-sandbox serve`` starts, with its documented key: the one
    of the test has gone when they are read.
    """
    if not entries:
        yield "No request has arrived."
        return
    if len(entries) > most:
        yield f"{counted(len(entries) - most, 'earlier exchange')} not shown."
    for entry in entries[-most:]:
        yield from _exchange(entry)
    yield "Each command runs against a sandbox of your own: start one with `qlara-sandbox serve`."


def reason(body: object) -> str:
    """Return in one line why the API refused, or what it did; empty if *body* does not say."""
    if not isinstance(body, dict):
        return ""
    data, summary = body.get("data"), body.get("summary")
    if isinstance(data, dict):
        said = "; ".join(f"{field}: {text}" for field, text in data.items())
    elif isinstance(summary, dict):
        counts = ", ".join(f"{name} {number}" for name, number in summary.items())
        said = "; ".join([counts, *_reasons(body.get("errors"))])
    else:
        said = next((str(body[name]) for name in ("message", "error") if body.get(name)), "")
    return _printable(said)[:_LONGEST_REASON]


def _reasons(errors: object) -> list[str]:
    """Return why the first cards of an import were left out."""
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    said = [f"line {one.get('line', '?')}: {one.get('reason', '')}" for one in found]
    more = len(said) - _MOST_REASONS
    return said[:_MOST_REASONS] + ([f"{more} more"] if more > 0 else [])


def _exchange(entry: Mapping[str, Any]) -> Iterator[str]:
    request, response = entry["request"], entry["answer"]
    target = _printable(request["path"] + (f"?{request['query']}" if request["query"] else ""))
    yield f"{response['status'] if response else 'no response'} {request['method']} {target}"
    if entry["apiKey"] is None:
        yield "    sent without an API key"
    elif entry["scenario"] is None:
        yield f"    sent with a key that no account has: {_printable(entry['apiKey'])}"
    if response and (said := reason(_json(response["body"]))):
        yield f"    {said}"
    if entry["faults"]:
        yield f"    fault: {', '.join(entry['faults'])}"
    for line in _command(entry):
        yield f"    {line}"


def _command(entry: Mapping[str, Any]) -> Iterator[str]:
    request = entry["request"]
    before, sent = _content(request)
    method = request["method"]
    url = _SERVED + request["path"] + (f"?{request['query']}" if request["query"] else "")
    usual = "POST" if sent else "GET"
    options = [f"curl {'' if method == usual else f'-X {method} '}{_quoted(url)}"]
    options += [f"-H {_quoted(header)}" for header in _headers(entry)]
    options += sent
    yield from (before + " \\\n  ".join(options)).split("\n")


def _headers(entry: Mapping[str, Any]) -> Iterator[str]:
    headers = dict(entry["request"]["headers"])
    if entry["apiKey"] is not None:
        # A key that no account has stays one: the command is to be refused, too.
        known = entry["scenario"] is not None
        yield f"X-Api-Key: {_DOCUMENTED_KEY if known else 'unknown'}"
    if entry["scenario"] not in {None, _DEFAULT_SCENARIO}:
        headers.setdefault("x-sandbox-scenario", entry["scenario"])
    if "form" in entry["request"]:
        headers.pop("content-type", None)
    for name in _REPLAYED_HEADERS:
        if name in headers:
            yield f"{name.title()}: {headers[name]}"


def _content(request: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return what comes before curl, and the options that send the body."""
    form = request.get("form")
    if form is None:
        return _body(request)
    before, options = "", []
    if file := form.get("file"):
        before, path = _file(file["name"], file["head"], file["bytes"])
        options.append(f"-F {_quoted(f'file=@{path}')}")
    options += [
        f"--form-string {_quoted(f'{name}={value}')}" for name, value in form["fields"].items()
    ]
    return before, options


def _body(request: Mapping[str, Any]) -> tuple[str, list[str]]:
    size = request["bodyBytes"]
    if not size:
        return "", []
    before, path = _file("body.bin", request.get("body", ""), size)
    return before, [f"--data-binary {_quoted('@' + path.partition(';')[0])}"]


def _file(name: str, content: str, size: int) -> tuple[str, str]:
    """Return what comes before curl to give it the file, and what curl calls it."""
    name = _printable(name).replace('"', "'").replace(";", ",")
    whole = len(content.encode("utf-8", "replace")) == size and "\ufffd" not in content
    if whole and len(content) <= _SHOWN_CONTENT:
        return f"printf {_format(content)} |\n", f"-;filename={name}"
    return f"# {name} has {counted(size, 'byte')}\n", name


def _format(content: str) -> str:
    """Return *content* as a quoted format of the shell's ``printf``."""
    escaped = "".join(_ESCAPED.get(char) or _octal(char) for char in content)
    return ("-- " if content.startswith("-") else "") + shlex.quote(escaped)


def _octal(char: str) -> str:
    """Return *char*, or its bytes in octal if a terminal would obey it."""
    if char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode())


def _quoted(text: str) -> str:
    return shlex.quote(_printable(text))


def _printable(text: str) -> str:
    """Return *text* on one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
