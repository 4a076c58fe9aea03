"""``replay``: a bundle played back to a sandbox or a deployment, and what the command says of it."""

from __future__ import annotations

import json
import socket
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from qlara_cli import main
from qlara_proxy.bundling import Bundle
from tests.qlara_proxy.passing import BOUNDARY, Deployment, exchange, form, listed
from tests.qlara_proxy.targets import Peer, byte_target
from tests.qlara_proxy.test_recording import EXPORT, NEW_LIST, play_story

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


def bundled(path: Path, passed: list[PassedExchange], *, keep_data: bool = False) -> Path:
    one = Bundle("http://deployment.test", keep_data, secret=b"secret")
    for each in passed:
        one.passed(each)
    one.write(path)
    return path


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Deployment(scenario="update-existing") as deployment:
        play_story(deployment)
        return bundled(tmp_path_factory.mktemp("bundle") / "traffic.zip", deployment.passed)


def test_a_bundle_replayed_to_the_sandbox_is_the_same(story: Path) -> None:
    result = run(story)

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == (
        "The recording and the sandbox: all 10 pairs of responses are the same."
    )
    assert [line.split()[:4] for line in result.output.splitlines()[1:11]] == [
        *(["1", "GET", "200", "200"], ["2", "GET", "200", "200"], ["3", "GET", "200", "200"]),
        *(["4", "POST", "200", "200"], ["5", "POST", "200", "200"], ["6", "POST", "200", "200"]),
        *(["7", "POST", "400", "400"], ["8", "GET", "200", "200"], ["9", "GET", "200", "200"]),
        ["10", "GET", "404", "404"],
    ]


def test_another_scenario_differs(story: Path) -> None:
    result = run(story, "--scenario", "quota-exhausted")

    assert result.exit_code == 1
    assert "status   uploadVCard, 3 times: 200 and 409  (#4, #5, #6)" in result.output


def test_the_result_as_json(story: Path) -> None:
    result = run(story, "--json", "--scenario", "quota-exhausted")

    value = json.loads(result.output)
    assert (value["compared"], len(value["exchanges"])) == (
        {"getContactQuota": 2, "listContacts": 4, "uploadVCard": 4},
        10,
    )
    assert value["exchanges"][3] == {
        "number": 4,
        "method": "POST",
        "target": "/api/partner-gateway/v1/contacts/upload/vcard",
        "recorded": 200,
        "now": 409,
        "result": "status: 200 and 409",
    }


def test_a_deployment_gets_reads_alone_unless_the_mode_is_full(story: Path) -> None:
    with Deployment(scenario="update-existing") as deployment:
        address = ("--base-url", deployment.base_url, "--api-key", deployment.key)
        read_only = run(story, *address, "--mode", "read-only")
        full = run(story, *address, "--mode", "full")

    assert "Mode read-only: imports are not sent; --mode full sends them." in read_only.output
    assert "Not compared: 4 requests: it writes, which needs --mode full." in read_only.output
    assert (
        f"Mode full: the imports of the bundle are sent to {deployment.base_url}, and write there."
        in full.output
    )
    assert "  4  POST        200  200" in full.output
    assert deployment.key not in full.output + read_only.output


def test_the_fixed_deployment_is_the_same_and_the_old_one_is_not(tmp_path: Path) -> None:
    with Deployment(scenario="default") as recorded:
        list_id = json.loads(recorded.upload(NEW_LIST, listName="New")[1])["listId"]
        recorded.read(list_id)
        recorded.upload(EXPORT, listId=list_id)
        recorded.read(list_id, "?limit=5&page=3")
    path = bundled(tmp_path / "traffic.zip", recorded.passed)

    with Deployment(scenario="default", seed=7) as fixed:
        result = run(path, "--base-url", fixed.base_url, "--api-key", fixed.key)
    with Deployment(scenario="quota-exhausted") as old:
        differs = run(path, "--base-url", old.base_url, "--api-key", old.key)

    assert result.output.splitlines()[-1] == (
        f"The recording and {fixed.base_url}: all 4 pairs of responses are the same."
    )
    assert (result.exit_code, differs.exit_code) == (0, 1)


def test_accounts_of_a_bundle_begin_each_with_what_it_held(tmp_path: Path) -> None:
    passed = [
        exchange(1, key="key-one", response=b'{"used":3,"total":10}'),
        exchange(2, key="key-two", response=b'{"used":5,"total":20}'),
        exchange(3, status=401, response=b'{"status":"fail","data":{"apiKey":"x"}}'),
        exchange(4, key="key-bad", status=401, response=b'{"status":"fail","data":{"apiKey":"x"}}'),
    ]
    path = bundled(tmp_path / "traffic.zip", passed, keep_data=True)

    result = run(path)

    assert [line.split()[2:4] for line in result.output.splitlines()[1:5]] == [
        *(["200", "200"], ["200", "200"], ["401", "401"], ["401", "401"])
    ]


