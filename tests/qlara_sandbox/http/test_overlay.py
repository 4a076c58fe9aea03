from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.http.overlay import InvalidOverlay, apply, apply_file, read_overlay
from tests.qlara_sandbox.overlays import overlay_file, overlay_of

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "overlay: 1.0.0\ninfo: {title: T, version: '1'}\n"


def applied(document: dict[str, Any], *actions: dict[str, Any]) -> dict[str, Any]:
    return apply(document, overlay_of(*actions))


def test_an_update_is_merged_into_an_object() -> None:
    document = {"a": {"b": 1, "c": {"d": 2}, "e": [1]}}
    update = {"b": 3, "c": {"f": 4}, "e": [2], "g": None}

    changed = applied(document, {"target": "$.a", "update": update})

    assert changed == {"a": {"b": 3, "c": {"d": 2, "f": 4}, "e": [1, 2], "g": None}}
    assert document == {"a": {"b": 1, "c": {"d": 2}, "e": [1]}}


def test_values_of_different_kinds_are_replaced() -> None:
    update = {"text": ["string", "null"], "object": 1, "array": {"a": 1}}
    document: dict[str, Any] = {"text": "string", "object": {"a": 1}, "array": [1]}

    assert applied(document, {"target": "$", "update": update}) == update


def test_an_update_of_an_array_is_appended_as_one_item() -> None:
    action = {"target": "$.tags", "update": {"name": "New"}}

    assert applied({"tags": [{"name": "Old"}]}, action) == {
        "tags": [{"name": "Old"}, {"name": "New"}]
    }


def test_an_action_changes_everything_that_its_target_selects() -> None:
    document = {"list": [{"name": "a", "n": 1}, {"name": "b", "n": 2}, {"name": "a", "n": 3}]}
    action = {"target": "$.list[?@.name == 'a']", "update": {"n": 0}}

    assert applied(document, action) == {
        "list": [{"name": "a", "n": 0}, {"name": "b", "n": 2}, {"name": "a", "n": 0}]
    }


def test_what_an_update_holds_is_not_shared_between_its_targets() -> None:
    actions = (
        {"target": "$.*", "update": {"x": [1]}},
        {"target": "$.a", "update": {"x": [2]}},
    )

    assert applied({"a": {}, "b": {}}, *actions) == {"a": {"x": [1, 2]}, "b": {"x": [1]}}


def test_removal_takes_away_all_that_the_target_selects() -> None:
    document = {"list": [1, 2, 3, 4, 5], "object": {"a": 1, "b": 2, "c": 3}}
    actions = (
        {"target": "$.list[?@ > 2]", "remove": True},
        {"target": "$.object['a', 'c']", "remove": True, "update": {"ignored": 1}},
    )

    assert applied(document, *actions) == {"list": [1, 2], "object": {"b": 2}}


def test_what_stands_within_what_is_removed_may_be_selected_too() -> None:
    document = {"a": {"x": {"x": 1}}, "b": [{"x": [{"x": 2}]}]}

    assert applied(document, {"target": "$..x", "remove": True}) == {"a": {}, "b": [{}]}


def test_actions_follow_each_other() -> None:
    actions = (
        {"target": "$", "update": {"new": {}}},
        {"target": "$.new", "update": {"x": 1}},
        {"target": "$.old", "remove": True},
    )

    assert applied({"old": 1}, *actions) == {"new": {"x": 1}}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"target": "$.nothing", "update": {}}, "action 1 ($.nothing): the target selects nothing"),
        (
            {"target": "$.a", "update": {}},
            "action 1 ($.a): the target is a single value, 1, not an object or array",
        ),
        (
            {"target": "$", "update": [1]},
            "action 1 ($): update: expected a mapping, as the target is an object",
        ),
        (
            {"target": "$", "remove": True},
            "action 1 ($): the whole document cannot be removed",
        ),
        (
            {"target": "a", "update": {}},
            "action 1 (a): target: expected a JSONPath expression such as $.info",
        ),
        ({"target": "$.a"}, "action 1 ($.a): expected update, or remove: true"),
        ({"update": {}}, "action 1: target: expected a JSONPath expression such as $.info"),
        (
            {"target": "$.a", "remove": "yes"},
            "action 1 ($.a): remove: expected true or false; found 'yes'",
        ),
        (
            {"target": "$.a", "updates": {}},
            "action 1 ($.a): unknown field 'updates'; expected one of description, remove, target, "
            "update",
        ),
        (7, "action 1: expected a mapping with target and update or remove"),
    ],
)
def test_an_action_that_cannot_be_applied_is_named_with_its_target(
    action: Any, message: str
) -> None:
    with pytest.raises(InvalidOverlay) as error:
        applied({"a": 1}, action)

    assert str(error.value) == message


