"""The command: what it prints and writes, how it ends, and what it shows meanwhile."""

from __future__ import annotations

import json
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import httpx2 as httpx
import pytest

from tests.qlara_proxy.commands import ended, proxied, proxying
from tests.qlara_proxy.targets import Peer, byte_target
from tests.server import serving, until
from tests.wire import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server import Running

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/{}/contacts"
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marta Prova\r\nTEL:+39 347 555 0199\r\nEND:VCARD\r\n"
SECRET = "sandbox_n0b0dymaykn0w"  # noqa: S105 - what the tests look for
REPORT_FILES = [
    "badge.json",
    "badge.svg",
    "ctrf.json",
    "failures.har",
    "junit.xml",
    "report.html",
    "report.json",
    "report.md",
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(sandbox: Running) -> Iterator[Running]:
    with proxying(sandbox.url, "--quiet") as running:
        yield running


def client(url: str, key: str = SECRET) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"X-Api-Key": key}, timeout=30, trust_env=False)


def use(url: str, key: str = SECRET) -> None:
    """Read the quota, import a card and read its list, as a client does."""
    with client(url, key) as session:
        assert session.get(QUOTA).status_code == 200
        files = {"file": ("contacts.vcf", CARD, "text/vcard")}
        done = session.post(UPLOAD, files=files, data={"listName": "Proxy"}).raise_for_status()
        assert session.get(LIST.format(done.json()["listId"])).status_code == 200
        assert session.get(QUOTA).status_code == 200


def test_the_end_tells_what_was_kept_and_writes_the_report(
    sandbox: Running, tmp_path: Path
) -> None:
    with proxying(sandbox.url, "--report", str(tmp_path), "--fail-on-drift") as proxy:
        use(proxy.url)
        done = ended(proxy)

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    states = {each["id"]: each["state"] for each in report["promises"]}
    assert done.code == 0, done.log
    assert sorted(path.name for path in tmp_path.iterdir()) == REPORT_FILES
    assert (report["requests"], report["baseUrl"]) == (4, sandbox.url)
    assert {"broken", "differs"} & set(states.values()) == set()
    assert states["upload.summary-adds-up"] == states["quota.shape"] == "kept"
    assert "Keeps every documented promise that was seen" in done.output
    assert f"Wrote {tmp_path / 'report.html'}" in done.output


def test_folders_of_all_files_are_made_before_it_runs(sandbox: Running, tmp_path: Path) -> None:
    made = tmp_path / "rep"
    files = ("--record", str(made / "mine.yaml"), "--bundle", str(made / "sub" / "traffic.zip"))
    with proxying(sandbox.url, *files, "--report", str(made / "report")) as proxy:
        assert sorted(each.name for each in made.iterdir()) == ["report", "sub"]
        use(proxy.url)
        done = ended(proxy)

    assert done.code == 0, done.log
    assert sorted(each.name for each in made.iterdir()) == ["files", "mine.yaml", "report", "sub"]
    assert [each.name for each in (made / "sub").iterdir()] == ["traffic.zip"]


@pytest.mark.parametrize("option", ["--record", "--bundle"])
def test_a_file_that_cannot_be_written_is_told_before_it_runs(
    option: str, sandbox: Running
) -> None:
    done = proxied("--to", sandbox.url, option, "/dev/null/mine")

    assert done.code == 2
    assert "/dev/null/mine: expected a file in a folder; /dev/null is none." in " ".join(
        done.log.split()
    )


def test_each_request_is_one_line_of_log(sandbox: Running) -> None:
    with proxying(sandbox.url) as proxy:
        use(proxy.url)
        done = ended(proxy, signal.SIGTERM)

    lines = [
        re.sub(r"^\S+|[\d.]+ ms|req_\d+|list_\w+", "…", line) for line in done.log.splitlines()
    ]
    assert (done.code, lines) == (
        0,
        [
            f"…  200  GET {QUOTA}  …  …",
            f"…  200  POST {UPLOAD}  …  …",
            f"…  200  GET {LIST.format('…')}  …  …",
            f"…  200  GET {QUOTA}  …  …",
        ],
    )


