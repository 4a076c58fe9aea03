"""The promises: read from their data, judged by a story each, and printed as the document says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from qlara_contract.checks import Paging, check
from qlara_contract.conventions import TABLE
from qlara_contract.engine import promises_of_stories, stories
from qlara_contract.promise_ids import PromiseId
from qlara_contract.promises import (
    BY_ID,
    LIST,
    OPERATIONS,
    PROMISES,
    QUOTA,
    UPLOAD,
    InvalidPromises,
    UnknownPromise,
    as_markdown,
    load_promises,
    promise,
)
from qlara_contract.results import Results
from tests.qlara_contract.deployments import answered, page, report
from tests.uc_020 import HEADINGS

_ROOT = Path(__file__).parents[2]


def test_each_promise_is_judged_by_a_story() -> None:
    assert sorted(BY_ID.keys() - promises_of_stories()) == []


def test_ids_are_unique_and_have_two_parts() -> None:
    assert len(BY_ID) == len(PROMISES)
    assert [each for each in BY_ID if not re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", each)] == []


def test_the_type_of_ids_has_every_promise_in_the_order_of_the_data() -> None:
    assert get_args(PromiseId) == tuple(BY_ID)


def _document(**changes: Any) -> dict[str, Any]:
    right = {"id": "tags.none", "severity": "minor", "sentence": "A sentence.", "assumption": "so"}
    return {"needs": {"imports": "a run"}, "promises": {UPLOAD: [right | changes]}}


def test_a_promise_is_read_with_its_source_and_needs() -> None:
    fields = {"heading": "Step 1", "rfc": "RFC 6350 section 3.2", "needs": "imports"}
    [read] = load_promises(_document(**fields, assumption=""))
    assert (read.source, read.exercised_by) == ("UC-020: Step 1 (RFC 6350 section 3.2)", "a run")
    with pytest.raises(InvalidPromises, match="a heading or an assumption"):
        load_promises(_document(heading="Step 1"))
    [read] = load_promises(_document())
    assert read.source == "assumption: so"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"severity": "huge"}, "uploadVCard: tags.none: 'huge' is not a valid Severity"),
        ({"needs": "luck"}, "uploadVCard: tags.none: 'luck'"),
        ({"sentance": "A sentence."}, "uploadVCard: tags.none: .* 'sentance'"),
        ({"assumption": ""}, "uploadVCard: tags.none: needs .* a heading or an assumption"),
    ],
)
def test_a_wrong_field_of_a_promise_is_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidPromises, match=message):
        load_promises(_document(**changes))


def test_a_promise_that_is_listed_twice_is_named() -> None:
    document = _document()
    document["promises"][UPLOAD] *= 2
    with pytest.raises(InvalidPromises, match=r"^tags\.none: listed twice$"):
        load_promises(document)


def test_each_promise_has_an_operation_a_source_and_a_whole_sentence() -> None:
    for each in PROMISES:
        assert each.operation in OPERATIONS
        assert each.source.startswith(("UC-020: ", "assumption: ")), each.id
        assert each.sentence.endswith("."), each.id


def test_each_source_is_a_heading_of_uc_020() -> None:
    sources = {each.source.split(" (")[0] for each in PROMISES}
    cited = {each.removeprefix("UC-020: ") for each in sources if each.startswith("UC-020")}
    assert sorted(cited - HEADINGS) == []


def test_each_literal_in_the_suite_that_looks_like_a_promise_is_one() -> None:
    groups = {each.split(".")[0] for each in BY_ID}
    conventions = {each.name for each in TABLE}
    pattern = re.compile(rf'"((?:{"|".join(groups)})\.[a-z0-9-]+)"')
    for path in (_ROOT / "contract_tests").glob("**/*.py"):
        named = set(pattern.findall(path.read_text(encoding="utf-8")))
        # Conventions have dotted names too, some in the same groups.
        assert sorted(named - BY_ID.keys() - conventions) == [], path.name


def test_checks_of_right_answers_name_known_promises_and_break_none() -> None:
    results = Results()
    for exchange in (
        answered(UPLOAD, report()),
        answered(LIST, page()),
        answered(QUOTA, {"used": 1, "total": 2}),
    ):
        findings = list(check(exchange, Paging()))
        assert [each for each in findings if each.broken] == []
        for each in findings:
            results.record_kept(each.promise)


def test_a_promise_that_is_not_known_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UnknownPromise, match=r"tags\.all-in-order"):
        promise("tags.sorted")


def test_each_story_says_what_it_is_about_in_its_name() -> None:
    names = [each.__name__ for each in stories()]
    assert len(set(names)) == len(names)


def test_the_document_is_up_to_date() -> None:
    assert (_ROOT / "docs/promises.md").read_text(encoding="utf-8") == as_markdown()


def test_the_module_prints_the_document() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qlara_contract.promises"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=_ROOT,
    )
    assert done.stdout == as_markdown()
