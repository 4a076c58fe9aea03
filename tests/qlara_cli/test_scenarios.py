from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from qlara_cli import main
from tests.qlara_sandbox.web.calls import MARCO

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["scenarios", *arguments])
    return result.exit_code, result.output


def test_scenarios_alone_lists_them_with_their_titles() -> None:
    code, output = run()

    assert code == 0
    assert "quota-exhausted         Contact quota exhausted\n" in output


def test_show_tells_the_story_and_commands_that_can_be_pasted() -> None:
    code, output = run("show", "quota-exhausted", "--base-url", "http://127.0.0.1:9")

    assert code == 0
    assert "sandbox_demo__quota-exhausted" in output
    assert "curl -s http://127.0.0.1:9/api/partner-gateway/v1/contacts/upload/vcard" in output
    assert "$" not in output


def test_show_answers_an_unknown_name_with_the_known_ones() -> None:
    code, output = run("show", "nope")

    assert code == 1
    assert "Expected one of bad-header, " in output


def test_check_finds_the_shipped_files_right() -> None:
    code, output = run("check")

    assert code == 0
    assert output.endswith("scenarios checked, no mistakes.\n")


def test_check_names_file_line_and_field_of_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("title: T\nstory: ''\nlimits: {file_bytes: 0}\n")
    code, output = run("check", str(path))

    assert code == 1
    assert [line.split(": ")[:2] for line in output.splitlines()] == [
        [f"{path}:2", "story"],
        [f"{path}:3", "limits.file_bytes"],
    ]


def test_check_knows_the_operations_that_a_fault_can_be_on(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("title: T\nstory: S\nfaults: [{on: uploadCard, respond: {status: 503}}]\n")
    code, output = run("check", str(path))

    assert code == 1
    assert output.startswith(f"{path}:3: faults[0].on: ")
    assert "uploadVCard" in output


def test_a_file_with_mistakes_does_not_spoil_the_list(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("title: Fine\nstory: S\n")
    (tmp_path / "b.yaml").write_text("story: S\n")
    code, output = run("--scenarios", str(tmp_path))

    assert code == 0
    assert output.splitlines()[0] == "a  Fine"
    assert output.splitlines()[1].startswith("b  has mistakes: ")


def test_show_of_a_scenario_without_source_or_commands_is_its_story(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text("title: Plain\nstory: Nothing else.\n")
    code, output = run("--scenarios", str(tmp_path), "show", "plain")

    assert (code, output) == (
        0,
        "Plain\n\nNothing else.\n\nChoose it with  -H 'X-Sandbox-Scenario: plain'  "
        "or with the key  sandbox_demo__plain\n\n",
    )


def test_check_needs_a_contract_without_mistakes(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text("paths: [\n")
    code, output = run("check", "--spec", str(spec))

    assert code == 1
    assert f"{spec}:" in output


def test_a_file_outside_the_folder_is_a_mistake_unless_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared.vcf").write_bytes(MARCO)
    path = tmp_path / "mine" / "x.yaml"
    path.parent.mkdir()
    path.write_text("title: T\nstory: S\nlists: [{id: a, file: ../shared.vcf}]\n")
    refused = run("check", str(path))
    allowed = run("--allow-outside", "check", str(path))
    monkeypatch.setenv("SANDBOX_ALLOW_OUTSIDE", "1")

    assert refused == (
        1,
        f"{path}:3: lists[0].file: '../shared.vcf' is outside the folder of the scenario; "
        "--allow-outside permits it\n",
    )
    assert allowed == run("check", str(path)) == (0, "1 scenario checked, no mistakes.\n")


def test_check_applies_the_overlay_that_a_scenario_names(tmp_path: Path) -> None:
    head = "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions:\n"
    wrong = f"{head}- target: $\n  update: {{x-qlara-conventions: {{order: size}}}}\n"
    (tmp_path / "wrong.overlay").write_text(wrong, encoding="utf-8")
    file = tmp_path / "a.yaml"
    file.write_text("title: T\nstory: S\noverlay: wrong.overlay\n", encoding="utf-8")
    code, output = run("check", str(file))

    assert code == 1
    assert output.startswith(f"{file}:3: overlay: ")
    assert "order: expected import, newest, name, id or number; found 'size'" in output
    file.write_text("title: T\nstory: S\noverlay: api-reference\n", encoding="utf-8")
    assert run("check", str(file))[0] == 0
