"""``verify`` as a user runs it: exit codes, and one helpful sentence where it could not run."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from qlara_cli.verify import verify
from qlara_contract.contract import contract
from qlara_contract.differential import compare_deployments
from qlara_contract.promises import LIST, QUOTA
from qlara_contract.run import DEFAULT_LIST
from qlara_contract.settings import RunSettings
from tests.qlara_contract.deployments import SECRET, api_reference, serving
from tests.server import serving as sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from qlara_contract.engine import Progress
    from tests.server import Running


def _verify(base_url: str, *options: str, key: str = SECRET) -> Result:
    arguments = ["--base-url", base_url, "--api-key", key, *options]
    return CliRunner().invoke(verify, arguments)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Return a port that is bound, so that nobody else takes it, and not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_the_sandbox_conforms_and_every_promise_is_exercised(
    server: Running, tmp_path: Path
) -> None:
    result = _verify(server.url, "--report", str(tmp_path), key="YOUR_API_KEY")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (report["counts"]["broken"], report["counts"]["not exercised"]) == (0, 0)


def test_the_same_seed_conforms_again_on_an_account_that_holds_its_contacts() -> None:
    with sandbox("--no-sandbox-headers") as running:
        first, second = (_verify(running.url, "--seed", "3", key="YOUR_API_KEY") for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), second.output
    assert "Left behind" in second.output


def test_a_run_that_only_reads_creates_nothing(server: Running, tmp_path: Path) -> None:
    key = "sandbox_verify-read-only"
    options = ("--mode", "read-only", "--report", str(tmp_path))
    result = _verify(server.url, *options, key=key)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (report["contactsCreated"], report["leftBehind"]) == (0, [])
    assert report["counts"]["kept"] > 20


def test_a_run_that_could_judge_nothing_is_not_green(server: Running) -> None:
    result = _verify(
        server.url, "--only", "upload.imports-a-file", key="sandbox_verify-full__quota-exhausted"
    )
    assert result.exit_code == 2, result.output
    assert "Nothing could be judged: 1 promise not exercised." in result.output


def test_no_more_contacts_are_created_than_allowed(server: Running, tmp_path: Path) -> None:
    options = ("--max-writes", "25", "--report", str(tmp_path))
    result = _verify(server.url, *options, key="YOUR_API_KEY")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["contactsCreated"] <= 25


def test_only_the_promises_that_are_asked_for_are_judged(server: Running, tmp_path: Path) -> None:
    options = ("--only", "tags.tidied,quota.shape", "--report", str(tmp_path))
    result = _verify(server.url, *options, key="YOUR_API_KEY")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [each["id"] for each in report["promises"]] == ["tags.tidied", "quota.shape"]


def test_a_deployment_that_follows_the_api_reference_drifts_and_is_told_so_by_name(
    tmp_path: Path,
) -> None:
    with serving(api_reference) as url:
        draft = tmp_path / "known.yaml"
        options = ("--mode", "read-only", "--list-id", "87", "--write-deviations", str(draft))
        result = _verify(url, *options, "--report", str(tmp_path))
        again = _verify(url, *options[:4], "--deviations", str(draft))
    assert (result.exit_code, again.exit_code) == (1, 0), result.output + again.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    variants = {each["id"]: each.get("readings") for each in report["promises"]}
    assert variants["list.pages-from-1"] == ["follows the API reference: pages count from 0"]
    assert variants["quota.shape"] == [
        "follows the API reference: the quota is planLimit, extraLimit, totalLimit, used, remaining"
    ]
    assert variants["list.page-out-of-range"] == ["follows the API reference: pages count from 0"]


def test_a_closed_port_cannot_be_reached(closed_port: int) -> None:
    result = _verify(f"http://127.0.0.1:{closed_port}")
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: http://127.0.0.1:{closed_port} cannot be reached: ")
    assert result.output.count("\n") == 1


def test_a_wrong_key_is_told_apart_and_not_shown(server: Running) -> None:
    result = _verify(server.url)
    assert result.exit_code == 2
    assert result.output == (
        f"Error: {server.url} does not accept the key given with --api-key (401).\n"
    )


def test_a_wrong_base_path_is_told_apart(server: Running) -> None:
    result = _verify(f"{server.url}/api/partner-gateway/v1", key="YOUR_API_KEY")
    assert result.exit_code == 2
    assert "wrong path; it is the part of the address before /api." in result.output


def test_a_server_that_does_not_speak_tls_is_told_apart(server: Running) -> None:
    url = server.url.replace("http://", "https://")
    result = _verify(url, key="YOUR_API_KEY")
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: TLS with {url} failed: ")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (
            200,
            "<html>Welcome</html>",
            "is not this API: /api/v1/partner-gateway/subscription/contacts returns 200",
        ),
        (
            200,
            {"hello": "world"},
            "is not this API: /api/v1/partner-gateway/subscription/contacts returns 200",
        ),
        (404, "<html>Not found</html>", "is not this API, or serves it under another base path"),
        (403, {"status": "fail"}, "does not let it read the contact quota (403)"),
        (500, {}, "responds to /api/v1/partner-gateway/subscription/contacts with 500"),
        (503, {}, "with 503, which comes from a gateway before it"),
    ],
)
def test_a_host_that_is_not_this_api_is_told_apart(status: int, body: Any, sentence: str) -> None:
    def response(path: str, _: dict[str, list[str]]) -> tuple[int, Any]:
        assert path in (contract().path_of(QUOTA), contract().path_of(LIST, listId=DEFAULT_LIST))
        return status, body

    with serving(response) as url:
        result = _verify(url)
    assert result.exit_code == 2
    assert sentence in result.output
    assert result.output.count("\n") == 1


def test_a_url_that_is_none_is_told_apart() -> None:
    result = _verify("127.0.0.1:8080")
    assert (result.exit_code, result.output) == (
        2,
        "Error: '127.0.0.1:8080' is not a base URL; expected one like http://127.0.0.1:8080.\n",
    )


def test_a_wrong_file_of_deviations_ends_with_2(tmp_path: Path) -> None:
    result = _verify("http://127.0.0.1:1", "--deviations", str(tmp_path / "none.yaml"))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)


def test_an_unknown_promise_is_refused_with_its_neighbours() -> None:
    result = _verify("http://127.0.0.1:1", "--only", "tags.sorted")
    assert (result.exit_code, "tags.all-in-order" in result.output) == (2, True)


def test_the_list_of_promises_needs_no_deployment() -> None:
    result = CliRunner().invoke(verify, ["--list"])
    assert result.exit_code == 0
    assert "upload.summary-adds-up  (uploadVCard, major)" in result.output


def test_two_worlds_of_the_sandbox_give_the_same_answers(server: Running, tmp_path: Path) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    result = _verify(server.url, "--compare", other, "--report", str(tmp_path), key="YOUR_API_KEY")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "twin.json").read_text(encoding="utf-8"))
    assert (report["fidelity"], report["unpaired"]) == (1.0, 0)


def test_a_report_that_nobody_reads_to_its_end_changes_no_verdict(server: Running) -> None:
    command = [sys.executable, "-m", "qlara_sandbox", "verify", "--base-url", server.url]
    command += ["--api-key", "YOUR_API_KEY", "--only", "quota.shape"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, b"Traceback" in said) == (0, False), said


def test_a_comparison_that_is_interrupted_shows_what_is_known(server: Running) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    settings = RunSettings(server.url, "sandbox_compare-interrupted")
    compared = compare_deployments(settings, settings, interrupt)
    assert (compared.exit_code, sum(compared.paired.values())) == (130, 0)
    assert sum(compared.unpaired.values()) > 5
    assert compared.cut_short == [f"The run against {server.url} stopped: the run was interrupted"]


def test_plain_pytest_runs_the_same_stories(server: Running, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "qlara_contract.plugin",
    ]
    command += ["--pyargs", "qlara_contract", "--contract-base-url", server.url]
    command += ["--contract-api-key", "sandbox_plain-pytest"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken, 0 known deviation, 0 differs, 0 not exercised" in done.stdout


def test_plain_pytest_ends_with_2_where_it_cannot_run(closed_port: int, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "qlara_contract.plugin",
    ]
    command += [
        "--pyargs",
        "qlara_contract",
        "--contract-base-url",
        f"http://127.0.0.1:{closed_port}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "cannot be reached" in done.stdout + done.stderr


def test_a_run_is_kept_and_compared_with_the_one_before(server: Running, tmp_path: Path) -> None:
    options = ("--only", "quota.shape", "--trend", str(tmp_path))
    first, second = (_verify(server.url, *options, key="YOUR_API_KEY") for _ in range(2))
    assert "No earlier run with the same base URL, mode and profile" in first.output
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert len(list(tmp_path.iterdir())) == 2
