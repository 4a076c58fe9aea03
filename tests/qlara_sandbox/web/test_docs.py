from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.pages.contract_page import render
from qlara_sandbox.web.pages.provenance import Assumption, Source, assumptions, sources
from qlara_sandbox.web.runtime import SandboxSettings

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"link", "meta", "br", "hr", "input"}


class Outline(HTMLParser):
    """What a page consists of: ids, links and text; fails on elements that do not nest."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        assert self._open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.attributes |= given.keys()
        self.ids += [value for key, value in attributes if key == "id" and value]
        self.links += [given["href"] or ""] if "href" in given else []
        if name not in VOID:
            self._open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self._open.pop() == name

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return Contract(resources.SPEC).document


@pytest.fixture(scope="module")
def outline(document: dict[str, Any]) -> Outline:
    return Outline(render(document))


def test_every_operation_has_a_section_under_its_operation_id(
    outline: Outline, document: dict[str, Any]
) -> None:
    names = [node["operationId"] for item in document["paths"].values() for node in item.values()]

    assert [name for name in names if name not in outline.ids] == []


def test_every_link_within_the_page_leads_somewhere_and_no_id_stands_twice(
    outline: Outline,
) -> None:
    targets = {link[1:] for link in outline.links if link.startswith("#")}

    assert targets - set(outline.ids) == set()
    assert sorted(outline.ids) == sorted(set(outline.ids))


def test_the_help_link_of_every_refusal_leads_to_a_section_of_the_page(
    client: TestClient,
) -> None:
    page = Outline(client.get("/__docs").text)
    refusals = [
        client.get("/nowhere"),
        client.delete("/api/v1/partner-gateway/subscription/contacts"),
        client.get("/api/v1/partner-gateway/subscription/contacts", headers={"X-Api-Key": "x"}),
        *(
            client.post(
                "/api/partner-gateway/v1/contacts/upload/vcard",
                headers={"Prefer": f"code={status}"},
            )
            for status in (400, 403, 404, 409, 413, 429)
        ),
    ]

    links = [response.headers["link"] for response in refusals]
    anchors = [match[1] for link in links if (match := re.match(r"</__docs#([^>]+)>", link))]
    assert [response.status_code for response in refusals] == [
        404, 405, 401, 400, 403, 404, 409, 413, 429,
    ]  # fmt: skip
    assert [anchor for anchor in anchors if anchor not in page.ids] == []
    assert len(anchors) == len(refusals)


def test_every_assumption_of_the_contract_is_in_the_text_of_the_page_marked_as_such(
    outline: Outline, document: dict[str, Any]
) -> None:
    reasons = {" ".join(entry.reason.split()) for entry in assumptions(document)}

    assert len(reasons) > 20
    assert [
        reason for reason in sorted(reasons) if reason.replace("`", "") not in outline.text
    ] == []
    assert "Assumption UC-020 names no default; the API reference of the vendor says 10" in (
        outline.text
    )


def test_no_assumption_of_the_file_is_lost_on_the_way() -> None:
    text = resources.SPEC.read_text(encoding="utf-8")

    # The description of the file explains the word once more, in backticks.
    written = len(re.findall(r"assumption:(?!`)", text))
    assert len(assumptions(yaml.safe_load(text))) == written


def test_the_curl_lines_name_the_address_under_which_the_page_was_reached() -> None:
    client = TestClient(create_app(), base_url="http://127.0.0.1:9999")

    page = Outline(client.get("/__docs").text).text

    assert (
        'curl -X POST "http://127.0.0.1:9999/api/partner-gateway/v1/contacts/upload/vcard"' in page
    )
    assert "{base-url}" not in page


def test_a_host_header_cannot_bring_markup_into_the_page(client: TestClient) -> None:
    page = client.get("/__docs", headers={"Host": 'x"><script>alert(1)</script>'})

    assert "<script>alert" not in page.text


def test_a_path_that_a_partner_adds_appears_by_itself(tmp_path: Path) -> None:
    document = yaml.safe_load(resources.SPEC.read_text(encoding="utf-8"))
    document["paths"]["/api/partner-gateway/v1/tags/{tag}"] = {
        "put": {
            "operationId": "renameTag",
            "summary": "Rename a <tag>",
            "parameters": [{"name": "tag", "in": "path", "required": True}],
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
                        "example": {"name": "it's new"},
                    }
                }
            },
            "responses": {
                "200": {
                    "description": "ok",
                    "content": {"application/json": {"example": {"a": 1}}},
                },
                418: {"description": "It is a teapot."},
                "default": {"description": "Anything else."},
            },
        }
    }
    document["components"]["schemas"]["Lost"] = {"$ref": "#/components/schemas/Nowhere"}
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document), encoding="utf-8")

    client = TestClient(create_app(SandboxSettings(spec=spec)))
    page = Outline(client.get("/__docs").text)
    added = client.get("/openapi.json").json()["paths"]["/api/partner-gateway/v1/tags/{tag}"]["put"]

    assert list(added["responses"]) == ["200", "418", "default"]
    assert "renameTag" in page.ids
    assert "errors-418" in page.ids
    assert "Unresolved $ref: #/components/schemas/Nowhere" in page.text
    assert "Rename a <tag>" in page.text
    assert '-d \'{"name":"it\'"\'"\'s new"}\'' in page.text


def test_the_pages_run_no_inline_code_and_load_nothing_from_elsewhere(
    client: TestClient, outline: Outline
) -> None:
    response = client.get("/__docs")
    policy = response.headers["content-security-policy"].split("; ")

    assert "default-src 'none'" in policy
    assert not any("unsafe" in part or "http" in part for part in policy)
    assert not any(name.startswith("on") or name == "style" for name in outline.attributes)
    assert [link for link in outline.links if "//" in link] == []


def test_assets_are_served_by_name_and_nothing_else_is(client: TestClient) -> None:
    names = ["base.css", "docs.js", "..%2F__init__.py", "%2e%2e%2fdocs.py", "nothing.css"]

    responses = [client.get(f"/__assets/{name}") for name in names]

    assert [response.status_code for response in responses] == [200, 200, 404, 404, 404]
    assert responses[0].headers["content-type"] == "text/css; charset=utf-8"
    assert responses[1].headers["content-type"] == "text/javascript; charset=utf-8"


def test_no_text_of_a_contract_becomes_markup() -> None:
    hostile = "<img src=x onerror=alert(1)>\"' `<b>` {{ 7 * 7 }}"
    field = {"type": hostile, "pattern": hostile, "description": hostile, "x-qlara-source": hostile}
    schema = {"properties": {hostile: {**field, "x-qlara-source": f"assumption: {hostile}"}}}
    operation = {
        "operationId": hostile,
        "summary": hostile,
        "description": hostile,
        "parameters": [{"name": hostile, "in": "query", "schema": field, "example": hostile}],
        "requestBody": {"content": {hostile: {"schema": schema, "example": hostile}}},
        "x-qlara-rules": [{"rule": hostile, "x-qlara-source": hostile}],
        "responses": {
            "409": {
                "description": hostile,
                "headers": {hostile: {"description": hostile}},
                "content": {hostile: {"schema": field, "examples": {hostile: {"value": hostile}}}},
            }
        },
    }
    page = render(
        {
            "info": {"title": hostile, "summary": hostile, "description": hostile},
            "paths": {"/x": {"get": operation}},
            "components": {"schemas": {hostile: schema}},
        }
    )

    assert "<img" not in page
    assert "onerror" not in Outline(page).attributes
    assert "{{ 7 * 7 }}" in Outline(page).text


def test_a_source_may_be_a_heading_an_assumption_or_a_heading_with_an_assumption_beside_it() -> (
    None
):
    assert sources("UC-020: Step 1") == [Source("UC-020: Step 1", assumed=False)]
    assert sources("assumption: it is silent") == [Source("it is silent", assumed=True)]
    assert sources("UC-020: 413 (assumption: 10 MB are bytes)") == [
        Source("UC-020: 413", assumed=False),
        Source("10 MB are bytes", assumed=True),
    ]


def test_an_assumption_says_where_it_applies_and_which_value_it_gave() -> None:
    limit = {
        "name": "limit",
        "schema": {"maximum": 1000, "x-qlara-source": {"maximum": "assumption: somebody said so"}},
    }
    document = {"paths": {"/x": {"get": {"operationId": "listX", "parameters": [limit]}}}}

    assert assumptions(document) == [
        Assumption(("listX", "limit", "maximum"), "1000", "somebody said so")
    ]


def test_the_request_beside_each_error_really_gets_that_error(client: TestClient) -> None:
    page = html.unescape(client.get("/__docs").text)
    forced = re.findall(
        r'curl (?:-X (\w+) )?"http://testserver(\S+?)".{1,80}?code=(\d+)', page, re.DOTALL
    )

    responses = [
        (client.request(method or "GET", target, headers={"Prefer": f"code={code}"}), code)
        for method, target, code in forced
    ]
    assert {code for _, code in responses} >= {"400", "401", "403", "404", "409", "413", "429"}
    assert [(r.status_code, code) for r, code in responses if str(r.status_code) != code] == []
