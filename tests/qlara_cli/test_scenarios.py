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


def test_check_reports_everything_in_one_pass_with_what_to_write_instead(tmp_path: Path) -> None:
    (tmp_path / "bad.vcf").write_text("no card")
    path = tmp_path / "x.yaml"
    path.write_text(
        """
titel: T
story: S
story: again
account: {region: it, timezone: Rome}
lists:
  - {id: a, file: bad.vcf}
  - {file: gone.vcf}
faults:
  - {on: uploadCard, delay: 3s}
  - {on: "*", network: RESET}
"""
    )
    code, output = run("check", str(path))

    assert code == 1
    assert [line.removeprefix(f"{path}:") for line in output.splitlines()] == [
        "2: titel: unknown field; did you mean 'title'?",
        "2: title: missing. A name for people.",
        "4: story: duplicate field",
        "5: account.region: expected the code of a country in two capital letters, such as IT; "
        'found "it"; write `region: IT`',
        "5: account.timezone: unknown time zone 'Rome'; did you mean Europe/Rome?",
        "7: lists[0].file: bad.vcf cannot be imported: file: Invalid VCard format. "
        "Expected BEGIN:VCARD header.",
        "8: lists[1].file: file 'gone.vcf' not found beside the scenario",
        "8: lists[1].id: missing. The `listId` of the API.",
        "10: faults[0].delay: expected fields: fixed, uniform, lognormal; "
        'found "3s"; write `delay: {fixed: 3s}`',
        "10: faults[0].on: unknown operation 'uploadCard'; expected one of uploadVCard, listContacts, "
        "getContactQuota, '*'; did you mean uploadVCard?",
        "11: faults[1].network: expected one of EMPTY_RESPONSE, CONNECTION_RESET, MALFORMED_CHUNK, "
        'TRUNCATED_BODY; found "RESET"; write `network: CONNECTION_RESET`',
    ]


def test_check_shows_more_than_twenty_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("title: T\nstory: S\n" + "".join(f"x{number}: 1\n" for number in range(30)))

    assert len(run("check", str(path))[1].splitlines()) == 30


def test_check_reads_no_file_that_is_outside(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("title: T\nstory: S\nlists: [{id: a, file: /nowhere/at-all.vcf}]\n")
    code, output = run("check", str(path))

    assert code == 1
    assert output == (
        f"{path}:3: lists[0].file: '/nowhere/at-all.vcf' is outside the folder of the scenario; "
        "--allow-outside permits it\n"
    )


def test_an_empty_file_and_an_empty_folder_have_words_of_their_own(tmp_path: Path) -> None:
    nothing = run("--scenarios", str(tmp_path), "check")
    (tmp_path / "a.yml").touch()
    misnamed = run("--scenarios", str(tmp_path), "check")
    (tmp_path / "a.yml").rename(tmp_path / "a.yaml")
    empty = run("--scenarios", str(tmp_path), "check")

    write = f"Write one: qlara-sandbox scenarios --scenarios {tmp_path} new NAME"
    assert nothing == (1, f"Error: {tmp_path} has no scenario files. {write}\n")
    ends = "has no scenario files: they end in .yaml. Rename a.yml."
    assert misnamed == (1, f"Error: {tmp_path} {ends}\n")
    assert empty == (
        1,
        f"{tmp_path}/a.yaml:1: is empty. A scenario needs a title and a story at least; "
        "`qlara-sandbox scenarios new NAME` writes a file to begin with.\n",
    )


def test_the_shipped_scenarios_are_listed_and_shown_beside_ones_own(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text("title: Mine\nstory: S\n")
    _, listed = run("--scenarios", str(tmp_path))
    code, shown = run("--scenarios", str(tmp_path), "show", "quota-exhausted")

    assert listed.startswith("slow  Mine\n\nShipped:\nbad-header ")
    assert listed.count("\nslow ") == 0
    assert (code, shown.partition("\n")[0]) == (0, "Contact quota exhausted")


def test_new_writes_a_file_that_is_right_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run("new", "third-import-fails")

    assert (code, output) == (
        0,
        "my-scenarios/third-import-fails.yaml is written. What is commented out can be used; delete "
        "what you do not need.\n\n"
        "  qlara-sandbox scenarios check my-scenarios/third-import-fails.yaml\n"
        "  qlara-sandbox serve --scenarios my-scenarios --scenario third-import-fails\n",
    )
    assert run("check", "my-scenarios/third-import-fails.yaml")[0] == 0


def test_new_overwrites_nothing_and_leads_out_of_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my own"
    folder.mkdir()
    first = run("--scenarios", str(folder), "new", "slow")
    second = run("--scenarios", str(folder), "new", "slow")

    assert first[0] == 0
    assert "it takes the place of the shipped scenario slow" in first[1]
    assert f"serve --scenarios '{folder}' --scenario slow" in first[1]
    assert second == (1, f"Error: {folder}/slow.yaml is there already.\n")
    assert "is no name for a scenario" in run("--scenarios", str(folder), "new", "../slow")[1]
