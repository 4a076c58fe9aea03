from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.console import SAMPLES
from qlara_sandbox.web.pages import ASSETS, read
from qlara_sandbox.web.runtime import SandboxSettings

LOCAL = "http://127.0.0.1:8080"


def browser(base_url: str = LOCAL, **settings: Any) -> TestClient:
    return TestClient(create_app(SandboxSettings(**settings)), base_url=base_url)


def test_the_page_is_served_to_local_callers_under_a_strict_policy() -> None:
    response = browser().get("/__console")

    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|<script(?! type=\"module\" src=)", response.text)


def test_a_name_that_was_rebound_to_this_machine_gets_no_console() -> None:
    response = browser("http://rebound.example").get("/__console")

    assert (response.status_code, list(response.json()["data"])) == (403, ["host"])


def test_beyond_the_machine_the_page_opens_and_shows_nothing_without_the_token() -> None:
    client = browser("http://sandbox.example", loopback=False, admin_token="t0ken")  # noqa: S106

    assert client.get("/__console").status_code == 200
    assert client.get("/__admin/worlds").status_code == 401


def test_beyond_the_machine_and_without_a_token_there_is_no_console() -> None:
    response = browser("http://sandbox.example", loopback=False).get("/__console")

    assert response.status_code == 403


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_is_the_file_that_the_scenarios_use(name: str) -> None:
    response = browser().get(f"/__console/samples/{name}")

    assert response.content == (resources.SCENARIOS / "files" / name).read_bytes()


@pytest.mark.parametrize("name", ["make_files.py", "..%2Fdefault.yaml", "nothing.vcf"])
def test_nothing_but_a_sample_is_served_as_one(name: str) -> None:
    assert browser().get(f"/__console/samples/{name}").status_code == 404


def test_every_element_that_the_scripts_look_up_is_on_the_page() -> None:
    page = browser().get("/__console").text
    scripts = "\n".join(
        path.read_text(encoding="utf-8")
        for path in ASSETS.glob("*.js")
        if path.name not in {"docs.js", "proxy.js"}
    )

    wanted = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', scripts))
    assert len(wanted) > 20
    assert wanted - set(re.findall(r'id="([\w-]+)"', page)) == set()


def test_every_element_that_the_console_of_a_proxy_looks_up_is_on_its_page() -> None:
    page = read("proxy.html")
    used = ("proxy.js", "journal.js", "control.js", "actions.js")
    scripts = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in used)

    wanted = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', scripts))
    assert len(wanted) > 20
    assert wanted - set(re.findall(r'id="([\w-]+)"', page)) == set()


def test_the_scripts_never_make_markup_of_text() -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js")}

    dangerous = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    assert {name for name, text in scripts.items() if dangerous.search(text)} == set()


def test_every_demonstration_names_a_scenario_that_is_there() -> None:
    script = (ASSETS / "demonstrations.js").read_text(encoding="utf-8")
    known = {path.stem for path in resources.SCENARIOS.glob("*.yaml")}

    assert set(re.findall(r'scenario: "([\w-]+)"', script)) - known == set()


def test_every_refusal_of_the_contract_has_a_demonstration() -> None:
    script = (ASSETS / "demonstrations.js").read_text(encoding="utf-8")
    document = json.loads(browser().get("/openapi.json").content)
    documented = {
        int(status)
        for item in document["paths"].values()
        for node in item.values()
        for status in node["responses"]
        if status.startswith("4")
    }

    assert documented - set(map(int, re.findall(r"status: (\d+)", script))) == set()
