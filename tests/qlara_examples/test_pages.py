"""Whole pages, run as a reader would: what is right passes, what is wrong is named by line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from qlara_cli.examples import examples
from qlara_contract.targets import SPEC
from tests import junit_schema
from tests.server import serving

if TYPE_CHECKING:
    from click.testing import Result

    from tests.server import Running

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")),
    reason="needs bash, curl and jq",
)

PAGES = Path(__file__).parent / "pages"
MIGRATION = PAGES / "migration.txt"
PROJECT = SPEC.parent

Line = tuple[int, str]


@pytest.fixture
def run(server: Running, tmp_path: Path) -> PageRun:
    return PageRun(server.url, tmp_path)


class PageRun:
    """Carries out pages against the sandbox of all tests."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder

    def __call__(self, *arguments: str | Path) -> Result:
        words = ["--base-url", self.url, "--report", str(self.folder / "report"), "--yes"]
        return CliRunner().invoke(examples, [*words, *map(str, arguments)])

    def text(self, text: str, name: str = "page.txt") -> Result:
        page = self.folder / name
        page.write_text(text, encoding="utf-8")
        return self(page)

    def edited(self, *changes: tuple[str, str], page: Path = MIGRATION) -> Result:
        text = page.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        return self.text(text, f"edited{page.suffix}")

    @property
    def results(self) -> list[dict[str, Any]]:
        report = json.loads((self.folder / "report" / "examples.json").read_text(encoding="utf-8"))
        results: list[dict[str, Any]] = report["results"]
        return results

    @property
    def findings(self) -> list[tuple[int, str, str | None]]:
        return [
            (one["line"], one["text"], one["standsAlone"])
            for each in self.results
            for one in each["findings"]
        ]

    @property
    def states(self) -> list[tuple[Any, Any, Any]]:
        return [(each["firstLine"], each["state"], each["scenario"]) for each in self.results]


