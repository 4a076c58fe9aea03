"""The wrong deployments: a catalogue that names what it breaks, and a suite that finds it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from qlara_contract.contract import contract
from qlara_contract.defects import (
    BY_NAME,
    DEFECTS,
    Defect,
    Group,
    UnknownDefect,
    as_markdown,
    chosen,
)
from qlara_contract.defects.defect import on_response
from qlara_contract.defects.proof import bench
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import BY_ID, LIST, QUOTA, UPLOAD
from qlara_contract.strategies import card
from qlara_contract.targets import SANDBOX_KEY
from tests.qlara_contract.test_teeth import BROKEN_BY
from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.defects.proof import DefectBench

_ROOT = Path(__file__).parents[2]

# One of each group, as quick as they are; `make mutants` proves all of them.
_REPRESENTATIVES = {
    Group.RESPONSES: "error-as-on-the-platform-pages",
    Group.DATES_AND_IDS: "contact-ids-count-the-page",
    Group.SUMMARY: "skipped-counts-errors-only",
    Group.ERRORS: "one-bad-card-spoils-the-file",
    Group.STRATEGIES: "update-blanks-absent-fields",
    Group.REPEATS: "repeats-in-a-file-unseen",
    Group.NUMBERS: "only-the-first-number",
    Group.CARDS: "unclosed-card-swallows-the-next",
    Group.NAMES: "joiners-stripped",
    Group.EMAILS: "email-of-the-card-before",
    Group.TAGS: "tags-not-tidied",
    Group.LISTS: "list-name-taken-up-again",
    Group.FORMS: "quoted-boundary-not-read",
    Group.PAGES: "limit-capped-at-100",
    Group.QUOTA: "skipped-duplicates-cost",
    Group.ACCESS: "key-judged-last",
    Group.REFUSALS: "part-imported-before-409",
    Group.RATE: "no-retry-after",
}

# Promises that no defect of the catalogue breaks, and why.
_NOT_BROKEN = {
    "upload.summary-adds-up-otherwise": "where it is not kept, the counts of a strategy are wrong too",
    "cards.version-3": "every story sends 3.0: a deployment without it breaks upload.imports-a-file",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[DefectBench]:
    """Start one sandbox whose defects can be switched."""
    with bench() as running:
        yield running


def test_names_are_unique_and_there_are_more_than_four_hundred() -> None:
    assert len(BY_NAME) == len(DEFECTS)
    assert len(DEFECTS) > 400
    assert [each for each in BY_NAME if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each)] == []


def test_each_defect_is_a_sentence_of_its_own_and_breaks_something() -> None:
    sentences = [each.sentence for each in DEFECTS]
    assert len(set(sentences)) == len(sentences)
    assert [each.name for each in DEFECTS if not each.sentence.endswith(".")] == []
    assert [each.name for each in DEFECTS if not each.breaks] == []


def test_every_group_has_defects_and_one_that_stands_for_it() -> None:
    assert {each.group for each in DEFECTS} == set(Group)
    assert {group: BY_NAME[name].group for group, name in _REPRESENTATIVES.items()} == {
        group: group for group in Group
    }


def test_every_promise_is_broken_by_some_defect_or_known_to_be_by_none() -> None:
    broken = {promise for each in DEFECTS for promise in each.breaks}
    # A promise that a fault of the second deployment breaks may be broken by a defect as well.
    assert BY_ID.keys() - broken - BROKEN_BY.keys() == _NOT_BROKEN.keys()


@pytest.mark.parametrize("name", _REPRESENTATIVES.values())
def test_the_suite_finds_each_promise_that_a_defect_breaks(sandbox: DefectBench, name: str) -> None:
    found = sandbox.find(BY_NAME[name])
    assert (found.missed, found.problem) == ((), "")


def test_the_suite_finds_the_same_with_another_seed(sandbox: DefectBench) -> None:
    found = sandbox.find(BY_NAME["folded-after-decoding"], seed=4711)
    assert found.broken == ("cards.folded-inside-a-character",)


def test_a_run_that_cannot_be_made_finds_nothing(sandbox: DefectBench) -> None:
    gone = Defect(
        "api-gone",
        Group.QUOTA,
        "Every path is a page that says 404.",
        ("quota.shape",),
        on_response(
            "", lambda _, response: response.with_status(404).with_body(b"Not Found", "text/html")
        ),
    )
    found = sandbox.find(gone)
    assert (found.is_found, found.broken) == (False, ())
    assert "is not this API" in found.problem


def test_a_defect_that_breaks_nothing_is_not_found(sandbox: DefectBench) -> None:
    harmless = Defect(
        "harmless",
        Group.TAGS,
        "Nothing is wrong.",
        ("tags.none", "tags.tidied"),
        on_response("", lambda _, response: response),
    )
    found = sandbox.find(harmless)
    assert (found.is_found, found.missed) == (False, ("tags.none", "tags.tidied"))


def test_the_sandbox_behind_the_switch_is_right(sandbox: DefectBench) -> None:
    assert sandbox.false_alarms(seed=1) == []


def test_an_unknown_defect_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UnknownDefect) as error:
        chosen(["limit-ignord"])
    assert str(error.value).startswith("Unknown defect 'limit-ignord'. Did you mean limit-ignored")


def test_defects_are_chosen_each_once_and_in_order() -> None:
    names = ["naive-dates", "limit-ignored", "naive-dates"]
    assert [each.name for each in chosen(names)] == ["naive-dates", "limit-ignored"]


def test_the_page_of_defects_is_the_one_that_is_generated() -> None:
    assert (_ROOT / "docs/defects.md").read_text(encoding="utf-8") == as_markdown()


def test_the_module_prints_the_page() -> None:
    command = [sys.executable, "-m", "qlara_contract.defects"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=True)
    assert done.stdout == as_markdown()


def test_the_proof_prints_what_was_found_by_what() -> None:
    command = [sys.executable, "-m", "qlara_contract.defects", "prove", "--seeds", "0"]
    done = subprocess.run(
        [*command, "has-more-never", "tags-sorted"],
        capture_output=True,
        text=True,
        cwd=_ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[1] == ["has-more-never", "pages", "of", "a", "list", "yes", "list.has-more"]
    assert rows[2] == ["tags-sorted", "tags", "yes", "tags.order"]
    assert "2 of 2 defects found" in done.stdout


def test_a_group_is_proven_alone() -> None:
    command = [sys.executable, "-m", "qlara_contract.defects", "prove", "--seeds", "0"]
    done = subprocess.run(
        [*command, "--jobs", "1", "--group", "rate limit"],
        capture_output=True,
        text=True,
        cwd=_ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    due = sum(each.group is Group.RATE for each in DEFECTS)
    assert f"{due} of {due} defects found" in done.stdout


def _import(url: str, *cards: str, **fields: str) -> httpx2.Response:
    form = ImportForm(FormFile("".join(cards).encode()), tuple(fields.items()))
    return httpx2.post(
        url + contract().path_of(UPLOAD),
        content=form.encode("edge"),
        headers={"X-Api-Key": SANDBOX_KEY, "Content-Type": "multipart/form-data; boundary=edge"},
    )


def test_serve_is_wrong_in_all_the_ways_that_it_is_told_to_be() -> None:
    with serving("--defect", "default-limit-20", "--defect", "page-not-echoed") as running:
        cards = [card("Marco Rossi", f"TEL:+331990000{at:02d}") for at in range(25)]
        list_id = _import(running.url, *cards, listName="Wrong").json()["listId"]
        pages = running.url + contract().path_of(LIST, listId=list_id)
        page = httpx2.get(pages, params={"page": 2}, headers={"X-Api-Key": SANDBOX_KEY}).json()
    assert (len(page["contacts"]), page["page"], page["total"]) == (5, 1, 25)


def test_serve_says_in_what_way_it_is_wrong_and_keeps_its_own_pages_right() -> None:
    with serving("--defect", "json-as-plain-text") as running:
        health = httpx2.get(f"{running.url}/__admin/health")
        quota = httpx2.get(
            running.url + contract().path_of(QUOTA), headers={"X-Api-Key": SANDBOX_KEY}
        )
        running.process.terminate()
        _, said = running.process.communicate(timeout=15)
    assert health.headers["content-type"] == "application/json"
    assert quota.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Defect json-as-plain-text: Responses are JSON, but declared as" in said


def _serve(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qlara_sandbox", "serve", "--port", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_serve_prints_the_catalogue() -> None:
    done = _serve("--defect", "list")
    assert done.returncode == 0
    assert [name for name in BY_NAME if f"  {name} " not in done.stdout] == []


def test_serve_refuses_an_unknown_defect() -> None:
    done = _serve("--defect", "tags-lots")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Unknown defect 'tags-lots'. Did you mean tags-lost")