def test_a_broken_promise_is_said_with_its_request_and_fails_the_run_if_asked() -> None:
    with serving("--defect", "summary-missing") as wrong:
        codes = {}
        for options in ([], ["--fail-on-drift"]):
            with proxying(wrong.url, *options) as proxy:
                use(proxy.url)
                done = ended(proxy)
            codes[tuple(options)] = done.code
            assert re.search(
                r"POST \S+upload/vcard .*  upload\.report-shape", done.log, re.MULTILINE
            )
            assert "broken" in done.output

    assert codes == {(): 0, ("--fail-on-drift",): 1}


def test_traffic_that_shows_nothing_is_no_success(sandbox: Running) -> None:
    with proxying(sandbox.url, "--fail-on-drift") as proxy:
        assert ended(proxy).code == 2


def test_a_proxy_ends_by_itself_after_its_time(sandbox: Running) -> None:
    with proxying(sandbox.url, "--for", "1s", "--quiet") as proxy:
        done = ended(proxy, None)

    assert (done.code, done.log) == (0, "")


def test_a_base_url_that_ends_with_the_beginning_of_paths_is_asked_about(sandbox: Running) -> None:
    done = proxied("--to", f"{sandbox.url}/api/", "--port", "0", "--for", "500ms")

    assert done.code == 0
    assert f"requests go to {sandbox.url}/api/api/…. Is that meant?" in done.output


