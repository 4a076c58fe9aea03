from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli import main
from qlara_sandbox import resources

if TYPE_CHECKING:
    from pathlib import Path

EXPORT = str(resources.SCENARIOS / "files" / "contacts-export.vcf")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["vcard", "inspect", *arguments])
    return result.exit_code, result.output


def test_every_card_is_shown_with_what_becomes_of_it() -> None:
    code, output = run(EXPORT)
    lines = output.splitlines()

    assert code == 0
    assert lines[1].split() == ["1", "Marco", "Rossi", "+393471234567"]
    assert any(line.split()[:4] == ["45", "Luca", "Verdi", "error"] for line in lines)
    assert lines[-1].endswith("total 250, imported 230, duplicates 15, errors 5, skipped 20")


def test_json_gives_summary_and_cards() -> None:
    code, output = run(EXPORT, "--json")
    document = json.loads(output)

    assert code == 0
    assert document["summary"] == {
        "total": 250,
        "imported": 230,
        "duplicates": 15,
        "errors": 5,
        "skipped": 20,
    }
    assert document["cards"][0] == {
        "line": 1,
        "name": "Marco Rossi",
        "outcome": "imported",
        "detail": "+393471234567",
    }


def test_the_region_decides_what_a_number_without_prefix_is(tmp_path: Path) -> None:
    path = tmp_path / "gb.vcf"
    path.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:A\nTEL:07911 123456\nEND:VCARD\n")

    assert "+447911123456" in run(str(path), "--region", "gb")[1]


def test_a_region_that_does_not_exist_is_refused_by_name() -> None:
    code, output = run(EXPORT, "--region", "XX")

    assert code == 2
    assert "XX" in output


def test_a_file_that_would_be_refused_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_text("name;number\n")
    code, output = run(str(path))

    assert code == 1
    assert output == (
        f"{path}: would be refused with 400: Invalid VCard format. Expected BEGIN:VCARD header.\n"
    )


def test_a_file_over_the_limit_would_be_refused_however_good_its_cards(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_bytes(b"BEGIN:VCARD\n" + b"x" * 10_485_760)
    code, output = run(str(path))

    assert code == 1
    assert output == (
        f"{path}: would be refused with 413: File size exceeds maximum allowed (10 MB)\n"
    )


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:A\x1b[31m\nTEL:347 123 4567\nEND:VCARD\n")

    assert "\x1b" not in run(str(path))[1]


def test_cards_that_no_import_reads_are_counted_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    card = "BEGIN:VCARD\n{}FN:A\nTEL:347 123 456{}\nEND:VCARD\n"
    cards = [
        card.format(f"VERSION:{version}\n", n) for n, version in enumerate(("2.1", "3.0", "2.1"))
    ]
    group = "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Friends\nEND:VCARD\n"
    path.write_text("".join([*cards, card.format("", 9), group]))
    advice = (
        "Export the contacts as vCard 3.0, or convert the file: "
        f"qlara-sandbox vcard convert {path} -o NEW.vcf"
    )

    code, output = run(str(path))
    document = json.loads(run(str(path), "--json")[1])

    assert code == 0
    assert output.splitlines()[-4:] == [
        "versions: 2.1 2, 3.0 1, 4.0 1, none 1",
        "groups: 1",
        advice,
        f"{path}: total 5, imported 1, duplicates 0, errors 4, skipped 4",
    ]
    assert document["versions"] == {"2.1": 2, "3.0": 1, "4.0": 1, "none": 1}
    assert (document["groups"], document["hint"]) == (1, advice)


def test_a_file_without_such_cards_needs_no_advice() -> None:
    document = json.loads(run(EXPORT, "--json")[1])

    assert sum(document["versions"].values()) == 250
    assert (document["groups"], document["hint"]) == (0, "")


def test_problems_alone_are_shown_where_they_are_asked_for() -> None:
    code, output = run(EXPORT, "--problems-only")
    rows = output.splitlines()[1:-3]

    assert code == 0
    assert len(rows) == 20
    assert all(" duplicate " in row or " error " in row for row in rows)
    assert output.endswith("total 250, imported 230, duplicates 15, errors 5, skipped 20\n")
    document = json.loads(run(EXPORT, "--problems-only", "--json")[1])
    assert (len(document["cards"]), document["summary"]["total"]) == (20, 250)


def test_a_file_comes_through_a_pipe_too() -> None:
    card = b"BEGIN:VCARD\nVERSION:2.1\nFN:Anna\nTEL:347 123 4567\nEND:VCARD\n"
    result = CliRunner().invoke(main, ["vcard", "inspect", "-"], input=card)

    assert result.exit_code == 0
    assert "convert FILE -o NEW.vcf" in result.output
    assert result.output.splitlines()[-1].startswith("standard input: total 1, imported 0")


def test_what_a_pipe_holds_may_be_refused() -> None:
    result = CliRunner().invoke(main, ["vcard", "inspect", "-"], input=b"not a card")

    assert result.exit_code == 1
    assert result.output.startswith("standard input: would be refused with 400: ")


@pytest.mark.skipif(shutil.which("script") is None, reason="script is not installed")
def test_no_line_is_wider_than_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "faulty.vcf"
    path.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Anna Rossi Bianchi\nTEL:12\nEND:VCARD\n" * 2)
    command = f"unset COLUMNS; stty cols 60; {sys.executable} -m qlara_sandbox vcard inspect {path} --problems-only"
    shown = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    cards = [line for line in shown.splitlines() if str(path) not in line]
    assert "Anna Rossi Bianchi" in shown
    assert [line for line in cards if len(line) > 60] == []