def test_one_key_plays_the_account_with_the_most_requests(tmp_path: Path) -> None:
    passed = [
        exchange(1, key="key-one", response=b'{"used":0,"total":50000}'),
        exchange(2, key="key-two", response=b'{"used":0,"total":50000}'),
        exchange(3, key="key-two", response=b'{"used":0,"total":50000}'),
        exchange(4, key="key-two", response=None, failure="reset"),
    ]
    path = bundled(tmp_path / "traffic.zip", passed)

    with Deployment() as deployment:
        result = run(path, "--base-url", deployment.base_url, "--api-key", deployment.key)

    assert result.exit_code == 0
    assert result.output.splitlines()[-3:] == [
        f"The recording and {deployment.base_url}: all 2 pairs of responses are the same.",
        "Not compared: 1 request: it is of another account, and there is one key.",
        "Not compared: 1 request: no response was recorded.",
    ]


def test_requests_go_out_as_they_were_recorded(tmp_path: Path) -> None:
    headers, body = form(EXPORT, listId="list_crm_migration")
    odd = body.replace(f"--{BOUNDARY}--".encode(), b"")
    passed = [
        exchange(
            1, target=listed("list%5Fcrm_migration", "?limit=%31&limit=2"), key="k", status=400
        ),
        exchange(
            2,
            "POST",
            "/api/partner-gateway/v1/contacts/upload/vcard",
            key="k",
            headers=headers,
            body=odd,
            status=400,
        ),
        exchange(3, "DELETE", "/api/nowhere", key="k", status=404),
    ]
    path = bundled(tmp_path / "traffic.zip", passed, keep_data=True)

    with Deployment() as deployment:
        result = run(path, "--base-url", deployment.base_url, "--api-key", deployment.key)

    assert [line.split()[2:4] for line in result.output.splitlines()[2:5]] == [
        *(["400", "400"], ["400", "400"], ["404", "404"])
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["--base-url", "http://127.0.0.1:1"],
            "--base-url needs --api-key: the bundle has no key.",
        ),
        (
            ["--base-url", "http://x", "--api-key", "k", "--scenario", "default"],
            "--scenario is for a sandbox",
        ),
        (["--scenario", "nowhere"], "Unknown scenario 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(
    story: Path, arguments: list[str], expected: str
) -> None:
    result = run(story, *arguments)

    assert (result.exit_code, expected in result.output) == (2, True), result.output


def test_a_deployment_that_is_not_there_ends_with_exit_code_2(story: Path) -> None:
    result = run(
        story, "--base-url", "http://127.0.0.1:1", "--api-key", "key-of-somebody", "--timeout", "1"
    )

    assert result.exit_code == 2
    assert "key-of-somebody" not in result.output


def test_a_file_that_is_no_bundle_ends_with_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "traffic.zip"
    path.write_bytes(b"nonsense")
    assert run(path).exit_code == 2
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../escape", b"x")

    result = run(path)

    assert (result.exit_code, "is no part of a bundle" in result.output) == (2, True)
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("", "nobody", "{} does not accept the key given with --api-key (401)."),
        ("/base/v9", "", "{}/base/v9 has no /api/v1/partner-gateway/subscription/contacts: the"),
        ("/api", "", "{}/api has no /api/v1/partner-gateway/subscription/contacts: the base URL"),
    ],
)
def test_a_wrong_key_or_path_is_no_difference_but_said_in_a_sentence(
    story: Path, path: str, key: str, expected: str
) -> None:
    with Deployment(scenario="update-existing") as deployment:
        url = deployment.base_url
        result = run(story, "--base-url", url + path, "--api-key", key or deployment.key)

    assert result.exit_code == 2
    assert f"Error: {expected.format(url)}" in result.output
    assert "status" not in result.output
    assert deployment.key not in result.output


def test_a_deployment_that_is_not_there_is_said_in_a_sentence(story: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    result = run(story, "--base-url", url, "--api-key", "sandbox_any")

    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert f"Error: {url} cannot be reached: " in result.output


@pytest.mark.parametrize("status", [401, 404])
def test_a_deployment_that_refuses_one_kind_of_request_differs(story: Path, status: int) -> None:
    quota = b'{"status":"fail","data":{"apiKey":"no"}}'
    page = b'{"listId":"l","contacts":[],"total":0,"page":1,"totalPages":1,"hasMore":false}'

    def respond(peer: Peer) -> None:
        while request := peer.head():
            of_quota = b"/subscription/" in request
            number, body = (status, quota) if of_quota else (200, page)
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            peer.send(f"HTTP/1.1 {number} X\r\n{length}".encode() + body)

    with byte_target(respond) as target:
        result = run(story, "--base-url", target.url, "--api-key", "k", "--mode", "read-only")

    assert result.exit_code == 1, result.output
    assert f"status   getContactQuota, 2 times: 200 and {status}" in result.output
