"""Faults in reading forms (RFC 7578) and their file, and in refusing files."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from tests.foreign import stages
from tests.foreign.messages import Refused, Request, Response, fail, refuse
from tests.foreign.multipart import Form
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()


def _refused_if(name: str, says: str, wrong: Callable[[Request], object]) -> None:
    """Add a fault that cannot read some forms."""

    def change(form: Form, context: Context) -> Form:
        if wrong(context.request):
            raise refuse(400, "file", "Expected a vCard file.")
        return form

    TABLE.changes("forms", f"form-{name}", says, stages.FORM, change)


def _form(name: str, says: str, change: Callable[[Form], Form]) -> None:
    TABLE.changes("forms", f"form-{name}", says, stages.FORM, lambda form, _: change(form))


def _type(request: Request) -> str:
    return request.header("content-type") or ""


_refused_if(
    "quoted-boundary",
    "A quoted boundary is not read.",
    lambda request: 'boundary="' in _type(request),
)
_refused_if(
    "boundary-not-last",
    "A boundary before another parameter is not read.",
    lambda request: re.search(r"boundary=[^;]*;", _type(request)),
)
_refused_if(
    "type-capitals",
    "Multipart/Form-Data in capitals is not read.",
    lambda request: not _type(request).startswith("multipart/form-data"),
)
_refused_if(
    "short-boundary",
    "A boundary without two hyphens is not read.",
    lambda request: not re.search(r'boundary="?--', _type(request)),
)
_refused_if(
    "preamble", "A preamble is not read over.", lambda request: not request.body.startswith(b"--")
)
_refused_if(
    "epilogue",
    "An epilogue is not read over.",
    lambda request: not request.body.rstrip().endswith(b"--"),
)
_refused_if(
    "unquoted-name",
    "An unquoted name is not read.",
    lambda request: re.search(rb"name=[^\"\r\n;]", request.body),
)
_refused_if(
    "headers-lower-case",
    "Headers of parts in lower case are not read.",
    lambda request: b"\r\ncontent-disposition:" in request.body,
)
_refused_if(
    "parameters-swapped",
    "filename before name is not read.",
    lambda request: re.search(rb"form-data; *filename=[^\r\n]*; *name=", request.body),
)
_refused_if(
    "more-part-headers",
    "A part with more headers is not read.",
    lambda request: (
        re.search(
            rb"\r\nContent-(?:Length|Transfer-Encoding|ID):", request.body[-100_000:], re.IGNORECASE
        )
        or re.search(
            rb"\r\nContent-(?:Length|Transfer-Encoding|ID):", request.body[:10_000], re.IGNORECASE
        )
    ),
)
_refused_if(
    "disposition-first",
    "Content-Type before Content-Disposition is not read.",
    lambda request: re.search(rb"--[^\r\n]*\r\nContent-Type", request.body, re.IGNORECASE),
)
_refused_if(
    "expect",
    "A request with Expect: 100-continue gets 400.",
    lambda request: request.header("expect"),
)
_refused_if(
    "chunked",
    "The body of a chunked request is not read.",
    lambda request: request.header("transfer-encoding"),
)
_refused_if(
    "file-name-blank",
    "A file name with a blank is not read.",
    lambda request: re.search(rb'filename="[^"\r\n]* [^"\r\n]*"', request.body),
)
_refused_if(
    "file-name-semicolon",
    "A file name with a semicolon is not read.",
    lambda request: re.search(rb'filename="[^"\r\n]*;', request.body),
)
_refused_if(
    "file-name-non-ascii",
    "A file name beyond ASCII is not read.",
    lambda request: re.search(rb'filename="[^"\r\n]*[\x80-\xff]', request.body),
)
_refused_if(
    "file-name-quote",
    "A file name with an escaped quotation mark is not read.",
    lambda request: re.search(rb'filename="[^"\r\n]*(?:\\"|%22)', request.body),
)
_refused_if(
    "file-name-long",
    "A file name of more than 100 characters is not read.",
    lambda request: re.search(rb'filename="[^"\r\n]{101}', request.body),
)


def _until_file(form: Form) -> Form:
    names = [part.name for part in form.parts]
    return Form(form.parts[: names.index("file") + 1]) if "file" in names else form


def _from_file(form: Form) -> Form:
    names = [part.name for part in form.parts]
    return Form(form.parts[names.index("file") :]) if "file" in names else form


def _text(change: Callable[[str], str]) -> Callable[[Form], Form]:
    return lambda form: Form(
        tuple(
            replace(part, content=change(part.text).encode()) if part.filename is None else part
            for part in form.parts
        )
    )


def _file(change: Callable[[bytes], bytes]) -> Callable[[Form], Form]:
    return lambda form: Form(
        tuple(
            replace(part, content=change(part.content)) if part.name == "file" else part
            for part in form.parts
        )
    )


def _without(field: str) -> Callable[[Form], Form]:
    return lambda form: Form(tuple(part for part in form.parts if part.name != field))


_form("fields-after-file-lost", "Fields after the file are lost.", _until_file)
_form("fields-before-file-lost", "Fields before the file are lost.", _from_file)
_form(
    "fields-latin-1",
    "Fields in UTF-8 are read as Latin-1.",
    _text(lambda text: text.encode().decode("latin-1")),
)
_form("fields-decoded", "Fields are decoded like a query.", _text(unquote_plus))
_form("fields-cut-at-comma", "Fields end at a comma.", _text(lambda text: text.split(",")[0]))
_form(
    "tags-ignored-with-list-name",
    "With listName tags are ignored.",
    lambda form: _without("tags")(form) if form.all("listName") else form,
)
_form(
    "strategy-ignored-with-list-name",
    "With listName the strategy is SKIP.",
    lambda form: _without("duplicateStrategy")(form) if form.all("listName") else form,
)
_form("strategy-ignored", "The strategy is always SKIP.", _without("duplicateStrategy"))
_form(
    "file-until-blank-line",
    "A file ends at its first empty line.",
    _file(lambda content: content.split(b"\r\n\r\n")[0].split(b"\n\n")[0]),
)
_form(
    "file-until-hyphens",
    "A file ends at a line that begins with two hyphens.",
    _file(lambda content: re.split(rb"\r?\n--", content)[0]),
)
_form("file-until-1-mb", "A file ends after 1 MB.", _file(lambda content: content[: 1 << 20]))
_form("file-until-64-kb", "A file ends after 64 KB.", _file(lambda content: content[: 1 << 16]))
_form(
    "file-percent-decoded",
    "A file is percent-decoded.",
    _file(lambda content: content.replace(b"%41", b"A").replace(b"%20", b" ")),
)
_form(
    "file-bytes-above-127-lost",
    "Bytes above 127 of a file are lost.",
    _file(lambda content: content.decode("ascii", "ignore").encode()),
)
for _megabytes in (1, 2, 5, 8):
    TABLE.sets(
        "size",
        f"size-{_megabytes}-mb",
        f"A file of more than {_megabytes} MB is refused.",
        size__limit=_megabytes * 1_000_000,
    )
TABLE.sets("size", "size-20-mb", "A file of 20 MB is accepted.", size__limit=20 * 1024 * 1024)
TABLE.sets("size", "size-unlimited", "A file of any size is accepted.", size__limit=1 << 40)


def _refusal(
    kind: str, name: str, says: str, status: int, change: Callable[[Response], Any]
) -> None:
    """Add a fault in a documented refusal of an import."""

    def on_response(response: Response, context: Context) -> Response:
        if (
            response.status == status
            and context.operation == "upload"
            and "file" in _data(response)
        ):
            change(response)
        return response

    TABLE.changes(kind, name, says, stages.RESPONSE, on_response)


def _data(response: Response) -> dict[str, Any]:
    body = response.body
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _status(status: int) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.status = status

    return change


def _body(body: Any) -> Callable[[Response], None]:
    def change(response: Response) -> None:
        response.body = body

    return change


def _drop(response: Response) -> None:
    response.drop = True


for _of, _title in ((400, "A file that is no vCard"), (413, "A file that is too large")):
    for _code in (200, 404, 422, 500):
        _refusal(
            "refusals", f"refused-{_of}-is-{_code}", f"{_title} gets {_code}.", _of, _status(_code)
        )
    _refusal(
        "refusals",
        f"refused-{_of}-status-error",
        f"{_title}: status is error.",
        _of,
        _body({"status": "error", "data": {"file": "Refused."}}),
    )
    _refusal(
        "refusals",
        f"refused-{_of}-field-other",
        f"{_title}: the field is error.",
        _of,
        _body({"status": "fail", "data": {"error": "Refused."}}),
    )
    _refusal(
        "refusals",
        f"refused-{_of}-flat",
        f"{_title}: the body is a message.",
        _of,
        _body({"error": "Refused."}),
    )
    _refusal("refusals", f"refused-{_of}-empty", f"{_title}: the body is empty.", _of, _body(b""))
    _refusal(
        "refusals",
        f"refused-{_of}-html",
        f"{_title}: the body is HTML.",
        _of,
        _body("<html>nginx</html>"),
    )
    _refusal(
        "refusals",
        f"refused-{_of}-message-null",
        f"{_title}: the message is null.",
        _of,
        _body({"status": "fail", "data": {"file": None}}),
    )
    _refusal(
        "refusals",
        f"refused-{_of}-data-text",
        f"{_title}: data is text.",
        _of,
        _body({"status": "fail", "data": "Refused."}),
    )
    _refusal(
        "refusals",
        f"refused-{_of}-dropped",
        f"{_title}: the connection ends without a response.",
        _of,
        _drop,
    )


def _empty_accepted(form: Form, context: Context) -> Form:
    if any(not part.content.strip() for part in form.all("file")):
        summary = dict.fromkeys(("total", "imported", "duplicates", "errors", "skipped"), 0)
        report = {
            "importId": context.deployment.ids.new("imp", "prefixed"),
            "listId": next((part.text for part in form.all("listId")), "list_new"),
            "status": "COMPLETED",
            "summary": summary,
            "errors": [],
            "completedAt": "2026-04-09T11:00:15+02:00",
        }
        raise Refused(Response(200, report))
    return form


def _binary_fails(content: bytes, _: Context) -> bytes:
    if b"BEGIN:VCARD" not in content.upper():
        raise Refused(fail(500, "file", "NullPointerException at VCardParser.java:42"))
    return content


def _utf8_strict(content: bytes, _: Context) -> bytes:
    if not content.isascii():
        raise Refused(fail(500, "file", "UnicodeDecodeError"))
    return content


TABLE.changes(
    "refusals", "refused-empty-accepted", "An empty file is imported.", stages.FORM, _empty_accepted
)
TABLE.changes(
    "refusals",
    "refused-no-vcard-crashes",
    "A file that is no vCard gets 500.",
    stages.CONTENT,
    _binary_fails,
)
TABLE.changes(
    "refusals", "non-ascii-crashes", "A file beyond ASCII gets 500.", stages.CONTENT, _utf8_strict
)