def test_what_cannot_run_says_why_and_ends_with_2(sandbox: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        in_use = proxied("--to", sandbox.url, "--port", port)
    said = [
        in_use,
        proxied("--to", f"http://localhost:{port}/base", "--port", port),
        proxied("--to", "https://user:geheim@api.example.com"),
        proxied("--to", sandbox.url, "--for", "soon"),
        proxied(),
    ]

    assert [each.code for each in said] == [2, 2, 2, 2, 2]
    assert f"Port {port} of 127.0.0.1 is in use." in said[0].log
    assert "found that of the proxy itself" in said[1].log
    assert "expected a URL without a user or password" in said[2].log
    assert "expected a time such as 500ms, 90s, 10m or 2h; found 'soon'." in said[3].log
    assert "geheim" not in said[2].log + said[2].output


def test_no_key_of_the_traffic_is_shown_anywhere(sandbox: Running, tmp_path: Path) -> None:
    keys = (SECRET, "unknown-to-everybody")
    with proxying(sandbox.url, "--report", str(tmp_path), "--log-format", "json") as proxy:
        with client(proxy.url) as session:
            session.get(f"{QUOTA}?apiKey={SECRET}")
            session.get(f"/{SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
            session.get(QUOTA, headers={"X-Api-Key": keys[1]})
            session.post(UPLOAD, content=f"key={SECRET}")
        use(proxy.url)
        until(lambda: httpx.get(f"{proxy.url}/__admin/report").json()["requests"] == 8)
        shown = [
            httpx.get(f"{proxy.url}/__admin/{path}").text
            for path in (
                "requests",
                "requests?format=har",
                "report",
                "report?format=html",
                "report?format=junit",
            )
        ]
        done = ended(proxy)

    shown += [done.output, done.log]
    shown += [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert [(key, text[:200]) for key in keys for text in shown if key in text] == []


def test_the_journal_shows_what_passed(proxy: Running) -> None:
    key = "sandbox_journal"
    use(proxy.url, key)
    query = {"apiKey": key}
    until(lambda: len(_requests(proxy, query)) == 4)
    latest, _, upload, first = _requests(proxy, query)

    assert [each["operation"] for each in (first, upload, latest)] == [
        "getContactQuota",
        "uploadVCard",
        "getContactQuota",
    ]
    assert upload["request"]["form"] == {
        "fields": {"listName": "Proxy"},
        "file": {"name": "contacts.vcf", "bytes": len(CARD), "head": CARD.decode()},
    }
    assert upload["apiKey"] == upload["request"]["headers"]["x-api-key"] == "sandbox_jo…"
    assert upload["answer"]["headers"]["content-type"] == "application/json"
    assert [each["faults"] for each in (first, upload, latest)] == [[], [], []]


def test_events_tell_of_what_passes(proxy: Running) -> None:
    with httpx.stream("GET", f"{proxy.url}/__admin/events", timeout=20) as events:
        lines = events.iter_lines()
        assert next(lines).startswith(":")
        with client(proxy.url, "sandbox_events") as session:
            session.get(QUOTA)
        data = next(line for line in lines if line.startswith("data:"))

    assert json.loads(data.removeprefix("data:"))["request"]["path"] == QUOTA


def test_the_report_of_now_has_three_forms(proxy: Running) -> None:
    forms = {
        name: httpx.get(f"{proxy.url}/__admin/report", params={"format": name})
        for name in ("json", "html", "junit")
    }

    assert {name: each.headers["content-type"] for name, each in forms.items()} == {
        "json": "application/json",
        "html": "text/html",
        "junit": "application/xml",
    }
    assert forms["json"].json()["mode"] == "traffic"
    assert "What the traffic shows" in forms["html"].text
    assert ET.fromstring(forms["junit"].text).tag == "testsuites"  # noqa: S314 - our own


def test_the_console_offers_nothing_that_a_proxy_does_not_have(proxy: Running) -> None:
    page = httpx.get(f"{proxy.url}/__console")
    docs = httpx.get(f"{proxy.url}/__docs")

    assert (page.status_code, docs.status_code) == (200, 200)
    assert re.findall(r"[Ss]cenario|[Dd]emonstration|Import a|Reset", page.text) == []
    assert re.findall(r'"controls"|/openapi\.yaml|Prefer: code', docs.text) == []


def test_the_control_api_has_only_what_a_proxy_has(proxy: Running) -> None:
    document = httpx.get(f"{proxy.url}/__admin/openapi.json").json()

    assert sorted(document["paths"]) == [
        "/__admin/events",
        "/__admin/health",
        "/__admin/openapi.json",
        "/__admin/report",
        "/__admin/requests",
        "/__admin/requests/count",
        "/__admin/requests/find",
        "/__admin/requests/{id}",
        "/__admin/version",
    ]
    assert httpx.get(f"{proxy.url}/__admin/worlds").status_code == 404
    assert httpx.get(f"{proxy.url}/__health/ready").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers", [{"Host": "rebound.example"}, {"Origin": "https://elsewhere.example"}]
)
def test_the_control_api_is_closed_to_pages_of_other_origins(
    proxy: Running, headers: dict[str, str]
) -> None:
    assert httpx.get(f"{proxy.url}/__admin/requests", headers=headers).status_code == 403


def test_beyond_the_machine_the_control_api_asks_for_the_token(sandbox: Running) -> None:
    with proxying(sandbox.url, "--host", "0.0.0.0", "--quiet") as proxy:  # noqa: S104 - that is tried
        found = re.search(r"Authorization: Bearer (\S+)", proxy.banner)
        assert found is not None
        path = f"{proxy.url}/__admin/report"
        statuses = [
            httpx.get(path, headers=headers).status_code
            for headers in ({}, {"Authorization": f"Bearer {found[1]}"})
        ]

    assert statuses == [401, 200]


def test_thirty_two_large_uploads_at_a_time_take_little_memory() -> None:
    size, count = 10_000_000, 32
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    piece = bytes(100_000)

    def swallow(peer: Peer) -> None:
        head = peer.head()
        left = size - (len(peer.received) - len(head))
        while left > 0 and (data := peer.socket.recv(65536)):
            left -= len(data)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            peer.send(piece)

    def upload(port: int) -> int:
        received = 0
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(head)
            for _ in range(size // len(piece)):
                connection.sendall(piece)
            while data := connection.recv(65536):
                received += len(data)
        return received

    with byte_target(swallow) as target, proxying(target.url, "--quiet") as proxy:
        before = peak_megabytes(proxy)
        with ThreadPoolExecutor(count) as pool:
            received = list(pool.map(upload, [proxy.port] * count))
        grown = peak_megabytes(proxy) - before

    assert min(received) > size
    assert grown < 120, f"{grown:.0f} MB for {count} times {size / 1e6:.0f} MB, both ways"


def _requests(proxy: Running, query: dict[str, str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = httpx.get(f"{proxy.url}/__admin/requests", params=query).json()[
        "requests"
    ]
    return entries
