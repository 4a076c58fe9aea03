"""One operation of the contract as a section of the page: what to send, what comes back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from qlara_sandbox.web.pages import BASE_URL
from qlara_sandbox.web.pages.markup import Html, inline, join, prose, table, tag
from qlara_sandbox.web.pages.provenance import source_of
from qlara_sandbox.web.pages.shapes import kind, row, source_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_sandbox.http.schemas import Document, Schema

_MULTIPART = "multipart/form-data"
_HEADS = ("Name", "Type and limits", "Meaning and source")


def operation_section(
    document: Document, path: str, method: str, item: Schema, secured: bool
) -> Html:
    """Return the section of one operation; its id is the operationId."""
    node: Schema = item[method]
    identity = str(node.get("operationId", f"{method} {path}"))
    described = node.get("description")
    return tag(
        "section",
        tag("h2", tag("a", node.get("summary", identity), href=f"#{identity}", class_="self")),
        endpoint(method, path),
        prose(described) if described else "",
        source_notes(source_of(node)),
        _parameters(document, item, node),
        _request_body(document, node),
        _rules(node),
        _requests(document, path, method, item, secured),
        _answers(document, identity, node),
        id=identity,
        class_="operation",
    )


def endpoint(method: str, path: str) -> Html:
    """Return method and path as one line."""
    verb = tag("span", method.upper(), class_=f"method {method.lower()}")
    return tag("p", verb, " ", tag("code", path), class_="endpoint")


def code(text: str, language: str) -> Html:
    """Return a block of code; the page's script adds a button that copies it."""
    return tag("pre", tag("code", text, data_language=language), tabindex="0")


def pretty(value: Any) -> str:
    """Return a JSON value on as many lines as it needs."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def examples(document: Document, media: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield name and example of a media type, parameter or field."""
    if "example" in media:
        yield "example", {"value": media["example"]}
    for name, node in media.get("examples", {}).items():
        yield name, document.resolve(node)


def parameters(document: Document, item: Schema, node: Schema) -> list[Schema]:
    """Return the parameters of an operation, also those that its path shares."""
    given = [*item.get("parameters", []), *node.get("parameters", [])]
    return [document.resolve(entry) for entry in given]


def _parameters(document: Document, item: Schema, node: Schema) -> Html:
    rows = [
        row(
            document,
            entry["name"],
            entry,
            schema=entry.get("schema", {}),
            required=entry.get("required", False),
            place=entry["in"],
        )
        for entry in parameters(document, item, node)
    ]
    if not rows:
        return Html("")
    return join([tag("h3", "Parameters"), table(_HEADS, rows, label="Parameters")])


def _request_body(document: Document, node: Schema) -> Html:
    body = document.resolve(node.get("requestBody", {}))
    return join(_body(document, name, media) for name, media in body.get("content", {}).items())


def _body(document: Document, media_type: str, media: Schema) -> Html:
    schema = media.get("schema", {})
    whole = document.resolve(schema)
    rows = [
        row(document, name, field, schema=field, required=name in whole.get("required", ()))
        for name, field in whole.get("properties", {}).items()
    ]
    choice = [name for each in whole.get("oneOf", ()) for name in each.get("required", ())]
    return join(
        [
            tag("h3", "Form" if media_type == _MULTIPART else "Body"),
            tag("p", "Sent as ", tag("code", media_type), ": ", kind(document, schema), "."),
            _one_of(choice) if choice else "",
            table(_HEADS, rows, label="Fields of the form") if rows else "",
        ]
    )


def _rules(node: Schema) -> Html:
    rules = [
        tag("li", inline(str(entry.get("rule", ""))), source_notes(source_of(entry)))
        for entry in node.get("x-rules", [])
    ]
    return join([tag("h3", "Rules"), tag("ul", *rules, class_="rules")]) if rules else Html("")


def _one_of(names: list[str]) -> Html:
    named = [
        piece
        for index, name in enumerate(names)
        for piece in ((" or " if index else ""), tag("code", name))
    ]
    return tag("p", "Exactly one of ", *named, " is required.", class_="rule")


