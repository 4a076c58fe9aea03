"""The contract as a page: operations, errors, schemas and assumptions, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.web.contract import METHODS
from sandbox.web.pages import ASSETS_PATH, BASE_URL, DOCS_PATH
from sandbox.web.pages.markup import Html, inline, join, prose, table, tag
from sandbox.web.pages.operations import (
    code,
    endpoint,
    example_block,
    examples,
    operation_section,
    status_chip,
)
from sandbox.web.pages.provenance import assumptions, source_of
from sandbox.web.pages.shapes import anchor, schema_section, source_notes
from sandbox.web.schemas import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.web.schemas import Schema

# What this sandbox answers beside the contract, since a client can meet it all the same.
_BESIDE = {
    "404": ("A path that the contract does not have.", {"path": "No such path in the contract: …"}),
    "405": (
        "A method that the path does not have; `Allow` names those that it has.",
        {"method": "Expected GET, HEAD; found DELETE."},
    ),
    "500": (
        "A bug of the sandbox, or a fault that a scenario orders. Never the answer to bad input.",
        None,
    ),
    "503": ("A fault that a scenario orders.", None),
}

_CONTROLS = (
    ("X-Api-Key", "`YOUR_API_KEY` works as it stands. Any key that begins with `sandbox_` is accepted and gets an account of its own; `sandbox_LABEL__SCENARIO` chooses its scenario too."),
    ("X-Sandbox-Scenario", "Chooses the scenario of this request, for example `quota-exhausted`."),
    ("X-Sandbox-Session", "Separates accounts of the same key, for tests that run side by side."),
    ("Prefer", "`code=409` or `example=quotaExhausted` forces one documented answer and changes nothing."),
)  # fmt: skip


def render(root: Schema) -> str:
    """Return the page of an OpenAPI document; ``{base-url}`` stands for the sandbox's address."""
    document = Document(root)
    title = root["info"]["title"]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · contract"),
        *(
            tag("link", rel="stylesheet", href=f"{ASSETS_PATH}/{name}")
            for name in ("base.css", "docs.css")
        ),
        tag("link", rel="icon", href=f"{ASSETS_PATH}/icon.svg"),
        tag("script", type="module", src=f"{ASSETS_PATH}/docs.js"),
    )
    body = tag(
        "body",
        tag("a", "Skip to the contract", href="#content", class_="skip"),
        _bar(),
        tag(
            "div",
            tag("nav", *_index(document), aria_label="Contents", class_="index"),
            tag("main", *_sections(document), id="content", tabindex="-1"),
            class_="page",
        ),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _bar() -> Html:
    links = (
        ("Console", "/__console", False),
        ("Contract", DOCS_PATH, True),
        ("openapi.yaml", "/openapi.yaml", False),
    )
    return tag(
        "header",
        tag("a", "Qlara sandbox", href=DOCS_PATH, class_="brand"),
        tag(
            "nav",
            *(
                tag("a", name, href=target, aria_current="page" if here else None)
                for name, target, here in links
            ),
            aria_label="Pages",
        ),
        class_="bar",
    )


def _sections(document: Document) -> Iterator[Html]:
    yield _overview(document)
    for path, method, item in _operations(document):
        node = item[method]
        secured = bool(node.get("security", document.root.get("security")))
        yield operation_section(document, path, method, item, secured)
    yield _errors(document)
    yield _schemas(document)
    yield _assumptions(document)


def _operations(document: Document) -> Iterator[tuple[str, str, Schema]]:
    for path, item in document.root["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item


def _index(document: Document) -> Iterator[Html]:
    operations = [
        (f"#{node.get('operationId', f'{method} {path}')}", node.get("summary", path))
        for path, method, item in _operations(document)
        for node in [item[method]]
    ]
    yield _links("Start", [("#overview", "Overview"), ("#controls", "Choose what happens")])
    yield _links("Operations", operations)
    yield _links("Errors", [(f"#errors-{s}", f"{s}") for s in _error_statuses(document)], "short")
    named = document.root.get("components", {}).get("schemas", {})
    yield _links("Schemas", [(f"#{anchor(name)}", name) for name in named])
    yield _links("Sources", [("#assumptions", "Assumptions")])


def _links(title: str, links: list[tuple[str, str]], style: str | None = None) -> Html:
    items = (tag("li", tag("a", name, href=target)) for target, name in links)
    return join([tag("h2", title), tag("ul", *items, class_=style)])


def _overview(document: Document) -> Html:
    info = document.root["info"]
    rows = [
        (
            tag("a", node.get("summary", path), href=f"#{node.get('operationId', '')}"),
            endpoint(method, path),
        )
        for path, method, item in _operations(document)
        for node in [item[method]]
    ]
    count = len(assumptions(document.root))
    return tag(
        "section",
        tag("h1", info["title"]),
        tag("p", inline(info.get("summary", "")), class_="lead"),
        prose(info.get("description", "")),
        table(("Operation", "Method and path"), rows, label="Operations"),
        tag(
            "p",
            "Where the documentation is silent, the contract had to decide: ",
            tag("a", f"{count} assumptions", href="#assumptions"),
            ", each marked like this where it applies.",
        ),
        tag("p", tag("b", "Assumption"), " and its reason", class_="source assumption"),
        tag("h2", tag("a", "Choose what happens", href="#controls", class_="self"), id="controls"),
        tag("p", "Every request names its account, and may choose what it wants to see:"),
        table(
            ("Header", "What it does"),
            [(tag("code", name), inline(text)) for name, text in _CONTROLS],
            label="Headers that the sandbox understands",
        ),
        code(
            f'curl "{BASE_URL}/api/v1/partner-gateway/subscription/contacts" \\\n'
            '  -H "X-Api-Key: YOUR_API_KEY" \\\n'
            '  -H "X-Sandbox-Scenario: quota-exhausted"',
            "shell",
        ),
        id="overview",
    )


def _error_statuses(document: Document) -> list[str]:
    statuses = {
        str(status)
        for path, method, item in _operations(document)
        for status in item[method].get("responses", {})
        if not str(status).startswith(("1", "2", "3"))
    }
    return sorted(statuses | _BESIDE.keys())


def _errors(document: Document) -> Html:
    return tag(
        "section",
        tag("h2", tag("a", "Errors", href="#errors", class_="self")),
        tag("p", "A refusal changes nothing, and its body names each field at fault. Every refusal carries a ", tag("code", "Link"), " header that leads here."),
        *(_error(document, status) for status in _error_statuses(document)),
        id="errors",
    )  # fmt: skip


def _error(document: Document, status: str) -> Html:
    # The same answer of several operations is told once, with all of them.
    told: dict[int, tuple[Schema, list[str]]] = {}
    for path, method, item in _operations(document):
        node = item[method]
        response = node.get("responses", {}).get(status)
        if response is not None:
            whole = document.resolve(response)
            name = str(node.get("operationId", f"{method} {path}"))
            told.setdefault(id(whole), (whole, []))[1].append(name)
    return tag(
        "section",
        tag("h3", tag("a", status_chip(status), href=f"#errors-{status}", class_="self")),
        *(_told(document, response, names) for response, names in told.values()),
        _beside(status) if status in _BESIDE else "",
        id=f"errors-{status}",
        class_="error",
    )


def _told(document: Document, response: Schema, names: list[str]) -> Html:
    links = [
        piece
        for index, name in enumerate(names)
        for piece in ((", " if index else ""), tag("a", name, href=f"#{name}"))
    ]
    shown = [
        example_block(name, example)
        for media in response.get("content", {}).values()
        for name, example in examples(document, media)
    ]
    return join(
        [
            prose(response.get("description", "")),
            tag("p", "Answered by ", *links, class_="kind"),
            source_notes(source_of(response)),
            *shown,
        ]
    )


def _beside(status: str) -> Html:
    text, data = _BESIDE[status]
    example = {"summary": "", "value": {"status": "fail", "data": data}}
    return join(
        [
            tag("p", inline(text)),
            tag("p", "Not in the contract: this sandbox's own.", class_="kind"),
            example_block("", example) if data else "",
        ]
    )


def _schemas(document: Document) -> Html:
    named = document.root.get("components", {}).get("schemas", {})
    return tag(
        "section",
        tag("h2", tag("a", "Schemas", href="#schemas", class_="self")),
        *(schema_section(document, name, schema) for name, schema in named.items()),
        id="schemas",
    )


def _assumptions(document: Document) -> Html:
    rows = [
        (
            " › ".join(entry.where),
            tag("code", entry.value) if entry.value else "",
            inline(entry.reason),
        )
        for entry in assumptions(document.root)
    ]
    return tag(
        "section",
        tag("h2", tag("a", "Assumptions", href="#assumptions", class_="self")),
        tag("p", "All that the contract says and UC-020 does not. A deployment may differ here without breaking its documentation; the contract suite shows where it does."),
        table(("What", "Value", "Why"), rows, label="Assumptions"),
        id="assumptions",
    )  # fmt: skip
