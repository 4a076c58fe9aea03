"""The judge: finds every wrong importer, in a small budget, and accuses no right one."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.promises import promise
from qlara_contract.torture import TortureBudget, assemble
from qlara_contract.torture.catalogue import BY_ID, FEATURES, PLAIN
from qlara_contract.torture.judge import EXACT_LINE, FeatureFinding, judge
from tests.qlara_contract.torture.importers import (
    FREE,
    WRONG,
    Changed,
    Importer,
    Report,
    decoding_first,
    imported,
    writer,
)

if TYPE_CHECKING:
    from qlara_contract.torture.feature import Feature

QUICK = TortureBudget(cards=350, files=7)
EVERYTHING = TortureBudget(cards=10_000, files=100)
ASSUMED = [each for each in FEATURES if not each.is_documented]


def _findings(importer: Importer, budget: TortureBudget, seed: int = 1) -> list[FeatureFinding]:
    found = []
    for file in assemble(writer(seed), budget):
        done = importer(file.content)
        assert done is not None
        found += judge(file, *done)
    return found


def _accused(findings: list[FeatureFinding]) -> list[FeatureFinding]:
    """Return the findings that break a documented promise; the exact line of an error is none."""
    return [
        each for each in findings if promise(each.promise).heading and each.promise != EXACT_LINE
    ]


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_importer_is_found_with_every_seed(name: str) -> None:
    for seed in range(3):
        accused = _accused(_findings(WRONG[name], QUICK, seed))
        assert accused
        assert len(accused) < 45


def test_an_importer_that_decodes_before_it_unfolds_differs_where_folds_cut_characters() -> None:
    found = {each.promise for each in _findings(decoding_first, QUICK)}
    assert found == {"cards.folded-inside-a-character"}


@pytest.mark.parametrize("name", FREE)
def test_a_right_importer_is_not_accused(name: str) -> None:
    assert _accused(_findings(FREE[name], EVERYTHING)) == []


def _of(feature: str, changed: Changed) -> list[tuple[str, str]]:
    """Return what is found, and of which kind, of a file of one feature that is imported so."""
    file = writer().alone(BY_ID[feature])
    report, contacts = changed(file.content) or ({}, [])
    return [(each.promise, each.kind) for each in judge(file, report, contacts)]


def test_an_extension_in_a_number_is_wrong_however_extensions_are_read() -> None:
    appended = Changed(contact=lambda one: one | {"phoneNumber": f"{one['phoneNumber']}12"})
    assert ("numbers.e164", "digits") in _of("extension.ext", appended)


def test_the_name_of_another_card_is_wrong_even_for_a_card_without_one() -> None:
    def renamed(contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each | {"name": contacts[0]["name"]} for each in contacts]

    assert ("cards.name", "of another card") in _of("nameless.nothing", Changed(contacts=renamed))


def test_a_card_behind_an_empty_line_is_not_to_be_lost_without_a_word() -> None:
    def shorter(report: dict[str, Any]) -> dict[str, Any]:
        return report | {"summary": report["summary"] | {"total": 1}}

    first = Changed(contacts=lambda contacts: contacts[:1], report=shorter)
    assert ("upload.summary-total", "not counted") in _of("stray.blank-line-behind", first)


def test_a_card_whose_first_line_is_not_exact_may_be_no_card() -> None:
    def shorter(report: dict[str, Any]) -> dict[str, Any]:
        return report | {"summary": report["summary"] | {"total": report["summary"]["total"] - 1}}

    file = writer().alone(BY_ID["stray.mark-between"])
    unframed = {each.card.numbers[0] for each in file.entries if not each.card.has_frame}
    report, contacts = imported(file.content) or ({}, [])
    left = [each for each in contacts if each["phoneNumber"] not in unframed]
    found = judge(file, shorter(report), left)
    assert len(left) == len(contacts) - 1
    assert [each.kind for each in found if promise(each.promise).heading] == []


@pytest.mark.unmeasured
@pytest.mark.parametrize("feature", ASSUMED, ids=lambda each: each.id)
def test_an_assumed_feature_that_is_decided_otherwise_breaks_nothing(feature: Feature) -> None:
    file = writer().alone(feature)
    done = imported(file.content)
    assert done is not None
    for other in (
        Changed(contact=lambda contact: contact | {"name": "Somebody Else"}),
        Changed(contact=lambda contact: contact | {"phoneNumber": "+39347000000"}),
        Changed(contacts=lambda contacts: contacts[:1]),
        Changed(error=lambda error: error | {"reason": "Invalid card"}),
        Changed(error=lambda _: None),
    ):
        accused = _accused(judge(file, *(other(file.content) or ({}, []))))
        of_feature = [
            each for each in accused if each.feature not in PLAIN
        ]  # and not of a neighbour
        assert [each for each in of_feature if each.kind != "count"] == []


def test_a_finding_names_the_feature_and_both_values() -> None:
    file = writer().file("two", [BY_ID["escape.comma"], BY_ID["plain.contact"]])
    done = WRONG["ends a name at a comma"](file.content)
    assert done is not None
    [finding] = judge(file, *done)
    feature = BY_ID["escape.comma"]
    name = next(each.card.outcome.name for each in file.entries if each.feature is feature)
    assert finding == FeatureFinding(
        "cards.escapes",
        feature.what,
        {"name": name},
        {"name": "Rossi"},
        (feature,),
        "name",
    )


def test_a_plain_card_that_is_lost_is_attributed_to_its_neighbour() -> None:
    file = writer().alone(BY_ID["fold.end-in-a-note"])
    report, contacts = deepcopy(imported(file.content) or ({}, []))
    assert [each.feature.id for each in file.entries][1] == "fold.end-in-a-note"
    [finding] = judge(file, report, contacts[:2])
    assert (finding.feature, finding.promise) == (
        BY_ID["fold.end-in-a-note"],
        "cards.other-properties",
    )


def test_a_difference_in_a_large_part_of_a_file_is_one_finding() -> None:
    [file] = assemble(writer(), TortureBudget(320, 1))
    for name in (
        "drops all addresses",
        "drops the plus",
        "gives no tags",
        "counts cards, not lines",
    ):
        done = WRONG[name](file.content)
        assert done is not None
        documented = _accused(judge(file, *done))
        assert len(documented) == 1, name
        assert len(documented[0].features) > 8


def test_only_the_report_is_judged_where_the_list_is_not_known() -> None:
    file = writer().counted(40)
    report, _ = imported(file.content) or ({}, [])
    assert judge(file, report, None) == []
    summary = report["summary"] | {"errors": len(report["errors"]) - 1}
    shorter = {"summary": summary, "errors": report["errors"][1:]}
    assert [each.kind for each in judge(file, shorter, None)] == ["error"]


def test_what_is_no_report_is_judged_and_does_no_harm() -> None:
    file = writer().counted(10)
    _, contacts = imported(file.content) or ({}, [])
    reports: list[Report] = [{}, {"summary": None, "errors": "none"}, {"errors": [None, 1, {}]}]
    for report in reports:
        # Without a summary the import goes on, and its report is not there yet.
        kinds = {"error"} if "summary" in report else set()
        assert {each.kind for each in judge(file, report, contacts)} == kinds


def test_each_count_is_judged_by_its_promise() -> None:
    file = writer().counted(10)
    report, contacts = imported(file.content) or ({}, [])
    wrong = report | {"summary": {"total": 9, "imported": True, "errors": 3}}
    assert [(each.promise, each.expected, each.got) for each in judge(file, wrong, contacts)] == [
        ("upload.summary-total", 10, 9),
        ("upload.summary-imported", 7, True),
        ("upload.summary-duplicates", 0, None),
        ("upload.summary-skipped", 3, None),
    ]


def test_contacts_are_found_by_number_first() -> None:
    file = writer().counted(4)
    report, contacts = imported(file.content) or ({}, [])
    first, second = contacts[:2]
    swapped = [
        first | {"name": second["name"]},
        second | {"name": first["name"]},
        *contacts[2:],
    ]
    findings = judge(file, report, swapped)
    assert [(each.promise, each.kind) for each in findings] == [("cards.name", "name")]