def line_of(text: str, page: Path = MIGRATION) -> int:
    """Return the line of a page that holds *text*."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_answer_of_a_plain_page_matches_and_every_command_runs(run: PageRun) -> None:
    result = run(MIGRATION)

    assert result.exit_code == 0, result.output
    assert run.states == [
        (line_of("curl -X POST"), "matches", "crm-migration"),
        (line_of("curl -X GET"), "matches", "crm-migration"),
        (line_of("curl -s -X GET"), "ran", "crm-migration"),
        (line_of("REPORT=$("), "ran", "crm-migration"),
        (line_of("contacts?limit=5"), "ran", "crm-migration"),
        (line_of("contacts-updated.vcf") - 2, "ran", "update-existing"),
        (line_of("400 Bad") + 1, "matches", "bad-header"),
        (line_of("413 Payload") + 1, "matches", "oversized-file"),
        (line_of("409 Conflict") + 1, "matches", "quota-exhausted"),
    ]


def test_a_wrong_figure_a_wrong_key_and_a_broken_command_are_reported_at_exactly_their_lines(
    run: PageRun,
) -> None:
    result = run.edited(
        ('"imported": 230', '"imported": 231'),
        ('"importId"', '"importID"'),
        ("curl -s -X GET", "crul -s -X GET"),
    )

    assert result.exit_code == 1
    assert run.findings == [
        (
            line_of('"importId"'),
            "importID: the response has no such key; it has `importId`; "
            "openapi.yaml has no such key either",
            "the page",
        ),
        (
            line_of('"imported"'),
            "summary.imported: the page says 231, the response 230; "
            "so does the example in openapi.yaml",
            "the page",
        ),
        (line_of("curl -s -X GET"), "bash: crul: command not found", None),
    ]
    for number, *_ in run.findings:
        assert f"edited.txt:{number}  " in result.output


WRONG_FACTS = [  # what the page says, what it is made to say, and the message
    ("imp_v1c2a3r4d5", "imp_0000000000", "importId: the page says"),
    ('"line": 89', '"line": 90', "errors[1].line: the page says 90, the response 89"),
    ("15+02:00", "16+02:00", "completedAt: the page says"),
    ('"name": "Marco Rossi"', '"name": "Mario Rossi"', "contacts[0].name: the page says"),
    ('["crm-import", "q2-2026"]', '["crm-import"]', "contacts[0].tags: the page says"),
    ('"total": 230', '"total": "230"', "total: the page has string"),
    ('"totalPages": 23,', '"totalPages": 23, "pages": 23,', "pages: the response has no such key"),
    ('"hasMore": true', '"hasMore": false', "hasMore: the page says false, the response true"),
    ('header."', "header.", "not JSON: Invalid control character at"),
    ("allowed (10 MB)", "allowed (20 MB)", "data.file: the page says"),
    ("409 Conflict", "404 Not Found", "the page documents 404, the response is 200"),
]


def test_every_wrong_fact_is_reported_at_its_line(run: PageRun) -> None:
    result = run.edited(*((old, new) for old, new, _ in WRONG_FACTS))

    assert result.exit_code == 1
    assert [
        (line, text[: len(says)])
        for (line, text, _), (_, _, says) in zip(run.findings, WRONG_FACTS, strict=True)
    ] == [(line_of(old), says) for old, _, says in WRONG_FACTS]


BROKEN_COMMANDS = [  # what is broken how, the line that is named, and the message
    ("curl -X POST", "curl --frobnicate -X POST", "curl -X POST", "curl: option --frobnicate"),
    ('KEY"\nResponse — Cont', "KEY\nResponse — Cont", "contacts?limit=10", "bash: unexpected EOF"),
    ("| jq '{used", "| jp '{used", "curl -s -X GET", "bash: jp: command not found"),
    ("jq '.summary'", "jq '.summary | ('", "jq '.summary'", "jq: error: syntax error"),
    ("https://lora-api.agiletelecom.com/api/partner-gateway/v1/contacts/list/$", "https://example.com/$",
     "contacts?limit=5", "examples may only reach"),
    ("./contacts-updated.vcf", "./nowhere.vcf", "contacts-updated", "there is no nowhere.vcf in"),
]  # fmt: skip


def test_every_broken_command_is_one_that_could_not_run(run: PageRun) -> None:
    result = run.edited(*((old, new) for old, new, *_ in BROKEN_COMMANDS))
    broken = [each for each in run.results if each["state"] == "could not run"]

    assert result.exit_code == 1
    assert len(broken) == len(BROKEN_COMMANDS)
    for each, (_, _, line, says) in zip(broken, BROKEN_COMMANDS, strict=True):
        [finding] = each["findings"]
        assert finding["text"].startswith(says)
        assert each["firstLine"] <= line_of(line) <= each["lastLine"]
        assert each["firstLine"] <= finding["line"] <= each["lastLine"]


def test_a_wrong_path_is_the_pages_mistake(run: PageRun) -> None:
    run.edited(("/contacts/upload/vcard", "/contacts/uplod/vcard"))

    assert (
        line_of("curl -X POST"),
        "openapi.yaml has no operation POST /api/partner-gateway/v1/contacts/uplod/vcard",
        "the page",
    ) in run.findings


def test_a_parameter_that_the_contract_does_not_know_is_the_pages_mistake(run: PageRun) -> None:
    run.edited(("contacts?limit=10", "contacts?size=10"))

    assert run.findings == [
        (
            line_of("curl -X GET"),
            "openapi.yaml has no parameter `size` for listContacts",
            "the page",
        )
    ]


def test_a_saved_web_page_is_read_through_its_highlighting(run: PageRun) -> None:
    result = run(PAGES / "saved.html")

    assert result.exit_code == 0, result.output
    assert [(each[1], each[2]) for each in run.states] == [
        ("matches", "crm-migration"),
        ("matches", "quota-exhausted"),
    ]


def test_a_wrong_figure_in_a_saved_web_page_is_reported_at_its_line(run: PageRun) -> None:
    page = PAGES / "saved.html"
    run.edited(("50000/50000", "50000/60000"), page=page)

    assert [(each[0], each[2]) for each in run.findings] == [
        (line_of("50000/50000", page), "the page")
    ]


def test_a_script_runs_as_one_and_its_comments_hold_the_answers(run: PageRun) -> None:
    result = run(PAGES / "script.sh")

    assert result.exit_code == 0, result.output
    assert [each["what"] for each in run.results] == ["getContactQuota", "uploadVCard"]
    assert [each["state"] for each in run.results] == ["matches", "matches"]


def test_a_wrong_figure_in_a_comment_of_a_script_is_reported_at_its_line(run: PageRun) -> None:
    page = PAGES / "script.sh"
    run.edited(('"total": 12, "imported": 10', '"total": 12, "imported": 11'), page=page)

    assert [each[0] for each in run.findings] == [line_of('"total": 12', page)]


def test_our_own_documentation_is_right(run: PageRun) -> None:
    result = run(PROJECT / "docs" / "walkthrough.md")

    assert result.exit_code == 0, result.output
    assert not run.findings
    assert sum(each["state"] == "matches" for each in run.results) == 16


QUOTA = 'curl -s https://lora-api.agiletelecom.com/api/v1/partner-gateway/subscription/contacts -H "X-Api-Key: '


@pytest.mark.parametrize(
    ("language", "command", "printed", "differs"),
    [
        ("json", "jq .total", "50000", False),
        ("json", "jq .total", "999", True),
        ("", "jq .total", "999", True),
        ("text", """jq -r '"total: \\(.total)"'""", "total: 50000", False),
        ("text", """jq -r '"total: \\(.total)"'""", "total: 999", True),
        ("output", "grep -c total", "1", False),
        ("output", "grep -c total", "2", True),
        ("text", "jq -r 'keys[]'", "total\n…", False),
        ("text", "jq -r 'keys[]'", "total", True),
        ("text", "jq -r 'keys[]'", "total\nused\nmore", True),
    ],
)
def test_whatever_a_block_prints_is_compared(
    run: PageRun, language: str, command: str, printed: str, differs: bool
) -> None:
    block = f'```bash\n{QUOTA}YOUR_API_KEY" | {command}\n```'
    run.text(f"{block}\n\n```{language}\n{printed}\n```\n", "page.md")
    assert [each["state"] for each in run.results] == ["differs" if differs else "matches"]


def test_the_output_in_a_console_session_is_compared(run: PageRun) -> None:
    session = (
        f'$ {QUOTA}YOUR_API_KEY" | jq .total\n999\n$ {QUOTA}YOUR_API_KEY" | jq -r keys[0]\ntotal\n'
    )
    run.text(f"```console\n{session}```\n", "page.md")
    assert [each["state"] for each in run.results] == ["differs", "matches"]


def test_text_that_is_no_output_is_not_compared(run: PageRun) -> None:
    page = f"""```text
a tree
```