@pytest.mark.parametrize("target", ["$.", "$[", "$[?@.x ==]", "$ ", "$.a[?f(@)]"])
def test_a_target_that_is_no_json_path_says_so(target: str) -> None:
    with pytest.raises(InvalidOverlay, match=r"^action 1 \(.*\): no usable JSONPath: "):
        applied({"a": [1]}, {"target": target, "update": {}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", ": expected an overlay: a mapping with overlay, info and actions"),
        ("openapi: 3.1.0", ": overlay: expected version 1.0.0; found None"),
        ("overlay: 1.0", ": overlay: expected version 1.0.0; found 1.0"),
        ("overlay: 2.0.0", ": overlay: expected version 1.0.0; found '2.0.0'"),
        ("overlay: 1.0.0\nactions: []", ": info: expected a mapping with title and version"),
        (f"{HEAD}actions: []", ": actions: expected a list of 1 to 10000 actions"),
        (
            f"{HEAD}extends: 7\nactions: []",
            ": extends: expected the address of a document; it is not",
        ),
        (f"{HEAD}action: []", ": unknown field 'action'; expected one of actions, extends, info"),
        (f"{HEAD}actions:\n- {{}}\n", ":4: action 1: target: expected a JSONPath"),
        (
            f"{HEAD}actions:\n- target: $.nothing\n  update: {{}}",
            ":4: action 1 ($.nothing): the targ",
        ),
        ("a: [", ":2: did not find"),
        ("a: 1\na: 2", ":2: duplicate key 'a'"),
        (f"a: {'[' * 300}{']' * 300}", ": values nested more than 200 deep"),
        (
            "a: {$ref: 'https://example.com/x'}",
            ":1: a.$ref: 'https://example.com/x' is outside this",
        ),
        ("a: .nan", ":1: a: a number that JSON has not"),
        ("a: &x [*x]", ": an alias leads into itself"),
    ],
)
def test_a_file_that_is_no_overlay_is_told_in_a_sentence_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidContract) as error:
        Contract(resources.SPEC, path)

    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"overlay: \xe9")
    for path in (tmp_path, tmp_path / "none", tmp_path / "latin"):
        with pytest.raises(InvalidOverlay, match="cannot be read"):
            read_overlay(path)


def test_extends_is_not_fetched(tmp_path: Path) -> None:
    overlay = {
        **overlay_of({"target": "$", "update": {"a": 1}}),
        "extends": "https://example.invalid/",
    }

    assert apply_file({}, overlay_file(tmp_path, overlay)) == {"a": 1}


def test_yaml_is_read_as_version_1_2(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(
        f"{HEAD}actions:\n- target: $\n  update: {{a: no, 1: 0777}}\n", encoding="utf-8"
    )

    assert apply_file({}, path) == {"a": "no", "1": 777}


def test_a_contract_under_an_overlay_is_shown_as_it_is_then(tmp_path: Path) -> None:
    action = {"target": "$.info", "update": {"title": "Another API"}}
    path = overlay_file(tmp_path, overlay_of(action))
    contract = Contract(resources.SPEC, path)
    again = tmp_path / "again.yaml"
    again.write_text(contract.text, encoding="utf-8")

    assert contract.title == "Another API"
    assert Contract(again).document == contract.document


def test_an_overlay_that_leaves_no_openapi_is_refused_with_both_files(tmp_path: Path) -> None:
    path = overlay_file(tmp_path, overlay_of({"target": "$.paths", "remove": True}))
    with pytest.raises(InvalidContract) as error:
        Contract(resources.SPEC, path)

    assert str(error.value).startswith(f"{resources.SPEC} with {path}: ")