def _requests(document: Document, path: str, method: str, item: Schema, secured: bool) -> Html:
    node: Schema = item[method]
    body = document.resolve(node.get("requestBody", {}))
    shown = [
        (example.get("summary", name), media_type, example.get("value"))
        for media_type, media in body.get("content", {}).items()
        for name, example in examples(document, media)
    ] or [("", "", None)]
    target = _target(document, path, parameters(document, item, node))
    blocks = [
        join(
            [
                tag("p", summary, class_="caption") if summary else "",
                code(_curl(method, target, media_type, value, secured), "shell"),
            ]
        )
        for summary, media_type, value in shown
    ]
    return join([tag("h3", "Request"), *blocks])


def _target(document: Document, path: str, given: list[Schema]) -> str:
    query = []
    for entry in given:
        found = next((example.get("value") for _, example in examples(document, entry)), None)
        value = (
            found if found is not None else document.resolve(entry.get("schema", {})).get("default")
        )
        if entry["in"] == "path":
            shown = entry["name"] if value is None else quote(str(value), safe="")
            path = path.replace(f"{{{entry['name']}}}", shown)
        elif entry["in"] == "query" and value is not None:
            query.append(f"{quote(entry['name'])}={quote(str(value))}")
    return path + ("?" + "&".join(query) if query else "")


def _curl(method: str, target: str, media_type: str, value: Any, secured: bool) -> str:
    verb = "" if method == "get" else f"-X {method.upper()} "
    lines = [f'curl {verb}"{BASE_URL}{target}"']
    if secured:
        lines.append('-H "X-Api-Key: YOUR_API_KEY"')
    if media_type == _MULTIPART and isinstance(value, dict):
        lines += [f"-F {_form_field(name, text)}" for name, text in value.items()]
    elif media_type:
        lines += [
            f'-H "Content-Type: {media_type}"',
            f"-d {shlex.quote(orjson.dumps(value).decode())}",
        ]
    return " \\\n  ".join(lines)


def forced_request(
    document: Document, path: str, method: str, item: Schema, preference: str
) -> Html:
    """Return a request that gets the documented answer which *preference* names."""
    target = _target(document, path, parameters(document, item, item[method]))
    lines = _curl(method, target, "", None, secured=True)
    return code(f'{lines} \\\n  -H "Prefer: {preference}"', "shell")


def _form_field(name: str, text: Any) -> str:
    return '"file=@contacts.vcf"' if name == "file" else shlex.quote(f"{name}={text}")


def _answers(document: Document, identity: str, node: Schema) -> Html:
    found = [
        _answer(document, identity, str(status), document.resolve(response))
        for status, response in node.get("responses", {}).items()
    ]
    return join([tag("h3", "Answers"), *found])


def status_chip(status: str) -> Html:
    """Return a status as a chip, coloured by its class."""
    return tag("span", status, class_=f"status s{status[:1]}")


def _answer(document: Document, identity: str, status: str, response: Schema) -> Html:
    content: Mapping[str, Schema] = response.get("content", {})
    kinds = [kind(document, media["schema"]) for media in content.values() if "schema" in media]
    summary = tag(
        "summary",
        status_chip(status),
        " ",
        tag("span", response.get("description", ""), class_="what"),
    )
    details = [tag("p", "Body: ", *kinds, class_="kind") if kinds else ""]
    details.append(source_notes(source_of(response)))
    details += [_header(document, name, each) for name, each in response.get("headers", {}).items()]
    for media in content.values():
        details += [example_block(name, each) for name, each in examples(document, media)]
    success = status.startswith("2")
    return tag(
        "details", summary, *details, class_="answer", id=f"{identity}-{status}", open=success
    )


def _header(document: Document, name: str, node: Schema) -> Html:
    header = document.resolve(node)
    about = header.get("description", "")
    return join(
        [
            tag("p", "Header ", tag("code", name), f": {about}"),
            source_notes(source_of(header)),
        ]
    )


def example_block(name: str, example: Schema) -> Html:
    """Return one documented answer, with the assumption behind it if there is one."""
    caption = [example.get("summary", ""), " ", tag("code", name, class_="quiet")]
    return join(
        [
            tag("p", *caption, class_="caption") if name else "",
            source_notes(source_of(example)),
            code(pretty(example.get("value")), "json"),
        ]
    )