```bash
make serve
```

```text
Serving
```

```bash
{QUOTA}YOUR_API_KEY"
```

## Another heading

```text
a note
```
"""
    run.text(page, "page.md")
    assert [each["state"] for each in run.results] == ["ran"]


def test_an_unexpected_refusal_is_shown_whole(run: PageRun) -> None:
    page = f'```bash\n{QUOTA}nobody"\n```\n\n```json\n{{"used": 0, "total": 50000}}\n```\n'
    result = run.text(page, "page.md")
    shown = """\
        401 Unauthorized
        {
          "status": "fail",
          "data": {
            "apiKey": "Unknown or inactive API key. Accepted: YOUR_API_KEY, and any key that begins with sandbox_."
          }
        }
"""
    assert shown in result.output
    assert [each["refusal"] for each in run.results] == [
        "\n".join(line.removeprefix(" " * 8) for line in shown.splitlines())
    ]


def test_the_first_example_of_its_help_works() -> None:
    help_ = CliRunner().invoke(examples, ["--help"]).output
    first = re.search(r"Examples:\n +qlara-sandbox examples (.*)", help_)
    assert first is not None
    done = subprocess.run(
        [sys.executable, "-m", "qlara_sandbox", "examples", *first[1].split()],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_comment_overrides_the_scenario_of_a_heading(run: PageRun) -> None:
    page = """\
# A page

## 409 Conflict

<!-- sandbox: scenario=quota-nearly-exhausted -->
```bash
curl -s https://lora-api.agiletelecom.com/api/v1/partner-gateway/subscription/contacts -H "X-Api-Key: YOUR_API_KEY"
```

