"""The contract as a page: operations, errors, schemas and assumptions, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.http.contract import METHODS
from qlara_sandbox.http.schemas import Document
from qlara_sandbox.web.pages import ASSETS_PATH, BASE_URL, DOCS_PATH
from qlara_sandbox.web.pages.markup import Html, inline, join, prose, table, tag
from qlara_sandbox.web.pages.operations import (
    code,
    endpoint,
    example_block,
    examples,
    forced_request,
    operation_section,
    status_chip,
)
from qlara_sandbox.web.pages.provenance import assumptions, source_of
from qlara_sandbox.web.pages.shapes import anchor, schema_section, source_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.http.schemas import Schema

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
    document = Readable(root)
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
        status
        for path, method, item in _operations(document)
        for status in _responses(item[method])
        if not status.startswith(("1", "2", "3"))
    }
    return sorted(statuses | _BESIDE.keys())


class Readable(Document):
    """A document to be read: a reference that leads nowhere is shown as such."""

    def resolve(self, node: Any) -> Any:
        try:
            return super().resolve(node)
        except KeyError as error:
            return {"description": f"This reference leads nowhere: `{error.args[0]}`"}


class Told(NamedTuple):
    """An answer that several operations share, and those operations."""

    response: Schema
    by: list[tuple[str, str, Schema]]

    @property
    def names(self) -> Html:
        links = (_name(path, method, item) for path, method, item in self.by)
        return join(
            piece
            for index, name in enumerate(links)
            for piece in ((", " if index else ""), tag("a", name, href=f"#{name}"))
        )


def _name(path: str, method: str, item: Schema) -> str:
    return str(item[method].get("operationId", f"{method} {path}"))


def _responses(node: Schema) -> dict[str, Schema]:
    # Written without quotes, YAML reads a status as a number.
    return {str(status): response for status, response in node.get("responses", {}).items()}


def _told(document: Document, status: str) -> list[Told]:
    told: dict[int, Told] = {}
    for path, method, item in _operations(document):
        response = _responses(item[method]).get(status)
        if response is not None:
            whole = document.resolve(response)
            told.setdefault(id(whole), Told(whole, [])).by.append((path, method, item))
    return list(told.values())


def _errors(document: Document) -> Html:
    statuses = _error_statuses(document)
    return tag(
        "section",
        tag("h2", tag("a", "Errors", href="#errors", class_="self")),
        tag("p", "A refusal changes nothing, and its body names each field at fault. Every refusal carries a ", tag("code", "Link"), " header that leads here."),
        table(("Status", "When", "Answered by"), _error_rows(document, statuses), label="Errors"),
        *(_error(document, status) for status in statuses),
        id="errors",
    )  # fmt: skip


def _error_rows(document: Document, statuses: list[str]) -> Iterator[list[str]]:
    for status in statuses:
        link = tag("a", status_chip(status), href=f"#errors-{status}")
        for told in _told(document, status):
            yield [link, inline(told.response.get("description", "")), told.names]
        if status in _BESIDE:
            yield [link, inline(_BESIDE[status][0]), "this sandbox"]


def _error(document: Document, status: str) -> Html:
    return tag(
        "section",
        tag("h3", tag("a", status_chip(status), href=f"#errors-{status}", class_="self")),
        *(_answer(document, status, told) for told in _told(document, status)),
        _beside(status) if status in _BESIDE else "",
        id=f"errors-{status}",
        class_="error",
    )


def _answer(document: Document, status: str, told: Told) -> Html:
    shown = [
        (name, example)
        for media in told.response.get("content", {}).values()
        for name, example in examples(document, media)
    ]
    blocks = [example_block(name, example) for name, example in shown]
    if shown:
        path, method, item = told.by[0]
        blocks += [
            tag("p", "To see it, whatever the account holds:", class_="caption"),
            forced_request(document, path, method, item, f"code={status}"),
        ]
    return join(
        [
            prose(told.response.get("description", "")),
            tag("p", "Answered by ", told.names, class_="kind"),
            source_notes(source_of(told.response)),
            *blocks,
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
