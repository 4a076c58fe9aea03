from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.conventions import TABLE, USUAL, InvalidConvention
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.http.conventions import conventions_of, overlay_for
from qlara_sandbox.http.overlay import apply
from qlara_sandbox.http.yaml_document import read_document, require_shape
from tests.qlara_sandbox.overlays import overlay_file

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = read_document(resources.SPEC.read_text(encoding="utf-8"))
VALUES = [(one.name, value) for one in TABLE for value in one.kind.samples()]


def differing(index: int) -> dict[str, Any]:
    """Return a value for every convention that is not the usual one, the *index*-th that it has."""
    values = {}
    for one in TABLE:
        others = [value for value in one.kind.samples() if value != one.default]
        values[one.name] = others[min(index, len(others) - 1)]
    return values


def test_the_shipped_contract_has_the_usual_conventions() -> None:
    assert conventions_of(DOCUMENT) == USUAL


def test_a_document_that_says_nothing_has_the_usual_conventions() -> None:
    assert conventions_of({}) == USUAL
    assert conventions_of({"paths": {"/x": {"get": {"operationId": "listContacts"}}}}) == USUAL


def test_the_shipped_contract_says_every_convention_with_its_source() -> None:
    said = DOCUMENT["x-qlara-conventions"]
    sources = said["x-qlara-source"]

    assert [name for name in said if name != "x-qlara-source"] == list(sources)
    beside = {one.name for one in TABLE if one.place == "x-qlara-conventions"}
    assert set(sources) == beside


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_an_overlay_for_a_convention_gives_a_contract_with_it(
    name: str, value: Any, tmp_path: Path
) -> None:
    overlay = overlay_for({name: value})
    contract = Contract(resources.SPEC, overlay_file(tmp_path, overlay))
    known = next(one for one in TABLE if one.name == name)

    assert contract.conventions.values()[name] == known.read(value)
    assert conventions_of(apply(DOCUMENT, overlay)) == contract.conventions
    allowed = {name, "limit.default"} if name == "limit.maximum" else {name}
    assert set(contract.conventions.differences()) <= allowed


@pytest.mark.parametrize("index", range(3))
def test_all_conventions_together_come_back_as_they_were(index: int, tmp_path: Path) -> None:
    values = differing(index)
    contract = Contract(resources.SPEC, overlay_file(tmp_path, overlay_for(values)))

    assert contract.conventions.differences() == values
    again = apply(DOCUMENT, overlay_for(contract.conventions.values()))
    require_shape(again)
    assert conventions_of(again) == contract.conventions


def test_an_overlay_for_nothing_changes_nothing() -> None:
    assert apply(DOCUMENT, overlay_for({})) == DOCUMENT
    assert apply(DOCUMENT, overlay_for(USUAL.values())) == DOCUMENT


def test_what_an_overlay_chooses_has_the_overlay_as_its_source() -> None:
    document = apply(DOCUMENT, overlay_for({"order": "name", "times": "offset", "page.first": 0}))
    before, after = (
        DOCUMENT["x-qlara-conventions"]["x-qlara-source"],
        document["x-qlara-conventions"]["x-qlara-source"],
    )

    assert after == {**before, "order": "assumption: chosen by the overlay"}


def test_a_default_follows_a_maximum_below_it() -> None:
    assert conventions_of(apply(DOCUMENT, overlay_for({"limit.maximum": 5}))).limit_default == 5


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], "x-qlara-conventions: expected a mapping from names to values; found []"),
        ({"orders": "name"}, "did you mean order?"),
        ({"order": "size"}, "order: expected import, newest, name, id or number; found 'size'"),
        (
            {"limit.default": 5},
            "limit.default: expected to stand in the schema of the query parameter limit: default, "
            "not in x-qlara-conventions; found 5",
        ),
    ],
)
def test_what_no_convention_says_is_a_mistake_of_the_document(said: Any, message: str) -> None:
    with pytest.raises(InvalidConvention) as error:
        conventions_of({**DOCUMENT, "x-qlara-conventions": said})

    assert message in str(error.value)


@pytest.mark.parametrize("name", ["conventions", "differs"])
def test_a_former_name_is_told_the_one_of_today(name: str) -> None:
    with pytest.raises(InvalidConvention) as error:
        conventions_of({**DOCUMENT, f"x-{name}": {}})

    assert str(error.value).startswith(f"x-{name}: expected its name, x-qlara-{name}; found ")


def test_a_wrong_value_in_an_overlay_names_both_files(tmp_path: Path) -> None:
    overlay = overlay_for({"order": "name"})
    overlay["actions"][0]["update"]["x-qlara-conventions"]["order"] = "size"
    path = overlay_file(tmp_path, overlay)
    with pytest.raises(InvalidContract) as error:
        Contract(resources.SPEC, path)

    expected = "order: expected import, newest, name, id or number; found 'size'"
    assert str(error.value) == f"{resources.SPEC} with {path}: {expected}"


def test_a_region_without_telephone_numbers_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InvalidContract, match="region: expected a country with telephone numbers"):
        Contract(resources.SPEC, overlay_file(tmp_path, overlay_for({"region": "QQ"})))


def test_overlay_for_refuses_what_conventions_cannot_be() -> None:
    for values in ({"order": "size"}, {"nothing": 1}):
        with pytest.raises(InvalidConvention):
            overlay_for(values)


def test_the_shipped_overlays_can_be_applied() -> None:
    found = {path.stem: Contract(resources.SPEC, path) for path in resources.OVERLAYS.glob("*")}

    assert {name: one.conventions.differences() for name, one in found.items()} == {
        "api-reference": {
            "page.first": 0,
            "order": "name",
            "quota.fields": "limits",
            "duplicates.strategy": "update",
            "error-body": "message",
            "file-name": "required",
        }
    }
    for contract in found.values():
        assert contract.by_id.keys() == Contract(resources.SPEC).by_id.keys()


def test_every_sentence_and_place_is_a_sentence() -> None:
    assert not [one.name for one in TABLE if not one.sentence.endswith((".", ")."))]
    assert all(chain.from_iterable((one.sentence, one.place) for one in TABLE))
