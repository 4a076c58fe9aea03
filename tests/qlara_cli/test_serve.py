from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from qlara_cli.listening import is_loopback
from qlara_sandbox import resources
from tests.qlara_sandbox.web.calls import QUOTA
from tests.server import Running, logged, serving, until


def get(running: Running, path: str = QUOTA, **headers: str) -> Any:
    request = Request(f"{running.url}{path}", headers={"X-Api-Key": "YOUR_API_KEY", **headers})  # noqa: S310 - http
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return json.load(answer)


def refused(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "qlara_sandbox", "serve", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


def until_refused(port: int) -> None:
    """Return when nobody listens at *port* any more."""

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            return True
        return False

    until(refused)


def reported(running: Running, text: str) -> bool:
    """Return whether the next line of the log is there and has *text* in it."""
    log = running.process.stderr
    assert log is not None
    return bool(select.select([log], [], [], 0)[0]) and text in log.readline()


def test_it_says_where_it_is_which_key_to_use_and_what_to_try(server: Running) -> None:
    assert server.url in server.banner
    assert "YOUR_API_KEY" in server.banner
    command = next(line for line in server.banner.splitlines() if "curl " in line)
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True
    )
    assert json.loads(done.stdout) == {"used": 0, "total": 50_000}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_after_the_request_that_is_under_way(
    number: signal.Signals,
) -> None:
    with serving() as running:
        body = b'--b\r\nContent-Disposition: form-data; name="listId"\r\n\r\nx\r\n--b--\r\n'
        head = (
            "POST /api/partner-gateway/v1/contacts/upload/vcard HTTP/1.1\r\nHost: x\r\n"
            "X-Api-Key: YOUR_API_KEY\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
            connection.sendall(head + body[:20])
            get(running)  # by now the upload has arrived, too
            running.process.send_signal(number)
            until_refused(running.port)
            connection.sendall(body[20:])
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        assert running.process.wait(timeout=15) == 0


def test_a_port_in_use_is_a_clear_message(server: Running) -> None:
    problem = refused("--port", str(server.port))

    assert f"Port {server.port} of 127.0.0.1 is in use." in problem
    assert f"--port {server.port + 1}" in problem


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    assert "Expected one of bad-header, " in refused("--scenario", "nope")


def test_the_shipped_scenarios_stay_reachable_beside_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("title: T\nstory: S\naccount: {quota: {total: 7}}\n")
    (tmp_path / "slow.yaml").write_text("title: T\nstory: S\naccount: {quota: {total: 8}}\n")
    with serving("--scenarios", str(tmp_path)) as running:
        totals = {
            name: get(running, **{"X-Sandbox-Scenario": name})["total"]
            for name in ("default", "mine", "slow", "quota-exhausted")
        }

    assert totals == {"default": 50_000, "mine": 7, "slow": 8, "quota-exhausted": 50_000}


def test_a_folder_without_scenarios_is_said_to_have_none(tmp_path: Path) -> None:
    with logged("--scenarios", str(tmp_path)) as (running, log):
        assert get(running)["total"] == 50_000

    assert f"{tmp_path} has no scenario files (*.yaml)" in log()


def test_a_scenario_file_with_a_mistake_is_named_with_line_and_field(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text("title: T\nstory: S\nquota: 3\n")

    problem = refused("--scenarios", str(tmp_path))

    assert f"{tmp_path}/default.yaml:3: quota: unknown field" in problem


def test_a_contract_without_our_operations_stops_the_start(tmp_path: Path) -> None:
    text = resources.SPEC.read_text(encoding="utf-8")
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        text.replace("operationId: getContactQuota\n      x", "operationId: other\n      x")
    )

    assert "lacks the operations getContactQuota" in refused("--spec", str(spec))


def test_a_contract_that_is_no_openapi_file_is_a_clear_message(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text("just: [text")

    problem = refused("--spec", str(spec))

    assert str(spec) in problem


def test_the_key_of_the_certificate_is_on_no_disk_while_the_sandbox_runs() -> None:
    with serving("--tls") as running:
        authority = re.search(r"--cacert (\S+)", running.banner)
        assert authority is not None
        files = {path.name for path in Path(authority[1]).parent.iterdir()}

    assert files == {"authority.pem", "server.pem"}


def test_tls_serves_what_the_authority_that_it_names_vouches_for() -> None:
    with serving("--tls") as running:
        command = next(line for line in running.banner.splitlines() if "curl " in line)
        done = subprocess.run(
            ["bash", "-c", f"{command} -sS"], capture_output=True, text=True, timeout=30, check=True
        )

    assert running.url.startswith("https://")
    assert json.loads(done.stdout) == {"used": 0, "total": 50_000}


def test_existing_configurations_work_with_a_key_of_their_own_or_with_any() -> None:
    with serving("--accept-key", "live_4711", "--accept-key", "live_4712") as running:
        assert get(running, **{"X-Api-Key": "live_4712"})["total"] == 50_000
        with pytest.raises(HTTPError, match="401"):
            get(running, **{"X-Api-Key": "live_4713"})
        assert "live_47" not in running.banner
    with serving(SANDBOX_ANY_KEY="1") as running:
        assert get(running, **{"X-Api-Key": "whatever"})["total"] == 50_000


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown() -> None:
    problem = refused("--accept-key", "sécret")

    assert "expected visible ASCII characters, without blanks" in problem
    assert "cret" not in problem


def test_accounts_outlive_the_sandbox_in_a_file_and_its_violent_end_too(tmp_path: Path) -> None:
    file = tmp_path / "accounts.jsonl"
    with serving("--state", str(file)) as running:
        get(running, "/api/v1/partner-gateway/subscription/contacts")
    assert running.process.returncode == 0
    with serving("--state", str(file)) as running:
        get(running, **{"X-Api-Key": "sandbox_new"})
        until(lambda: b"sandbox_new" in file.read_bytes())
        running.process.kill()
        running.process.wait(timeout=15)
    with serving("--state", str(file)) as running:
        worlds = get(running, "/__admin/worlds")["worlds"]

    assert {one["apiKey"] for one in worlds} == {"YOUR_API_KEY", "sandbox_ne…"}


def test_a_damaged_state_stops_the_start_and_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "accounts.jsonl"
    file.write_text("{}\n")
    problem = refused("--port", "0", "--state", str(file))

    assert f"{file}:1: is no state of a sandbox" in problem
    assert "Nothing was changed." in problem
    assert file.read_text() == "{}\n"


def test_the_start_says_where_state_goes_and_which_keys_are_not_accepted_now(
    tmp_path: Path,
) -> None:
    file = tmp_path / "state.jsonl"
    later = "it is written when accounts have changed, and on stop."
    with logged("--state", str(file), "--accept-key", "prod_1") as (running, log):
        for key in ("prod_1", "sandbox_anna"):
            get(running, QUOTA, **{"X-Api-Key": key})
    assert log().startswith(f"State goes to {file}; {later}\n")

    with logged("--state", str(file)) as (_, log):
        pass
    assert log().startswith(
        f"2 accounts restored from {file}; {later}\n"
        "1 key of theirs is not accepted now: add --accept-key KEY.\n"
    )


def test_a_bind_that_others_can_reach_makes_a_token_and_shows_it_once() -> None:
    with serving("--host", "0.0.0.0") as running:  # noqa: S104 - the very thing under test
        token = running.banner.partition("Bearer ")[2].split()[0]
        assert get(running, "/__admin/version", Authorization=f"Bearer {token}")["version"]
        with pytest.raises(HTTPError, match="401"):
            get(running, "/__admin/version")


def test_the_environment_stands_in_for_an_option() -> None:
    with serving(SANDBOX_SCENARIO="quota-exhausted") as running:
        assert get(running) == {"used": 50_000, "total": 50_000}


def test_requests_are_logged_as_json_lines_without_their_key() -> None:
    command = [
        sys.executable,
        "-m",
        "qlara_sandbox",
        "serve",
        "--port",
        "0",
        "--log-format",
        "json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[3]
    get(Running(process, url, ""), **{"X-Api-Key": "sandbox_very_secret"})
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=15)
    (entry,) = (json.loads(line) for line in log.splitlines() if line.startswith("{"))

    assert (entry["message"], entry["status"]) == (f"GET {QUOTA}", 200)
    assert (entry["scenario"], entry["session"]) == ("default", "default")
    assert "very_secret" not in log


def test_reload_notices_a_change_without_a_request(tmp_path: Path) -> None:
    scenario = tmp_path / "default.yaml"
    scenario.write_text("title: T\nstory: S\n")
    with serving("--reload", "--scenarios", str(tmp_path)) as running:
        get(running)
        scenario.write_text("title: T\nstory: S\naccount: {quota: {total: many}}\n")

        until(lambda: reported(running, "not reloaded"))


def test_the_banner_names_the_addresses_that_work_and_the_name_that_does_not_yet(
    tmp_path: Path,
) -> None:
    options = ("--tls-authority", str(tmp_path / "ca"), "--tls-name", "no-such-name.invalid")
    with serving("--host", "0.0.0.0", *options) as running:  # noqa: S104 - the very thing under test
        also = re.search(r"Also at (.*)", running.banner)
        others = also[1].split(", ") if also else []
        for url in (running.url, *others):
            done = subprocess.run(
                [
                    "curl",
                    "-sS",
                    "--cacert",
                    str(tmp_path / "ca" / "authority.pem"),
                    f"{url}{QUOTA}",
                ],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            assert "Missing API key" in done.stdout

    assert "Not at no-such-name.invalid yet, which does not lead here." in running.banner


def test_certificates_and_keys_come_in_pairs_and_alone(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    file.write_text("none")
    alone = ("--tls-cert", str(file))
    pair = (*alone, "--tls-key", str(file))

    assert refused(*alone) == "Expected --tls-cert and --tls-key together.\n"
    assert "brings its own names" in refused(*pair, "--tls-name", "a.test")
    assert "Expected two PEM files" in refused("--port", "0", *pair)


def test_reload_takes_up_changed_scenarios_and_a_changed_contract(tmp_path: Path) -> None:
    scenario, spec = tmp_path / "default.yaml", tmp_path / "openapi.yaml"
    scenario.write_text("title: T\nstory: S\n")
    text = resources.SPEC.read_text(encoding="utf-8")
    spec.write_text(text)
    options = ("--reload", "--scenarios", str(tmp_path), "--spec", str(spec))
    with serving(*options) as running:
        assert get(running)["total"] == 50_000
        scenario.write_text("title: T\nstory: S\naccount: {quota: {total: 7}}\n")
        spec.write_text(text.replace("title: Qlara contact API", "title: Changed"))
        until(lambda: get(running)["total"] == 7)
        assert get(running, "/openapi.json")["info"]["title"] == "Changed"

        scenario.write_text("title: T\nstory: S\naccount: {quota: {total: many}}\n")
        spec.write_text("paths: [")
        until(lambda: get(running) and reported(running, "not reloaded"))
        assert get(running)["total"] == 7
        assert get(running, "/openapi.json")["info"]["title"] == "Changed"


def test_a_start_loads_nothing_that_only_an_import_or_a_test_needs() -> None:
    script = (
        "import sys; from qlara_sandbox.web.app import create_app; import qlara_sandbox.http.server; create_app();"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'phonenumbers',"
        "'vobject', 'jsonschema', 'schemathesis', 'pytest', 'rich', 'httpx', 'trustme'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout == "[]\n"


def test_an_address_of_another_machine_is_a_clear_message() -> None:
    problem = refused("--host", "192.0.2.1")  # for documentation only, RFC 5737

    assert problem == "Cannot listen on 192.0.2.1, port 8080: Cannot assign requested address\n"


@pytest.mark.parametrize(
    ("option", "module", "message"),
    [
        (
            "--defect=no-content-type",
            "qlara_contract.defects",
            "--defect needs qlara_contract.defects, which is not installed.",
        ),
        ("--tls", "trustme", "TLS needs the package trustme."),
    ],
)
def test_an_option_that_lacks_a_package_says_which(option: str, module: str, message: str) -> None:
    script = f"""
import sys
sys.modules[{module!r}] = None  # as if it were not installed
from qlara_cli import main
main(["serve", "--port", "0", {option!r}])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 2
    assert message in done.stderr
    assert "pip install" in done.stderr


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - compared
        ("192.0.2.1", False),
        ("sandbox.example", False),
    ],
)
def test_only_this_machine_reaches_a_loopback_address(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_an_overlay_is_known_by_its_file_or_by_its_shipped_name() -> None:
    for named in ("api-reference", str(resources.OVERLAYS / "api-reference.yaml")):
        with serving("--overlay", named) as running:
            assert get(running)["remaining"] == 50_000
            assert "(scenario default, overlay api-reference.yaml)" in running.banner
    with serving(SANDBOX_OVERLAY="api-reference") as running:
        assert get(running)["remaining"] == 50_000


def _with_differs(folder: Path, promise: str) -> str:
    path = folder / "o.yaml"
    said = f"{{x-qlara-differs: {{{promise}: Decided otherwise.}}}}"
    text = "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions:\n- target: $\n"
    path.write_text(f"{text}  update: {said}\n", encoding="utf-8")
    return str(path)


def test_what_an_overlay_says_and_the_sandbox_cannot_do_is_told_at_the_start(
    tmp_path: Path,
) -> None:
    with serving("--overlay", _with_differs(tmp_path, "tags.order")) as running:
        told = "Does as the contract says, and not as x-qlara-differs does: tags.order"
        assert told in running.banner.splitlines()
    unknown = _with_differs(tmp_path, "tags.nothing")
    assert "x-qlara-differs: Unknown promise 'tags.nothing'" in refused("--overlay", unknown)
    documented = _with_differs(tmp_path, "quota.shape")
    assert "x-qlara-differs: quota.shape is documented" in refused("--overlay", documented)


def test_an_overlay_that_there_is_not_is_answered_with_the_shipped_ones() -> None:
    for named in ("api", "../overlays/api-reference"):
        message = f"No file '{named}', and no shipped overlay: api-reference."
        assert message in refused("--overlay", named)


def test_an_overlay_with_a_mistake_is_named_with_line_and_action(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    text = "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions:\n- target: $.x\n  update: {}\n"
    path.write_text(text, encoding="utf-8")

    assert f"{path}:4: action 1 ($.x): the target selects nothing" in refused(
        "--overlay", str(path)
    )
