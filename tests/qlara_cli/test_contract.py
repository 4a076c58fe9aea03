"""``contract show`` and ``contract diff`` from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from qlara_cli import main
from qlara_contract.contract import contract
from qlara_sandbox import resources
from qlara_sandbox.http.fuzzing import for_fuzzing
from qlara_sandbox.http.openapi_30 import as_openapi_30

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["contract", *arguments])
    return result.exit_code, result.output


def changed(folder: Path, old: str, new: str) -> str:
    text = resources.SPEC.read_text(encoding="utf-8")
    assert old in text
    path = folder / "openapi.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_show_prints_the_shipped_contract_as_it_is() -> None:
    assert run("show") == (0, resources.SPEC.read_text(encoding="utf-8"))


def test_show_applies_an_overlay() -> None:
    code, output = run("show", "--overlay", "api-reference")

    assert code == 0
    assert yaml.safe_load(output)["x-qlara-conventions"]["order"] == "name"


def test_show_for_fuzzing_says_what_a_vcard_file_is() -> None:
    code, output = run("show", "--for-fuzzing")

    assert code == 0
    assert yaml.safe_load(output) == for_fuzzing(contract().document)


def test_show_in_openapi_3_0_is_for_tools_that_read_no_newer_one() -> None:
    code, output = run("show", "--openapi", "3.0")

    assert code == 0
    assert yaml.safe_load(output) == as_openapi_30(contract().document)


def test_collections_writes_them_beside_the_contract(tmp_path: Path) -> None:
    folder = tmp_path / "qlara"
    code, output = run("collections", str(folder))

    written = {path.relative_to(folder / "clients") for path in (folder / "clients").rglob("*")}
    shipped = {path.relative_to(resources.CLIENTS) for path in resources.CLIENTS.rglob("*")}
    assert (code, written) == (0, shipped)
    assert (folder / "openapi.yaml").read_bytes() == resources.SPEC.read_bytes()
    assert [line.removeprefix(f"{folder}/") for line in output.splitlines()] == [
        "openapi.yaml",
        "clients/arazzo-sandbox.yaml",
        "clients/arazzo.yaml",
        "clients/bruno",
        "clients/files",
        "clients/postman",
    ]


def test_collections_leaves_a_folder_alone_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    assert run("collections", str(tmp_path)) == (2, f"Error: {tmp_path} is not empty.\n")


def test_show_for_fuzzing_needs_the_form_of_an_import(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("info: {title: T, version: '1'}\npaths: {}\n", encoding="utf-8")
    code, output = run("show", "--for-fuzzing", "--spec", str(path))

    assert code == 2
    assert output.startswith("Error: not a contract whose requests can be generated: ")


def test_a_change_that_breaks_no_client_ends_with_0(tmp_path: Path) -> None:
    path = changed(tmp_path, "maxLength: 1000\n", "maxLength: 2000\n")

    assert run("diff", str(resources.SPEC), path) == (
        0,
        "No client breaks:\n"
        "  wider     uploadVCard form.tags maxLength: 1000 → 2000  (assumption: UC-020 names no bound)\n"
        "\n"
        "1 change; none can break a client.\n",
    )


def test_a_change_that_can_break_a_client_ends_with_1(tmp_path: Path) -> None:
    path = changed(tmp_path, "status: {type: string, const: fail,", "status: {type: string,")
    code, output = run("diff", str(resources.SPEC), path)

    assert code == 1
    assert output == (
        "A client can break:\n"
        "  wider     uploadVCard 400 401 403 404 409 413; listContacts 400 401 403 404; "
        "getContactQuota 401 403 status values: fail → none  (UC-020: Common errors)\n"
        "\n"
        "12 changes; 12 of them can break a client.\n"
    )


def test_the_new_contract_is_the_shipped_one_if_it_is_not_given() -> None:
    assert run("diff", str(resources.SPEC)) == (0, "No changes.\n")


def test_changes_can_be_had_as_json(tmp_path: Path) -> None:
    path = changed(tmp_path, "enum: [SKIP, UPDATE, DUPLICATE]", "enum: [SKIP, UPDATE]")
    code, output = run("diff", str(resources.SPEC), path, "--json")

    assert code == 1
    assert json.loads(output) == [
        {
            "kind": "narrower",
            "place": ["uploadVCard", "form", "duplicateStrategy"],
            "aspect": "values",
            "old": ["DUPLICATE", "SKIP", "UPDATE"],
            "new": ["SKIP", "UPDATE"],
            "breaks": True,
            "source": "UC-020: Response — Import completed",
        }
    ]


def test_changes_that_are_accepted_end_with_0_and_others_do_not(tmp_path: Path) -> None:
    path = changed(tmp_path, "enum: [SKIP, UPDATE, DUPLICATE]", "enum: [SKIP, UPDATE]")
    accepted = tmp_path / "accepted.json"
    accepted.write_text(run("diff", str(resources.SPEC), path, "--json")[1], encoding="utf-8")

    assert run("diff", str(resources.SPEC), path, "--accept", str(accepted)) == (
        0,
        "A client can break, which is accepted:\n"
        "  narrower  uploadVCard form.duplicateStrategy values: DUPLICATE, SKIP, UPDATE → SKIP, UPDATE  "
        "(UC-020: Response — Import completed)\n"
        "\n"
        "1 change; 1 of them can break a client, 1 accepted.\n",
    )

    path = changed(tmp_path, "enum: [SKIP, UPDATE, DUPLICATE]", "enum: [SKIP]")
    code, output = run("diff", str(resources.SPEC), path, "--accept", str(accepted))
    assert code == 1
    assert output.startswith("A client can break:\n  narrower  uploadVCard form.duplicateStrategy")


@pytest.mark.parametrize("text", ["", "[", "{}x", "[1]", "7", '[{"kind": "gone"}]', "[" * 9999])
def test_a_file_that_accepts_nothing_usable_ends_with_2(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(text, encoding="utf-8")
    code, output = run("diff", str(resources.SPEC), "--accept", str(path))

    assert code == 2
    assert output.startswith(f"Error: {path}: expected a JSON array of changes")


def test_every_change_since_the_last_release_that_can_break_a_client_is_accepted() -> None:
    releases = resources.SPEC.parent / "docs" / "releases"
    version = max(
        (path.stem.removeprefix("openapi-") for path in releases.glob("openapi-*.yaml")),
        key=lambda text: tuple(map(int, text.split("."))),
    )
    accepted = releases / f"accepted-since-{version}.json"
    old = str(releases / f"openapi-{version}.yaml")
    code, output = run("diff", old, "--accept", str(accepted))

    assert code == 0, output
    # None that is no longer there: it would accept a change that comes later.
    said = json.loads(run("diff", old, "--json")[1])
    assert json.loads(accepted.read_text("utf-8")) == [each for each in said if each["breaks"]]


def test_a_contract_with_the_former_names_of_extensions_can_be_compared(tmp_path: Path) -> None:
    path = changed(tmp_path, "x-qlara-", "x-")

    assert run("diff", path) == (0, "No changes.\n")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("paths: [\n", ":2: did not find"),
        ("paths: []\n", ":1: paths: [] is not of type"),
        ("a: 1\n", ": not an OpenAPI file: lacks openapi or paths"),
        ("swagger: '2.0'\npaths: {}\n", ": Swagger 2.0; expected OpenAPI 3.0 or newer"),
        (
            "openapi: 3.1.0\npaths: {/x: {get: {parameters: [{}]}}}\n",
            ": not a usable OpenAPI file: lacks name\n",
        ),
        (
            "openapi: 3.0.0\npaths: {/x: {get: {responses: {200: {$ref: '#/components/no'}}}}}\n",
            ": not a usable OpenAPI file: the reference '#/components/no' leads nowhere\n",
        ),
    ],
)
def test_a_file_that_is_no_contract_ends_with_2(tmp_path: Path, text: str, mistake: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    code, output = run("diff", str(path))

    assert code == 2
    assert output.startswith(f"Error: {path}{mistake}")