```http
HTTP/1.1 200 OK

{"used": 49900, "total": 50000}
```
"""
    result = run.text(page, "page.md")

    assert result.exit_code == 0, result.output
    assert run.states == [(7, "matches", "quota-nearly-exhausted")]


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("senario=default", "line 3: 'senario' in a sandbox comment; expected scenario, fresh"),
        ("status=teapot", "line 3: status=teapot is not an HTTP status"),
    ],
)
def test_a_comment_that_means_nothing_is_refused_with_its_line(
    run: PageRun, comment: str, says: str
) -> None:
    result = run.text(f"# A page\n\n<!-- sandbox: {comment} -->\n", "page.md")

    assert result.exit_code == 2
    assert says in result.output


def test_a_file_that_a_comment_names_and_that_is_nowhere_is_said_so(run: PageRun) -> None:
    page = '## 400\n<!-- sandbox: file=nowhere.vcf -->\n```json\n{"status": "fail"}\n```\n'
    run.text(page, "page.md")

    assert run.findings == [(4, "there is no file nowhere.vcf", None)]


def test_steps_below_one_heading_share_a_world_and_other_headings_have_their_own(
    run: PageRun,
) -> None:
    upload = (
        "curl -s https://lora-api.agiletelecom.com/api/partner-gateway/v1/contacts/upload/vcard "
        '-H "X-Api-Key: YOUR_API_KEY" -F "file=@outlook-contacts.vcf" '
        '-F "listId=list_crm_migration" | jq .summary.imported'
    )
    first, again = (
        f"```sh\n{upload}\n```\n```json\n10\n```\n",
        f"```sh\n{upload}\n```\n```json\n0\n```\n",
    )
    result = run.text(f"# Page\n{first}{again}\n## End-to-end\n{first}{again}", "page.md")

    assert result.exit_code == 0, result.output


def test_a_command_that_takes_too_long_is_stopped_and_the_next_one_runs(run: PageRun) -> None:
    page = run.folder / "page.md"
    quota = "https://lora-api.agiletelecom.com/api/v1/partner-gateway/subscription/contacts"
    page.write_text(
        f'```bash\nsleep 60\n```\n```bash\ncurl -s {quota} -H "X-Api-Key: YOUR_API_KEY"\n```\n',
        encoding="utf-8",
    )
    result = run(page, "--limit", "3")  # enough for what ends

    assert result.exit_code == 1
    assert [(each["firstLine"], each["state"]) for each in run.results] == [
        (2, "could not run"),
        (5, "ran"),
    ]


def test_the_junit_report_names_file_and_line(run: PageRun) -> None:
    run.edited(('"imported": 230', '"imported": 231'))
    root = ET.parse(run.folder / "report" / "examples.xml").getroot()  # noqa: S314 - we wrote it
    assert list(junit_schema.mistakes(root)) == []

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("9", "1", "0")
    [failure] = root.iter("failure")
    number = line_of('"imported"')
    assert f"edited.txt:{number}: summary.imported" in failure.get("message", "")


def test_the_html_report_shows_what_is_wrong_and_loads_nothing(run: PageRun) -> None:
    run.edited(('"imported": 230', '"imported": 231'))
    text = (run.folder / "report" / "examples.html").read_text(encoding="utf-8")

    assert "summary.imported: the page says 231, the response 230" in text
    assert [each for each in ("<script", "src=", "<link", "@import") if each in text] == []


def test_a_key_is_sent_in_the_place_of_the_placeholder_and_shown_nowhere(run: PageRun) -> None:
    result = run(MIGRATION, "--api-key", "sandbox_very-secret-key")
    written = [path.read_text(encoding="utf-8") for path in (run.folder / "report").iterdir()]

    assert result.exit_code == 0, result.output
    assert not any("very-secret-key" in text for text in [result.output, *written])


def test_pages_from_elsewhere_are_shown_and_not_run_unasked(
    server: Running, tmp_path: Path
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(MIGRATION.read_text(encoding="utf-8"), encoding="utf-8")
    result = CliRunner().invoke(examples, ["--base-url", server.url, str(page)])

    assert result.exit_code == 2
    assert "7  curl -X POST https://lora-api" in result.output
    assert "Look at them, then run them with --yes." in result.output


def test_what_would_run_can_be_looked_at_first() -> None:
    result = CliRunner().invoke(examples, ["--show", str(MIGRATION)])

    assert result.exit_code == 0
    assert "scenario quota-exhausted, below '409 Conflict — The plan is full'" in result.output


def test_a_deployment_that_does_not_answer_is_no_verdict() -> None:
    result = CliRunner().invoke(examples, ["--base-url", "http://127.0.0.1:9", str(MIGRATION)])

    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "http://127.0.0.1:9 does not respond" in result.output


def test_against_a_deployment_that_knows_no_scenarios_the_form_counts(tmp_path: Path) -> None:
    with serving("--no-sandbox-headers", "--scenario", "quota-nearly-exhausted") as other:
        run = PageRun(other.url, tmp_path)
        run.edited(('"imported": 230', '"imported": 7'), ("contacts-export", "outlook-contacts"))
        wrong = {str(each["what"]): each for each in run.results if each["findings"]}

    assert "409 Conflict — The plan is full" in wrong
    [finding] = wrong["409 Conflict — The plan is full"]["findings"]
    assert finding["text"] == "only a sandbox has the scenario quota-exhausted"
    assert run.states[0] == (line_of("curl -X POST"), "matches", None)
